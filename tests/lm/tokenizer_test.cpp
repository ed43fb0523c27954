// Tokenizers of each kind against the `tokenizers` library (tests/golden/lm/make_tokenizers.py) and
// against SentencePiece (make_sentencepiece.py).
#include "core/lm/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/spec/error.h"
#include "core/spec/json_field.h"

namespace lea::lm {
namespace {

using testing::HasSubstr;
using Ids = std::vector<int64_t>;

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/lm/";

class TokenizerGolden : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerGolden, GivesTheIdsOfTheReferenceForEveryText) {
  const std::string folder = kGolden + GetParam();
  const Tokenizer tokenizer(folder);
  const auto texts = read_json(kGolden + "texts.json")->get<std::vector<std::string>>();
  const auto golden = read_json(folder + "/golden.json")->get<std::vector<Ids>>();
  ASSERT_EQ(texts.size(), golden.size());
  for (size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(tokenizer.encode(texts[i]), golden[i]) << "text " << i << ": " << texts[i];
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  return std::filesystem::path(info.param).filename();
}

INSTANTIATE_TEST_SUITE_P(Json, TokenizerGolden,
                         testing::Values("tokenizers/gpt2", "tokenizers/prefix_space",
                                         "tokenizers/smollm2", "tokenizers/llama3",
                                         "tokenizers/qwen", "tokenizers/tekken",
                                         "tokenizers/llama2_legacy", "tokenizers/llama2_first",
                                         "tokenizers/metaspace_split", "tokenizers/unigram",
                                         "tokenizers/unigram_bytes"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(SentencePiece, TokenizerGolden,
                         testing::Values("sentencepiece/llama2", "sentencepiece/nmt_nfkc",
                                         "sentencepiece/user_defined", "sentencepiece/bare"),
                         name_of);

TEST(Tokenizer, SaysWhichByteIsNotUtf8) {
  const Tokenizer tokenizer(kGolden + "tokenizers/gpt2");
  for (const auto& [text, byte] : std::vector<std::pair<std::string, int>>{{"\xff", 0},
                                                                           {"abc\x80", 3},
                                                                           {"\xc3\xa9\xc3", 2},
                                                                           {"x\xed\xa0\x80", 1},
                                                                           {"\xf4\x90\x80\x80", 0},
                                                                           {"\xc0\xaf", 0}}) {
    try {
      tokenizer.encode(text, "notes.txt");
      ADD_FAILURE() << byte;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr("notes.txt: byte " + std::to_string(byte) + " is not valid UTF-8"));
    }
  }
}

}  // namespace
}  // namespace lea::lm
