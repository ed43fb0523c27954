// SmolLM2 against transformers on the same folder (tests/golden/lm/make_smollm2.py). The folder is
// what `tools/fetch_model smollm2-135m` makes, which `tools/test` calls.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "core/lm/language_model.h"
#include "core/spec/json_field.h"

namespace lea::lm {
namespace {

class SmolLm2 : public testing::Test {
 protected:
  void SetUp() override {
    const char* stated = std::getenv("LEALAB_TEST_MODEL");
    folder_ = stated ? stated : LEA_SOURCE_DIR "/lab/models/smollm2-135m";
    if (!std::filesystem::exists(folder_ + "/model.safetensors"))
      GTEST_SKIP() << folder_ << " is not there; tools/fetch_model smollm2-135m makes it";
  }
  std::string folder_;
  const nlohmann::json golden_ = *read_json(LEA_SOURCE_DIR "/tests/golden/lm/smollm2.json");
};

TEST_F(SmolLm2, GivesTheIdsProbabilitiesAndGreedyTokensOfTransformers) {
  const LanguageModel model(folder_, at::kFloat, at::kCPU);
  const auto ids = model.tokenizer().encode(golden_.at("text").get<std::string>());
  ASSERT_EQ(ids, golden_.at("ids").get<std::vector<int64_t>>());
  const std::vector<double> scores = model.score(ids);
  const auto expected = golden_.at("logprobs").get<std::vector<double>>();
  ASSERT_EQ(scores.size(), expected.size());
  for (size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 2e-4) << i;
  const auto mean = [](const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  EXPECT_NEAR(mean(scores), mean(expected), 1e-5);
  EXPECT_EQ(model.generate(model.tokenizer().encode(golden_.at("prompt").get<std::string>()), 64),
            golden_.at("generated").get<std::vector<int64_t>>());
}

TEST_F(SmolLm2, InBfloat16StaysNearAndReadsTheMappedWeights) {
  const LanguageModel model(folder_, at::kBFloat16, at::kCPU);
  const auto expected = golden_.at("logprobs").get<std::vector<double>>();
  const std::vector<double> scores = model.score(golden_.at("ids").get<std::vector<int64_t>>());
  double difference = 0;
  for (size_t i = 0; i < scores.size(); ++i) difference += std::abs(scores[i] - expected[i]);
  EXPECT_LT(difference / static_cast<double>(scores.size()), 0.05);
}

}  // namespace
}  // namespace lea::lm
