#include "core/lm/random_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

std::map<std::string, at::Tensor> weights_of(Decoder& decoder) {
  std::map<std::string, at::Tensor> weights;
  decoder.for_each_weight(
      [&](const std::string& name, at::Tensor& weight) { weights[name] = weight; });
  return weights;
}

std::map<std::string, at::Tensor> drawn(const std::string& model, uint64_t seed,
                                        at::ScalarType type = at::kFloat) {
  Decoder decoder = tiny_model(model, type);
  draw_weights(decoder, seed);
  return weights_of(decoder);
}

TEST(RandomWeights, AreNormalInMatricesOnesInNormsAndZerosInBiases) {
  size_t matrices = 0, norms = 0, biases = 0;
  for (const auto& [name, weight] : drawn("qwen2", 1)) {
    if (weight.dim() == 2) {
      const double error = 0.02 / std::sqrt(static_cast<double>(weight.numel()));
      EXPECT_NEAR(weight.mean().item<double>(), 0, 5 * error) << name;
      EXPECT_NEAR(weight.std().item<double>(), 0.02, 5 * error) << name;
      ++matrices;
    } else {
      const bool bias = name.ends_with(".bias");
      EXPECT_TRUE(at::equal(weight, at::full_like(weight, bias ? 0 : 1))) << name;
      ++(bias ? biases : norms);
    }
  }
  EXPECT_GT(matrices, 10u);
  EXPECT_GT(norms, 4u);
  EXPECT_GT(biases, 2u);
}

TEST(RandomWeights, DependOnTheSeedAlone) {
  const auto one = drawn("llama3_new", 1), same = drawn("llama3_new", 1),
             other = drawn("llama3_new", 2);
  for (const auto& [name, weight] : one) {
    EXPECT_TRUE(at::equal(weight, same.at(name))) << name;
    if (weight.dim() == 2) {
      EXPECT_FALSE(at::equal(weight, other.at(name))) << name;
    }
  }
  for (const auto& [name, weight] : drawn("llama3_new", 1, at::kBFloat16))
    EXPECT_TRUE(at::equal(weight, one.at(name).to(at::kBFloat16))) << name;
}

TEST(RandomWeights, LeaveATiedHeadTied) {
  const auto weights = drawn("smollm2", 1);
  EXPECT_TRUE(weights.at("lm_head.weight").is_same(weights.at("model.embed_tokens.weight")));
  const auto untied = drawn("llama3_new", 1);
  EXPECT_FALSE(at::equal(untied.at("lm_head.weight"), untied.at("model.embed_tokens.weight")));
}

TEST(RandomWeights, AreCopiesThatLeaveTheFilesAsTheyAre) {
  Decoder before = tiny_model("smollm2");
  drawn("smollm2", 1);
  Decoder after = tiny_model("smollm2");
  const auto own = weights_of(before);
  for (const auto& [name, weight] : weights_of(after))
    EXPECT_TRUE(at::equal(weight, own.at(name))) << name;
}

TEST(RandomWeights, ComputeAnotherModel) {
  Decoder decoder = tiny_model("smollm2");
  const at::Tensor ids = at::tensor(std::vector<int64_t>{1, 2, 3}, at::kLong);
  const auto hidden = [&] {
    return decoder.forward(decoder.embed(ids), layout_of_continuation(0, 3, at::kCPU));
  };
  const at::Tensor own = hidden();
  draw_weights(decoder, 1);
  EXPECT_GT(distance(hidden(), own), 0.1);
  EXPECT_TRUE(hidden().isfinite().all().item<bool>());
}

}  // namespace
}  // namespace lea::lm
