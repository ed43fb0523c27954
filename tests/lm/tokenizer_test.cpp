// Tokenizers of each kind against the `tokenizers` library (tests/golden/lm/make_tokenizers.py) and
// against SentencePiece (make_sentencepiece.py).
#include "core/lm/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

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

// One that takes a square of its length would run into the test's time limit.
TEST_P(TokenizerGolden, GivesTheIdsOfTheReferenceForATextOfAMegabyte) {
  const std::string folder = kGolden + GetParam();
  const auto texts = read_json(kGolden + "texts.json")->get<std::vector<std::string>>();
  std::string part, text;
  for (const std::string& line : texts) part += line + '\n';
  while (text.size() < 1'000'000) text += part;
  const auto golden = read_json(folder + "/long.json");
  const Ids ids = Tokenizer(folder).encode(text);
  EXPECT_EQ(ids.size(), golden->at("count"));
  const uint64_t sum = std::accumulate(
      ids.begin(), ids.end(), uint64_t{0},
      [](uint64_t so_far, int64_t id) { return so_far * 31 + static_cast<uint64_t>(id); });
  EXPECT_EQ(sum, golden->value("sum", sum));  // absent where releases of the reference differ
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
