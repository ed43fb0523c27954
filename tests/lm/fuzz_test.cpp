// Damaged files: a clear error or a correct load, never a crash, nor much memory.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/lm/adapter.h"
#include "core/lm/layout.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "tests/lm/damage.h"
#include "tests/lm/peak.h"

namespace lea::lm {
namespace {

namespace fs = std::filesystem;

// Numbers and quotes, more often than chance would have it.
constexpr std::string_view kLikely = "0123456789-+.eE\"\\{}[]:,nulltruefalse\xff\x80 ";

constexpr size_t kMemory = size_t{64} << 20;  // and four times the file

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/lm/";

class Damaged : public testing::Test {
 protected:
  Damaged() {
    folder_ = (fs::temp_directory_path() / "lea-fuzz-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
  }
  ~Damaged() override { fs::remove_all(folder_); }

  // Damages one file of the model a number of times; `load` may throw lea::Error and nothing else.
  void damage(const std::string& file, size_t extent, int times,
              const std::function<void()>& load) {
    const std::string whole = read_file(folder_ + "/" + file);
    int loaded = 0, refused = 0;
    std::string why;
    for (int i = 0; i < times; ++i) {
      std::ofstream(folder_ + "/" + file, std::ios::binary)
          << damaged(whole, kLikely, &random_, extent);
      const Peak peak;
      try {
        load();
        ++loaded;
      } catch (const Error& error) {
        ++refused;
        why = error.what();
        EXPECT_NE(why, "");
      }
      EXPECT_LE(peak.bytes(), kMemory + 4 * whole.size()) << file << ", mutation " << i;
    }
    EXPECT_GT(refused, times / 4) << "hardly anything was damaged";
    EXPECT_GT(loaded, 0) << why;
    std::ofstream(folder_ + "/" + file, std::ios::binary) << whole;
  }

  void use(const std::string& model) {
    fs::copy(kGolden + "models/" + model, folder_,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }

  std::string folder_;
  std::mt19937_64 random_{7};
};

TEST_F(Damaged, ConfigsAndWeightsAreRefusedOrComputed) {
  use("llama3_new");
  const auto load = [&] {
    const at::NoGradGuard no_grad;
    const Config config = read_config(folder_);
    const Decoder decoder(config, Weights(folder_), at::kFloat, at::kCPU);
    decoder.forward(decoder.embed(at::tensor({1, 2, 3}, at::kLong)),
                    layout_of_continuation(0, 3, at::kCPU));
  };
  damage("config.json", SIZE_MAX, 2000, load);
  damage("model.safetensors.index.json", SIZE_MAX, 2000, load);
  damage("model-00001-of-00002.safetensors", 1200, 2000, load);
}

TEST_F(Damaged, TokenizersAreRefusedOrUsed) {
  for (const char* name : {"llama3", "llama2_legacy", "unigram_bytes"}) {
    fs::copy(kGolden + "tokenizers/" + name, folder_,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    const auto load = [&] {
      const Tokenizer tokenizer(folder_);
      tokenizer.decode(tokenizer.encode("Hello <s> w\u00f6rld 123\n"));
    };
    damage("tokenizer.json", 3000, 700, load);
    damage("tokenizer.json", SIZE_MAX, 400, load);
  }
}

TEST_F(Damaged, AdaptersAreRefusedOrComputed) {
  const at::NoGradGuard no_grad;
  const std::string model = kGolden + "models/mistral";
  Decoder decoder(read_config(model), Weights(model), at::kFloat, at::kCPU);
  fs::copy(kGolden + "adapters/expression", folder_,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  const auto load = [&] {
    Adapter::load(folder_, decoder).attach(decoder);
    decoder.forward(decoder.embed(at::tensor({1, 2, 3}, at::kLong)),
                    layout_of_continuation(0, 3, at::kCPU));
  };
  damage("adapter_config.json", SIZE_MAX, 700, load);
  damage("adapter_model.safetensors", SIZE_MAX, 700, load);
}

// What a small file says may be large: sizes of tensors, and values that take more memory than
// text.
TEST_F(Damaged, FilesMadeToExhaustMemoryAreRefused) {
  use("llama3_new");
  const auto expect_refused = [&](const std::string& file, const std::string& bytes,
                                  const std::function<void()>& load) {
    std::ofstream(folder_ + "/" + file, std::ios::binary) << bytes;
    const Peak peak;
    EXPECT_THROW(load(), DataError) << file;
    EXPECT_LE(peak.bytes(), kMemory + 4 * bytes.size()) << file;
  };
  const auto repeated = [](const std::string& text, size_t bytes) {
    std::string all;
    while (all.size() < bytes) all += text;
    return all;
  };
  const auto config = [&] { read_config(folder_); };
  const auto tokenizer = [&] { Tokenizer(folder_).encode("x"); };
  const auto weights = [&] { Weights{folder_}; };
  constexpr size_t kLong = size_t{20} << 20;
  expect_refused("config.json", "{\"a\":[" + repeated("0,", kLong) + "0]}", config);
  expect_refused("config.json", "{\"a\":[" + repeated("[],", kLong) + "0]}", config);
  expect_refused("tokenizer.json", "{\"added_tokens\":[" + repeated("{},", kLong) + "{}]}",
                 tokenizer);
  expect_refused("model.safetensors.index.json",
                 "{\"weight_map\":{\"a\":\"b\"},\"x\":[" + repeated("\"\",", kLong) + "0]}",
                 weights);
  fs::remove(folder_ + "/model.safetensors.index.json");
  std::string header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[" + repeated("1,", kLong) +
                       "1],\"data_offsets\":[0,4]}}";
  const uint64_t length = header.size();
  header.insert(0, reinterpret_cast<const char*>(&length), sizeof length);
  expect_refused("model.safetensors", header + "0000", weights);
}

}  // namespace
}  // namespace lea::lm
