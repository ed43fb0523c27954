// Adapters of PEFT whose files have another form than those of tests/golden/lm/adapters, but mean
// the same; and files that contradict themselves.
#include <gmock/gmock.h>

#include <optional>

#include "core/base/json_field.h"
#include "core/lm/adapter.h"
#include "core/lm/layout.h"
#include "core/lm/tensor_file.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

const std::string kOwn = "base_model.model.", kHead = kOwn + "lm_head.",
                  kEmbedding = kOwn + "model.embed_tokens.";

class AdapterFiles : public ScratchTest {
 protected:
  // Begins with the files of a golden adapter.
  void use(const std::string& name) {
    golden_ = LEA_SOURCE_DIR "/tests/golden/lm/adapters/" + name;
    config_ = *read_json(golden_ + "/adapter_config.json");
    tensors_ = load_tensors(golden_ + "/adapter_model.safetensors");
    decoder_.emplace(
        tiny_model(read_json(golden_ + "/golden.json")->at("base").get<std::string>()));
  }

  std::string changed() const {
    write("adapter_config.json", config_.dump());
    save_tensors(path("adapter_model.safetensors"), tensors_);
    return folder_;
  }

  at::Tensor logits(const std::string& folder) {
    const at::NoGradGuard no_grad;
    Adapter::load(folder, *decoder_).attach(*decoder_);
    const at::Tensor ids = at::tensor({1, 2, 3, 4, 5}, at::kLong);
    return decoder_->logits(
        decoder_->forward(decoder_->embed(ids), layout_of_continuation(0, 5, at::kCPU)));
  }

  void expect_the_same() { EXPECT_TRUE(at::equal(logits(changed()), logits(golden_))); }

  std::string refusal() {
    return message_of([&] { Adapter::load(changed(), *decoder_); });
  }

  std::string golden_;
  nlohmann::json config_;
  std::map<std::string, at::Tensor> tensors_;
  std::optional<Decoder> decoder_;
};

TEST_F(AdapterFiles, NameEveryLinearModuleButTheHeadByOneWord) {
  use("every_linear");
  const auto names =
      ElementsAre("down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj");
  for (const char* word : {"all-linear", "All-Linear"}) {
    config_["target_modules"] = word;
    expect_the_same();
    const Adapter adapter = Adapter::load(folder_, *decoder_);
    EXPECT_THAT(adapter.config().targets, names);
    EXPECT_EQ(adapter.config().target_expression, "");
  }
  const Adapter made = Adapter::make({.target_expression = "all-linear"}, *decoder_);
  EXPECT_THAT(made.config().targets, names);
  EXPECT_FALSE(made.config().targets_module("lm_head"));
}

TEST_F(AdapterFiles, WithoutTargetsHaveThoseThatPeftChooses) {
  use("list");
  config_["target_modules"] = nullptr;
  EXPECT_THAT(refusal(), EndsWith("k_proj.lora_A.weight: is not named by target_modules of "
                                  "adapter_config.json"));
  std::erase_if(tensors_, [](const auto& tensor) {
    return tensor.first.find("k_proj") != std::string::npos;
  });
  EXPECT_EQ(refusal(), "");
  EXPECT_THAT(Adapter::load(folder_, *decoder_).config().targets, ElementsAre("q_proj", "v_proj"));
}

TEST_F(AdapterFiles, MayHaveSavedModulesTwiceAndAsTheyWereBefore) {
  use("saved_head");
  const at::Tensor head = tensors_.at(kHead + "weight");
  tensors_[kHead + "modules_to_save.weight"] = head;
  tensors_[kHead + "original_module.weight"] = at::zeros_like(head);
  expect_the_same();
  Adapter::load(folder_, *decoder_).save(path("again"));
  const auto saved = load_tensors(path("again/adapter_model.safetensors"));
  EXPECT_FALSE(saved.contains(kHead + "modules_to_save.weight"));
  EXPECT_TRUE(at::equal(saved.at(kHead + "weight"), head));
  tensors_.erase(kHead + "weight");
  expect_the_same();
}

TEST_F(AdapterFiles, AreRefusedWhenTheirSavedModulesAreNotWhole) {
  use("saved_head");
  const at::Tensor head = tensors_.at(kHead + "weight");
  tensors_[kHead + "modules_to_save.weight"] = head + 1;
  EXPECT_THAT(refusal(), EndsWith("lm_head.weight: differs from the other tensor that the file has "
                                  "for lm_head.weight. Save the adapter again with PEFT's "
                                  "save_pretrained."));
  tensors_.erase(kHead + "modules_to_save.weight");
  tensors_.erase(kHead + "weight");
  EXPECT_THAT(refusal(), EndsWith("adapter_model.safetensors: lacks the weight of `lm_head`, which "
                                  "modules_to_save of adapter_config.json names"));
  tensors_[kHead + "original_module.weight"] = head;
  EXPECT_THAT(refusal(), EndsWith("lm_head.original_module.weight: the file lacks the trained "
                                  "tensor that belongs to it"));
}

TEST_F(AdapterFiles, OfALargerVocabularySayThatTheModelMustBeResized) {
  use("list");  // of 48 tokens, 16 wide
  tensors_[kEmbedding + "weight"] = at::zeros({50, 16});
  EXPECT_THAT(refusal(), HasSubstr("embed_tokens.weight: must be [48, 16], but is [50, 16]: the "
                                   "adapter was trained after the vocabulary was resized. Resize "
                                   "the model's embeddings as well"));
  tensors_[kEmbedding + "weight"] = at::zeros({48, 17});
  EXPECT_THAT(refusal(), HasSubstr("must be [48, 16], but is [48, 17]. The adapter is of another"));
}

TEST_F(AdapterFiles, OfAModelWithoutAHeadLackThePrefix) {
  use("list");
  std::map<std::string, at::Tensor> shorter;
  for (const auto& [name, tensor] : tensors_) {
    ASSERT_TRUE(name.starts_with(kOwn + "model.")) << name;
    shorter[kOwn + name.substr((kOwn + "model.").size())] = tensor;
  }
  tensors_ = shorter;
  expect_the_same();
}

}  // namespace
}  // namespace lea::lm
