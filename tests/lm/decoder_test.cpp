// The decoder against transformers, tensor by tensor, on tiny models of every family
// (tests/golden/lm/make_models.py).
#include "core/lm/decoder.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/spec/error.h"
#include "core/spec/json_field.h"

namespace lea::lm {
namespace {

const std::string kModels = LEA_SOURCE_DIR "/tests/golden/lm/models/";

at::Tensor floats(const nlohmann::json& values, at::IntArrayRef shape) {
  return at::tensor(values.get<std::vector<double>>(), at::kDouble).view(shape);
}

// max|a - b| / max|b|
double distance(const at::Tensor& ours, const at::Tensor& reference) {
  return ((ours.to(at::kDouble) - reference).abs().max() / reference.abs().max()).item<double>();
}

class DecoderGolden : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { at::globalContext().setDeterministicAlgorithms(true, false); }
  const std::string folder_ = kModels + GetParam();
  const nlohmann::json golden_ = *read_json(folder_ + "/golden.json");
  const Config config_ = read_config(folder_);
  const std::vector<int64_t> ids_ = golden_.at("ids").get<std::vector<int64_t>>();
  const at::NoGradGuard no_grad_;
};

TEST_P(DecoderGolden, GivesTheHiddenStatesOfEveryLayerAndTheLogitsOfTransformers) {
  const Decoder decoder(config_, Weights(folder_), at::kFloat, at::kCPU);
  const int64_t length = std::ssize(ids_);
  std::vector<at::Tensor> layers;
  const at::Tensor hidden =
      decoder.forward(decoder.embed(at::tensor(ids_, at::kLong)),
                      layout_of_prompts({length}, at::kCPU), nullptr, &layers);
  layers.push_back(hidden);
  ASSERT_EQ(layers.size(), golden_.at("hidden").size());
  for (size_t i = 0; i < layers.size(); ++i) {
    const at::Tensor reference = floats(golden_.at("hidden")[i], {length, config_.width});
    EXPECT_LE(distance(layers[i], reference), 1e-5) << "hidden state " << i;
  }
  const at::Tensor logits = decoder.logits(layers.back().narrow(0, length - 1, 1));
  EXPECT_LE(distance(logits, floats(golden_.at("logits"), {1, config_.vocabulary})), 1e-5);
}

TEST_P(DecoderGolden, GivesEachPromptOfABatchWhatItGivesThePromptAlone) {
  const Decoder decoder(config_, Weights(folder_), at::kFloat, at::kCPU);
  const std::vector<int64_t> lengths = {5, 14, 1, 5, 9};
  std::vector<at::Tensor> inputs, alone;
  for (const int64_t length : lengths) {
    const at::Tensor prompt =
        decoder.embed(at::tensor(ids_, at::kLong).narrow(0, 14 - length, length));
    inputs.push_back(prompt);
    alone.push_back(decoder.forward(prompt, layout_of_prompts({length}, at::kCPU)));
  }
  const at::Tensor batch = decoder.forward(at::cat(inputs), layout_of_prompts(lengths, at::kCPU));
  EXPECT_LE(distance(batch, at::cat(alone).to(at::kDouble)), 1e-5);
}

TEST_P(DecoderGolden, GoesOnFromACacheAsIfItHadSeenTheWholePrompt) {
  const Decoder decoder(config_, Weights(folder_), at::kFloat, at::kCPU);
  const at::Tensor inputs = decoder.embed(at::tensor(ids_, at::kLong));
  const at::Tensor whole = decoder.forward(inputs, layout_of_prompts({std::ssize(ids_)}, at::kCPU));
  Cache cache;
  for (const int64_t rows : {6, 1, 1, 4, 2}) {
    const int64_t held = cache.rows;
    const at::Tensor next = decoder.forward(inputs.narrow(0, held, rows),
                                            layout_of_continuation(held, rows, at::kCPU), &cache);
    EXPECT_LE(distance(next, whole.narrow(0, held, rows).to(at::kDouble)), 1e-5) << held;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DecoderGolden,
                         testing::Values("llama2_old", "llama3_old", "llama3_new", "llama_linear",
                                         "smollm2", "mistral", "qwen2", "qwen2_slides", "qwen3",
                                         "qwen3_new"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace lea::lm
