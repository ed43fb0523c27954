// Compares adapters with PEFT: it reads ours and we read its (tests/golden/lm/make_adapters.py).
#include "core/lm/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/lm/forest.h"
#include "core/lm/tensor_file.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kAdapters = LEA_SOURCE_DIR "/tests/golden/lm/adapters/";

// The prompt of make_adapters.py: ids with -1 and -2 for the first and the second free vector.
at::Tensor hidden_of(const Decoder& decoder, const nlohmann::json& golden,
                     const at::Tensor& vectors, double dropout = 0) {
  std::vector<int64_t> ids;
  for (const int64_t id : golden.at("ids"))
    ids.push_back(id < 0 ? decoder.config().vocabulary - 1 - id : id);
  Forest forest;
  const int64_t last = forest.add(Forest::kStart, ids);
  for (int64_t row = 0; row <= last; ++row) forest.read(row);
  return hidden_states(decoder, forest, vectors, dropout);
}

at::Tensor loss_of(const at::Tensor& hidden) {
  const at::Tensor weight = (at::arange(hidden.numel(), at::kFloat) * 0.3).cos().view_as(hidden);
  return (weight * hidden).sum();
}

class AdapterGolden : public testing::TestWithParam<const char*> {
 protected:
  AdapterGolden() : decoder_(tiny_model(golden_.at("base"))) {}

  at::Tensor golden(const char* key, at::IntArrayRef shape) const {
    return floats(golden_.at(key), shape);
  }
  void expect_hidden_and_logits() const {
    const at::NoGradGuard no_grad;
    const at::Tensor hidden = hidden_of(decoder_, golden_, vectors_);
    EXPECT_LE(distance(hidden, golden("hidden", hidden.sizes())), 1e-5);
    const at::Tensor logits = decoder_.logits(hidden.narrow(0, hidden.size(0) - 1, 1));
    EXPECT_LE(distance(logits, golden("logits", logits.sizes())), 1e-5);
  }

  const std::string folder_ = kAdapters + GetParam();
  const nlohmann::json golden_ = *read_json(folder_ + "/golden.json");
  Decoder decoder_;
  at::Tensor vectors_ = golden("vectors", {2, decoder_.config().width}).to(at::kFloat);
};

TEST_P(AdapterGolden, GivesTheHiddenStatesAndLogitsOfPeft) {
  Adapter::load(folder_, decoder_).attach(decoder_);
  expect_hidden_and_logits();
}

TEST_P(AdapterGolden, GivesThemAlsoWhenItIsMerged) {
  Adapter::load(folder_, decoder_).merge(decoder_);
  decoder_.for_each_linear(
      [](const std::string& module, Linear& linear) { EXPECT_FALSE(linear.adapter) << module; });
  expect_hidden_and_logits();
}

TEST_P(AdapterGolden, IsMergedOnceWhereItWasAttached) {
  const Adapter adapter = Adapter::load(folder_, decoder_);
  adapter.attach(decoder_);
  adapter.merge(decoder_);
  expect_hidden_and_logits();
}

TEST_P(AdapterGolden, LeavesNothingBehindWhenAnotherTakesItsPlace) {
  const at::NoGradGuard no_grad;
  const at::Tensor before = decoder_.logits(hidden_of(decoder_, golden_, vectors_));
  const Adapter nothing = Adapter::make({}, decoder_);
  Adapter::load(folder_, decoder_).attach(decoder_);
  EXPECT_FALSE(at::equal(decoder_.logits(hidden_of(decoder_, golden_, vectors_)), before));
  nothing.attach(decoder_);
  EXPECT_TRUE(at::equal(decoder_.logits(hidden_of(decoder_, golden_, vectors_)), before));
}

TEST_P(AdapterGolden, GivesTheGradientsOfPeft) {
  Adapter::load(folder_, decoder_).attach(decoder_);
  vectors_.requires_grad_();
  loss_of(hidden_of(decoder_, golden_, vectors_)).backward();
  EXPECT_LE(distance(vectors_.grad(), golden("vectors_gradient", vectors_.sizes())), 1e-5);
  std::map<std::string, at::Tensor> gradients;
  decoder_.for_each_linear([&](const std::string& module, Linear& linear) {
    if (!linear.adapter) return;
    gradients["base_model.model." + module + ".lora_A.weight"] = linear.adapter->a.grad();
    gradients["base_model.model." + module + ".lora_B.weight"] = linear.adapter->b.grad();
    if (linear.adapter->bias.defined())
      gradients["base_model.model." + module + ".lora_B.bias"] = linear.adapter->bias.grad();
  });
  ASSERT_EQ(gradients.size(), golden_.at("gradients").size());
  for (const auto& [name, values] : golden_.at("gradients").items()) {
    ASSERT_TRUE(gradients.contains(name)) << name;
    const at::Tensor& ours = gradients.at(name);
    EXPECT_LE(distance(ours, floats(values, ours.sizes())), 1e-4) << name;
  }
}

