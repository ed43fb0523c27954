// Compares tokenizers of each kind with the `tokenizers` library
// (tests/golden/lm/make_tokenizers.py) and with SentencePiece (make_sentencepiece.py).
#include "core/lm/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "core/base/error.h"
#include "core/base/json_field.h"

namespace lea::lm {
namespace {

using nlohmann::json;
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

// A tokenizer that needs time quadratic in the length would exceed the test's time limit.
TEST_P(TokenizerGolden, GivesTheIdsOfTheReferenceForATextOfAMegabyte) {
  const std::string folder = kGolden + GetParam();
  const auto texts = read_json(kGolden + "texts.json")->get<std::vector<std::string>>();
  std::string part, text;
  for (const std::string& line : texts) part += line + '\n';
  while (text.size() < 1'000'000) text += part;
  const json golden = read_json(folder + "/long.json").value();
  const Ids ids = Tokenizer(folder).encode(text);
  EXPECT_EQ(ids.size(), golden.at("count"));
  const uint64_t sum = std::accumulate(
      ids.begin(), ids.end(), uint64_t{0},
      [](uint64_t so_far, int64_t id) { return so_far * 31 + static_cast<uint64_t>(id); });
  // In these two unigram models rounding decides between equal scores, and releases of
  // SentencePiece round differently.
  const std::string name = std::filesystem::path(GetParam()).filename();
  ASSERT_EQ(golden.contains("sum"), name != "bare" && name != "nmt_nfkc");
  if (golden.contains("sum")) {
    EXPECT_EQ(sum, golden.at("sum"));
  }
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

// A folder for a tokenizer.json that is written by hand.
class TokenizerJson : public testing::Test {
 protected:
  TokenizerJson() {
    folder_ = (std::filesystem::temp_directory_path() / "lea-tokenizer-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
    for (const auto& rule : rules_["documents"]) {
      if (rule["document"]["model"]["type"] == "Unigram") unigram_ = rule["document"];
    }
  }
  ~TokenizerJson() override { std::filesystem::remove_all(folder_); }

  Tokenizer made(const json& document) {
    std::ofstream(folder_ + "/tokenizer.json") << document;
    return Tokenizer(folder_);
  }

  void expect_refused(const json& document, const std::string& message) {
    try {
      made(document).encode("ab\u00e9");
      ADD_FAILURE() << "was not refused: " << message;
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("tokenizer.json: " + message));
    }
  }

  static json token(int64_t id, const std::string& content) {
    return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
            {"rstrip", false}, {"normalized", false}, {"special", true}};
  }

  std::string folder_;
  const json rules_ = *read_json(kGolden + "rules.json");
  json plain_ = rules_["documents"][0]["document"], unigram_;
};

TEST_F(TokenizerJson, GivesTheIdsOfTheReferenceRuleByRule) {
  ASSERT_GE(rules_["documents"].size(), 17u);
  for (const json& rule : rules_["documents"]) {
    const Tokenizer tokenizer = made(rule["document"]);
    ASSERT_GT(rule["texts"].size(), 0u);
    ASSERT_EQ(rule["texts"].size(), rule["ids"].size());
    for (size_t i = 0; i < rule["texts"].size(); ++i) {
      EXPECT_EQ(tokenizer.encode(rule["texts"][i].get<std::string>()), rule["ids"][i].get<Ids>())
          << rule["texts"][i] << " " << rule["document"].dump();
    }
  }
}

TEST_F(TokenizerJson, RefusesAddedTokensWithOtherIdsThanTheReferenceGives) {
  const auto expect = [&](const json& tokens, const std::string& message) {
    plain_["added_tokens"] = tokens;
    expect_refused(plain_, "added_tokens: " + message);
  };
  expect(json::array({token(9, "<x>")}),
         "`<x>` has the id 9, but Hugging Face's tokenizers give it 5: that of the vocabulary, "
         "else the next free one, whatever the file says. Correct the file, or save the tokenizer "
         "again with transformers' save_pretrained.");
  expect(json::array({token(7, "b")}), "`b` has the id 7, but Hugging Face's tokenizers give it 1");
  expect({token(5, "<x>"), token(7, "<y>")}, "`<y>` has the id 7, but Hugging Face's tokenizers");
  expect({token(5, "<x>"), token(6, "<x>")}, "`<x>` has the id 6, but Hugging Face's tokenizers");
  plain_["model"]["vocab"] = {{"a", 0}, {"b", 1}, {"<z>", 2 + 1}};
  expect({token(3, "<z>"), token(3, "<y>")},
         "`<z>` and `<y>` have the same id 3. Correct the file, or copy it again");
}

TEST_F(TokenizerJson, RefusesAddedTokensThatTheNormalizerMakesEqual) {
  json first = token(5, "<X>"), second = token(6, "<x>");
  first["normalized"] = second["normalized"] = true;
  plain_["added_tokens"] = {first, second};
  EXPECT_NO_THROW(made(plain_));
  plain_["normalizer"] = {{"type", "Lowercase"}};
  expect_refused(plain_,
                 "added_tokens: `<X>` and `<x>` are both `<x>` in the normalised text. "
                 "Make one of them `normalized: false`.");
}

TEST_F(TokenizerJson, RefusesAddedTokensThatLackAFlag) {
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized", "special"}) {
    json lacking = token(5, "<x>");
    lacking.erase(flag);
    plain_["added_tokens"] = json::array({lacking});
    expect_refused(plain_, std::string("added_tokens: ") + flag + ": is missing");
    plain_["added_tokens"][0][flag] = nullptr;
    expect_refused(plain_, std::string("added_tokens: ") + flag + ": must be true or false");
  }
}

TEST_F(TokenizerJson, RefusesTheCutAtWhichTheReferenceFails) {
  json first = token(5, "<x>"), second = token(4, "\n");
  first["rstrip"] = second["lstrip"] = true;
  plain_["added_tokens"] = {first, second};
  const Tokenizer tokenizer = made(plain_);
  EXPECT_EQ(tokenizer.encode("<x>a \n"), (Ids{5, 0, 4}));
  try {
    tokenizer.encode("<x> \n b");
    ADD_FAILURE() << "was not refused";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the text cannot be cut: `\\x0a` stands in the space "
                                        "behind a token that takes it (rstrip)"));
  }
}

