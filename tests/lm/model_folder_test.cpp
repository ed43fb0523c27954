#include "core/lm/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/lm/memory.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"
#include "tests/lm/tiny_model.h"

namespace lea::lm {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// A folder with a tokenizer of the golden ones, in which <s> is 1, and whatever else a test writes.
class BeginToken : public ScratchTest {
 protected:
  void SetUp() override {
    const std::string from = LEA_SOURCE_DIR "/tests/golden/lm/";
    fs::copy(from + "tokenizers/llama2_first/tokenizer.json", path("tokenizer.json"));
  }
  int64_t begin() const { return begin_token(folder_, Tokenizer(folder_)); }
};

TEST_F(BeginToken, IsTheOneThatTheTokenizersFilesName) {
  EXPECT_EQ(begin(), -1) << "no file names one";
  write("config.json", R"({"bos_token_id": 2})");
  EXPECT_EQ(begin(), 2);
  write("tokenizer_config.json", R"({"bos_token": "<s>"})");
  EXPECT_EQ(begin(), 1) << "the tokenizer's file counts more than the config";
  write("tokenizer_config.json", R"({"bos_token": {"content": "</s>", "lstrip": false}})");
  EXPECT_EQ(begin(), 2);
  write("special_tokens_map.json", R"({"bos_token": "<s>"})");
  EXPECT_EQ(begin(), 1);
}

TEST_F(BeginToken, IsNoneWhereAFileSaysSo) {
  write("config.json", R"({"bos_token_id": 2})");
  write("tokenizer_config.json", R"({"bos_token": null})");
  EXPECT_EQ(begin(), -1);
  fs::remove(path("tokenizer_config.json"));
  write("config.json", R"({"bos_token_id": null})");
  EXPECT_EQ(begin(), -1);
}

TEST_F(BeginToken, OfASentencePieceModelIsItsControlToken) {
  fs::remove(path("tokenizer.json"));
  const std::string from = LEA_SOURCE_DIR "/tests/golden/lm/sentencepiece/llama2/";
  fs::copy(from + "tokenizer.model", path("tokenizer.model"));
  write("tokenizer_config.json", R"({"bos_token": "<s>"})");
  EXPECT_EQ(begin(), 1);
}

TEST_F(BeginToken, ThatTheTokenizerDoesNotHaveIsRefused) {
  write("tokenizer_config.json", R"({"bos_token": "<begin of it>"})");
  EXPECT_THAT(message_of([&] { begin(); }),
              HasSubstr("tokenizer_config.json: bos_token: `<begin of it>` is no token of the "
                        "tokenizer"));
  fs::remove(path("tokenizer_config.json"));
  write("config.json", R"({"bos_token_id": 1000000})");
  EXPECT_THAT(message_of([&] { begin(); }),
              HasSubstr("config.json: bos_token_id: is 1000000, but the tokenizer has ids up to "));
}

TEST(RequireMemory, RefusesWhatIsMoreThanThereIsAndNothingElse) {
  MemoryNeed need;
  need.mapped = UINT64_MAX / 2;  // stays in its files
  need.copied = 1 << 20;
  require_memory("model", "float32", need, "Free some.");
  need.copied = uint64_t{1} << 60;
  try {
    require_memory("model", "float32", need, "Free some.");
    FAIL() << "was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kEnvironment);
    EXPECT_THAT(error.what(),
                testing::MatchesRegex("model: needs 1099511627776 MiB as float32 "
                                      "\\(1099511627776 for copies of weights\\), but "
                                      "[0-9]+ MiB are available\\. Free some\\."));
  }
}

}  // namespace
}  // namespace lea::lm
