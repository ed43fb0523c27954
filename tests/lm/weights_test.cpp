#include "core/lm/weights.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/base/json_field.h"
#include "core/lm/layout.h"
#include "core/lm/tensor_file.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using Tensors = std::map<std::string, at::Tensor>;

std::string without_prefix(const std::string& name) {
  return name.starts_with("model.") ? name.substr(6) : name;
}

// The tensors of this model are named without `model.`, as models without a head are published.
class WeightsWithoutPrefix : public ScratchTest {
 protected:
  void SetUp() override {
    const std::string from = tiny_folder("llama3_new");
    fs::copy(from + "/config.json", folder_);
    nlohmann::json index = *read_json(from + "/model.safetensors.index.json"),
                   map = nlohmann::json::object();
    for (const auto& [name, file] : index["weight_map"].items()) map[without_prefix(name)] = file;
    index["weight_map"] = map;
    write("model.safetensors.index.json", index.dump());
    for (const std::string& file : {kFirst, kSecond}) {
      Tensors tensors;
      for (const auto& [name, tensor] : load_tensors(from + "/" + file))
        tensors[without_prefix(name)] = tensor;
      save_tensors(path(file), tensors);
    }
  }

  static at::Tensor logits(const Decoder& decoder) {
    const at::NoGradGuard no_grad;
    return decoder.logits(decoder.forward(decoder.embed(at::tensor({1, 2, 3}, at::kLong)),
                                          layout_of_continuation(0, 3, at::kCPU)));
  }

  const std::string kFirst = "model-00001-of-00002.safetensors",
                    kSecond = "model-00002-of-00002.safetensors";
};

TEST_F(WeightsWithoutPrefix, ComputeTheSame) {
  const Decoder decoder(read_config(folder_), Weights(folder_), at::kFloat, at::kCPU);
  EXPECT_TRUE(at::equal(logits(decoder), logits(tiny_model("llama3_new"))));
}

TEST_F(WeightsWithoutPrefix, AreNamedInMessagesAsInTheirFile) {
  const Weights weights(folder_);
  EXPECT_TRUE(weights.has("model.norm.weight"));
  EXPECT_THAT(weights.where("model.norm.weight"), EndsWith(".safetensors: norm.weight"));
}

TEST_F(WeightsWithoutPrefix, MayHaveTablesOfRotationsAsOldFilesDo) {
  Tensors tensors = load_tensors(path(kSecond));
  tensors["rotary_emb.inv_freq"] = at::ones({2});
  tensors["layers.0.self_attn.rotary_emb.inv_freq"] = at::ones({2});
  save_tensors(path(kSecond), tensors);
  require_weights(read_config(folder_), Weights(folder_));
}

TEST_F(WeightsWithoutPrefix, AreRefusedWhereAnotherTensorHasThePrefix) {
  Tensors tensors = load_tensors(path(kFirst));
  ASSERT_TRUE(tensors.contains("norm.weight"));
  tensors["model.norm.weight"] = tensors.at("norm.weight");
  save_tensors(path(kFirst), tensors);
  const std::string file = path(kFirst);
  EXPECT_EQ(message_of([&] { Weights{folder_}; }),
            file + ": norm.weight is also in " + file + ", as model.norm.weight");
}

}  // namespace
}  // namespace lea::lm
