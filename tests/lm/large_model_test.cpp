// A model of Mistral-7B's shapes with a quarter of its layers. Its weights are the hole of a file:
// 3.7 GiB that take no disk.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/lm/next_token.h"
#include "tests/lm/peak.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

namespace fs = std::filesystem;

void write_large_model(const std::string& folder) {
  std::ofstream(folder + "/config.json")
      << R"({"model_type": "mistral", "vocab_size": 32000, "hidden_size": 4096,
             "intermediate_size": 14336, "num_hidden_layers": 8, "num_attention_heads": 32,
             "num_key_value_heads": 8, "max_position_embeddings": 32768, "rms_norm_eps": 1e-5,
             "sliding_window": 4096, "rope_theta": 10000.0, "tie_word_embeddings": false})";
  nlohmann::json header;
  uint64_t end = 0;
  for (const auto& [name, shape] : weight_shapes(read_config(folder))) {
    const uint64_t begin = end;
    end += 2 * static_cast<uint64_t>(c10::multiply_integers(shape));
    header[name] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 63) / 64 * 64, ' ');
  const uint64_t size = text.size();
  const std::string path = folder + "/model.safetensors";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(&size), sizeof size)
      << text;
  fs::resize_file(path, sizeof size + size + end);
}

TEST(LargeModel, OpensAndComputesWithoutASecondCopyOfItsWeights) {
  const TemporaryFolder folder(LEA_BINARY_DIR);  // /tmp may be memory
  write_large_model(folder.path());
  const size_t before = private_bytes();
  const Weights weights(folder.path());
  EXPECT_GT(weights.bytes(), uint64_t{3} << 30);
  const Decoder decoder(read_config(folder.path()), weights, at::kBFloat16, at::kCPU);
  const std::vector<double> scores = score(decoder, {1, 2, 3});
  EXPECT_LT(private_bytes(), before + weights.bytes() / 100);
  ASSERT_EQ(scores.size(), 2U);
  for (const double score : scores) EXPECT_NEAR(score, -std::log(32000.0), 1e-4);  // all alike
}

}  // namespace
}  // namespace lea::lm