TEST_P(AdapterGolden, IsTheSameAfterItWasSavedAndLoaded) {
  const TemporaryFolder saved;
  Adapter::load(folder_, decoder_).save(saved.path());
  const auto before = *read_json(folder_ + "/adapter_config.json"),
             after = *read_json(saved.path() + "/adapter_config.json");
  for (const char* key : {"peft_type", "r", "lora_alpha", "target_modules"})
    EXPECT_TRUE(after.contains(key)) << key;
  for (const auto& [key, value] : after.items()) {
    if (key == "inference_mode" || key == "task_type") continue;
    EXPECT_EQ(value, before.value(key, nlohmann::json())) << key;
  }
  const auto tensors = load_tensors(folder_ + "/adapter_model.safetensors"),
             again = load_tensors(saved.path() + "/adapter_model.safetensors");
  for (const auto& [name, tensor] : again) EXPECT_TRUE(tensors.contains(name)) << name;
  EXPECT_EQ(tensors.size(), again.size());
  Adapter::load(saved.path(), decoder_).attach(decoder_);
  expect_hidden_and_logits();
}

INSTANTIATE_TEST_SUITE_P(Each, AdapterGolden,
                         testing::Values("list", "expression", "every_linear", "saved_head",
                                         "biases", "ours"),
                         [](const auto& info) { return std::string(info.param); });

// An adapter trained here. Its files must be those of the golden folder `ours`, whose golden.json
// holds what PEFT computes with them. LEA_WRITE_GOLDEN=FOLDER saves the adapter there instead.
TEST(Adapter, SavesWhatPeftLoads) {
  torch::manual_seed(11);
  Decoder decoder = tiny_model("qwen2_slides");
  AdapterConfig config;
  config.rank = 3;
  config.alpha = 7;
  config.dropout = 0.1;
  config.targets = {"q_proj", "k_proj", "v_proj", "up_proj"};
  config.rank_pattern = {{"layers\\.1\\.mlp\\.up_proj", 2}};
  config.alpha_pattern = {{"k_proj", 5}};
  config.base_model = "qwen2_slides";
  const Adapter adapter = Adapter::make(config, decoder);
  adapter.attach(decoder);
  torch::optim::SGD optimizer(adapter.parameters(), 0.002);
  const nlohmann::json prompt = {{"ids", {1, 2, 3, 4, 5}}};
  double first = 0, last = 0;
  for (int step = 0; step < 8; ++step) {
    optimizer.zero_grad();
    const at::Tensor loss = loss_of(hidden_of(decoder, prompt, {}, config.dropout));
    loss.backward();
    optimizer.step();
    (step == 0 ? first : last) = loss.item<double>();
  }
  EXPECT_LT(last, first);
  if (const char* folder = std::getenv("LEA_WRITE_GOLDEN")) {
    adapter.save(folder);
    GTEST_SKIP() << "saved to " << folder << "; nothing was compared";
  }
  const TemporaryFolder saved;
  adapter.save(saved.path());
  const std::string config_file = "/adapter_config.json", tensors = "/adapter_model.safetensors";
  EXPECT_EQ(read_file(saved.path() + config_file), read_file(kAdapters + "ours" + config_file));
  const auto ours = load_tensors(saved.path() + tensors),
             golden = load_tensors(kAdapters + "ours" + tensors);
  ASSERT_EQ(ours.size(), golden.size());
  for (const auto& [name, tensor] : ours)
    EXPECT_LE(distance(tensor, golden.at(name).to(at::kDouble)), 1e-4) << name;
}

TEST(Adapter, ChangesNothingBeforeItIsTrained) {
  Decoder decoder = tiny_model("llama2_old");
  const nlohmann::json prompt = {{"ids", {1, 2, 3}}};
  const at::NoGradGuard no_grad;
  const at::Tensor before = hidden_of(decoder, prompt, {});
  Adapter::make({}, decoder).attach(decoder);
  EXPECT_TRUE(at::equal(hidden_of(decoder, prompt, {}, 0.5), before));
}

