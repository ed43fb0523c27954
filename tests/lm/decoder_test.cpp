// Compares the decoder with transformers, tensor by tensor, on tiny models of every family
// (tests/golden/lm/make_models.py).
#include "core/lm/decoder.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

class DecoderGolden : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { at::globalContext().setDeterministicAlgorithms(true, false); }
  const std::string folder_ = tiny_folder(GetParam());
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
                      layout_of_continuation(0, length, at::kCPU), {.layers = &layers});
  layers.push_back(hidden);
  ASSERT_EQ(layers.size(), golden_.at("hidden").size());
  for (size_t i = 0; i < layers.size(); ++i) {
    const at::Tensor reference = floats(golden_.at("hidden")[i], {length, config_.width});
    EXPECT_LE(distance(layers[i], reference), 1e-5) << "hidden state " << i;
  }
  const at::Tensor logits = decoder.logits(layers.back().narrow(0, length - 1, 1));
  EXPECT_LE(distance(logits, floats(golden_.at("logits"), {1, config_.vocabulary})), 1e-5);
}

TEST_P(DecoderGolden, GoesOnFromACacheAsIfItHadSeenTheWholePrompt) {
  const Decoder decoder(config_, Weights(folder_), at::kFloat, at::kCPU);
  const at::Tensor inputs = decoder.embed(at::tensor(ids_, at::kLong));
  const at::Tensor whole =
      decoder.forward(inputs, layout_of_continuation(0, std::ssize(ids_), at::kCPU));
  Cache cache;
  for (const int64_t rows : {6, 1, 1, 4, 2}) {
    const int64_t held = cache.rows;
    const at::Tensor next =
        decoder.forward(inputs.narrow(0, held, rows), layout_of_continuation(held, rows, at::kCPU),
                        {.cache = &cache});
    EXPECT_LE(distance(next, whole.narrow(0, held, rows).to(at::kDouble)), 1e-5) << held;
    ASSERT_EQ(cache.rows, held + rows);
  }
  EXPECT_EQ(cache.rows, std::ssize(ids_));
}

INSTANTIATE_TEST_SUITE_P(Each, DecoderGolden,
                         testing::Values("llama2_old", "llama3_old", "llama3_new", "llama_linear",
                                         "smollm2", "mistral", "qwen2", "qwen2_slides", "qwen3",
                                         "qwen3_new"),
                         [](const auto& info) { return std::string(info.param); });

// A copy of a tiny model that a test may change.
struct Copy {
  explicit Copy(const std::string& name) {
    std::filesystem::copy(tiny_folder(name), folder.path(),
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
  }
  void configure(const nlohmann::json& change) const {
    nlohmann::json config = *read_json(folder.path() + "/config.json");
    config.update(change);
    std::ofstream(folder.path() + "/config.json") << config;
  }
  Decoder decoder() const {
    return {read_config(folder.path()), Weights(folder.path()), at::kFloat, at::kCPU};
  }
  std::string refusal() const {
    try {
      decoder();
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
  const TemporaryFolder folder;
};

// Replaces the first `from` in a file by `to`, which has the same length. An empty `from` stands
// for the bytes at the end of the file.
void patch(const std::string& path, const std::string& from, const std::string& to) {
  std::string bytes = read_file(path);
  const size_t at = from.empty() ? bytes.size() - to.size() : bytes.find(from);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, to.size(), to);
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string refusal(const std::string& from, const std::string& to) {
  const Copy copy("qwen2");
  patch(copy.folder.path() + "/model.safetensors", from, to);
  return copy.refusal();
}

TEST(Decoder, RefusesWeightsThatAreNotFinite) {
  EXPECT_THAT(
      refusal("", "\xff\xff"),  // the last number of the last tensor, a NaN
      testing::ContainsRegex("model.safetensors: model.*: holds a value that is not finite"));
}

TEST(Decoder, RefusesACutFileAndSaysHowMuchIsMissing) {
  const Copy copy("qwen2");
  const std::string path = copy.folder.path() + "/model.safetensors";
  const auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, size - 100);
  EXPECT_THAT(copy.refusal(), testing::HasSubstr("it ends after " + std::to_string(size - 100) +
                                                 " bytes, but its tensors need"));
}

TEST(Decoder, RefusesWhatWouldLetRowsSeeThoseBehindThem) {
  const Copy copy("qwen2");
  copy.configure({{"is_causal", false}});
  EXPECT_THAT(copy.refusal(), testing::HasSubstr("is_causal: false is not supported"));
}

TEST(Decoder, RefusesPositionsForEachTypeOfLayer) {
  const Copy copy("qwen3");
  copy.configure({{"rope_parameters", {{"full_attention", {{"rope_theta", 1e4}}}}}});
  EXPECT_THAT(copy.refusal(),
              testing::HasSubstr("full_attention: positions for each type of layer"));
}

TEST(Decoder, TakesAnEmptyRopeScalingForNone) {
  const Copy copy("llama3_new");
  copy.configure({{"rope_scaling", nlohmann::json::object()}});
  EXPECT_EQ(copy.decoder().config().rope.type, RopeType::kLlama3);
}

TEST(Decoder, SlidesNowhereWithoutAWindow) {
  const Copy copy("qwen2_slides");
  EXPECT_THAT(copy.decoder().config().window, testing::Contains(testing::Gt(0)));
  copy.configure({{"sliding_window", nullptr}, {"layer_types", nullptr}});
  EXPECT_THAT(copy.decoder().config().window, testing::Each(0));
}

// Before version 5, transformers ignored such a head and used the embedding. Since then it uses it.
TEST(Decoder, RefusesAHeadOfItsOwnInATiedModel) {
  const Copy copy("llama2_old");
  copy.configure({{"tie_word_embeddings", true}});
  EXPECT_THAT(copy.refusal(), testing::HasSubstr("lm_head.weight: is not the embedding"));
}

TEST(Decoder, ReadsTheSingleFileBesideAnIndex) {
  const Copy copy("llama2_old");
  std::ofstream(copy.folder.path() + "/model.safetensors.index.json")
      << R"({"weight_map": {"model.norm.weight": "elsewhere.safetensors"}})";
  EXPECT_EQ(copy.refusal(), "");
}

TEST(Decoder, RefusesWeightsOfAnotherType) {
  EXPECT_THAT(refusal("\"BF16\"", "\"I16\" "),
              testing::HasSubstr("is of dtype I16; supported: F32, F16, BF16"));
}

}  // namespace
}  // namespace lea::lm