TEST_F(TokenizerJson, RefusesTemplatesThatTheReferenceReadsOtherwise) {
  const json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const auto of = [](const json& single) {
    return json{
        {"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", json::object()}};
  };
  plain_["post_processor"] = of(json::array({text}));
  EXPECT_EQ(made(plain_).encode("ab"), (Ids{0, 1}));
  plain_["post_processor"] = {
      {"type", "Sequence"},
      {"processors", json::array({of(json::array({text})), of(json::array({text}))})}};
  expect_refused(plain_,
                 "post_processor: processors: type: a second TemplateProcessing is not supported");
  plain_["post_processor"] = of(json::array({{{"Sequence", {{"id", "B"}, {"type_id", 0}}}}}));
  expect_refused(plain_, "post_processor: single: names a text `B`, but there is only one, `A`");
}

TEST_F(TokenizerJson, RefusesAnUnknownCharacterWithoutATokenForIt) {
  expect_refused(unigram_,
                 "model: the vocabulary lacks `\u00e9`, which a text holds, and unk_id "
                 "names no token for it. The reference fails there as well: leave the "
                 "character out.");
  unigram_["model"]["unk_id"] = -1;
  expect_refused(unigram_, "model: unk_id: is not in the vocabulary");
  unigram_["model"]["unk_id"] = 2;
  expect_refused(unigram_, "model: unk_id: is not in the vocabulary");
}

TEST_F(TokenizerJson, RefusesAddedTokensOfWhichTheNormalizerLeavesNothing) {
  json blank = token(5, "  ");
  blank["normalized"] = true;
  plain_["normalizer"] = {{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}};
  plain_["added_tokens"] = {blank};
  EXPECT_NO_THROW(made(plain_)) << "it is found nowhere";
  plain_["added_tokens"][0]["rstrip"] = true;
  expect_refused(plain_, "added_tokens: `  ` is nothing in the normalised text");
}

TEST_F(TokenizerJson, RefusesAMetaspaceThatContradictsItself) {
  json& step = plain_["pre_tokenizer"];
  step = {{"type", "Metaspace"}, {"replacement", "_"}, {"add_prefix_space", false}};
  const std::string message = "pre_tokenizer: add_prefix_space: is false, but prepend_scheme is ";
  expect_refused(plain_, message + "`always`; say the same in both: `never`, or true");
  step["prepend_scheme"] = "first";
  expect_refused(plain_, message + "`first`");
  step["prepend_scheme"] = "never";
  EXPECT_NO_THROW(made(plain_));
  step["replacement"] = "ab";
  expect_refused(plain_, "pre_tokenizer: replacement: must be one character, but is `ab`");
  step.erase("replacement");
  expect_refused(plain_, "pre_tokenizer: replacement: is missing");
}

TEST_F(TokenizerJson, IsNoFolderAndNeitherIsTokenizerModel) {
  for (const char* name : {"/tokenizer.json", "/tokenizer.model"}) {
    std::filesystem::create_directory(folder_ + name);
    try {
      const Tokenizer tokenizer(folder_);
      ADD_FAILURE() << name << " was not refused";
    } catch (const DataError& error) {
      EXPECT_EQ(error.what(), folder_ + name + ": cannot be read: it is a folder");
    }
    std::filesystem::remove(folder_ + name);
  }
}

TEST(Tokenizer, SaysThatThereIsNoSuchFolder) {
  try {
    Tokenizer("/nonexistent/model");
    ADD_FAILURE() << "was not refused";
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "/nonexistent/model: there is no such folder.");
  }
}

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