TEST(Adapter, DropsPartOfWhatEntersItWhileItIsTrained) {
  torch::manual_seed(3);
  Decoder decoder = tiny_model("llama3_new");
  Adapter::load(kAdapters + "list", decoder).attach(decoder);
  const nlohmann::json prompt = {{"ids", {1, 2, 3}}};
  const at::NoGradGuard no_grad;
  const at::Tensor plain = hidden_of(decoder, prompt, {});
  EXPECT_TRUE(at::equal(hidden_of(decoder, prompt, {}), plain));
  EXPECT_GT(distance(hidden_of(decoder, prompt, {}, 0.5), plain.to(at::kDouble)), 1e-3);
}

// The message of loading `list` with a changed config or for another model; empty when it loads.
std::string refusal(const std::string& base, const nlohmann::json& change) {
  const TemporaryFolder folder;
  fs::copy(kAdapters + "list", folder.path(),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  nlohmann::json config = *read_json(folder.path() + "/adapter_config.json");
  config.update(change);
  std::ofstream(folder.path() + "/adapter_config.json") << config;
  Decoder decoder = tiny_model(base);
  try {
    Adapter::load(folder.path(), decoder);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(Adapter, RefusesByNameWhatWouldChangeWhatItComputes) {
  EXPECT_EQ(refusal("llama3_new", nlohmann::json::object()), "");
  EXPECT_THAT(refusal("llama3_new", {{"use_dora", true}}), HasSubstr("use_dora: is not supported"));
  EXPECT_THAT(refusal("llama3_new", {{"peft_type", "ADALORA"}}),
              HasSubstr("peft_type: `ADALORA` is not supported; supported: LORA"));
  EXPECT_THAT(refusal("llama3_new", {{"layer_replication", {{0, 2}}}}),
              HasSubstr("layer_replication: is not supported"));
  EXPECT_THAT(refusal("llama3_new", {{"init_lora_weights", "pissa_niter_4"}}),
              HasSubstr("init_lora_weights: `pissa_niter_4` is not supported"));
}

TEST(Adapter, RefusesARankAndADropoutThatAreNone) {
  Decoder decoder = tiny_model("llama3_new");
  EXPECT_THROW(Adapter::make({.rank = 0}, decoder), std::invalid_argument);
  EXPECT_THROW(Adapter::make({.dropout = 1}, decoder), std::invalid_argument);
}

TEST(Adapter, RefusesOneOfAnotherModelOrConfig) {
  // Its heads are 12 wide, not 4.
  EXPECT_THAT(
      refusal("mistral", nlohmann::json::object()),
      HasSubstr("k_proj.lora_B.weight: must be [24, 4], but is [8, 4]. The adapter is of another"));
  EXPECT_THAT(refusal("llama3_new", {{"r", 8}}), HasSubstr("must be [8, 16], but is [4, 16]"));
  EXPECT_THAT(refusal("llama3_new", {{"target_modules", {"q_proj"}}}),
              HasSubstr("k_proj.lora_A.weight: is not named by target_modules"));
}

TEST(Adapter, RefusesAFolderWithoutOne) {
  Decoder decoder = tiny_model("llama2_old");
  const TemporaryFolder folder;
  try {
    Adapter::load(folder.path(), decoder);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("has no adapter_config.json"));
  }
  std::ofstream(folder.path() + "/adapter_config.json") << "{}";
  std::ofstream(folder.path() + "/adapter_model.bin") << "";
  try {
    Adapter::load(folder.path(), decoder);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Its adapter_model.bin is a pickle, which can run code"));
  }
}

TEST(TensorFile, KeepsHeadsBesideAnAdapter) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/heads.safetensors";
  const std::map<std::string, at::Tensor> heads = {{"score.weight", at::randn({1, 16})},
                                                   {"score.bias", at::randn({1}, at::kBFloat16)}};
  save_tensors(path, heads);
  const auto loaded = load_tensors(path);
  ASSERT_EQ(loaded.size(), heads.size());
  for (const auto& [name, tensor] : heads) EXPECT_TRUE(at::equal(loaded.at(name), tensor)) << name;
}

TEST(TensorFile, RefusesValuesThatAreNotFinite) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/heads.safetensors";
  save_tensors(path, {{"score.weight", at::full({2}, NAN)}});
  try {
    load_tensors(path);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("score.weight: holds a value that is not finite"));
  }
}

}  // namespace
}  // namespace lea::lm
