// Compares decoded text with `tokenizers`, SentencePiece and transformers
// (tests/golden/lm/make_decoders.py).
#include "core/lm/tokenizer/token_decoder.h"

#include <gmock/gmock.h>

#include "core/base/json_field.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea::lm {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Ids = std::vector<int64_t>;
using Tokens = std::vector<std::string>;

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/lm/";

class Decoding : public ScratchTest {
 protected:
  Tokenizer made(const json& document) const {
    write("tokenizer.json", document.dump());
    return Tokenizer(folder_);
  }

  static json document_of(const std::string& name) {
    return *read_json(kGolden + "tokenizers/" + name + "/tokenizer.json");
  }

  // The lists of ids that are decoded: those of all texts, and more that no text gives.
  static std::vector<Ids> lists_of(const std::string& folder, const json& golden) {
    auto lists = read_json(kGolden + folder + "/golden.json")->get<std::vector<Ids>>();
    const auto more = golden["more_ids"].get<std::vector<Ids>>();
    lists.insert(lists.end(), more.begin(), more.end());
    return lists;
  }

  static void expect_texts(const Tokenizer& tokenizer, const std::vector<Ids>& lists,
                           const json& texts, const std::string& what) {
    ASSERT_EQ(lists.size(), texts.size()) << what;
    ASSERT_GT(lists.size(), 0u) << what;
    for (size_t i = 0; i < lists.size(); ++i)
      EXPECT_EQ(tokenizer.decode(lists[i]), texts[i].get<std::string>()) << what << ", list " << i;
  }

  std::string refusal(const json& decoder) const {
    json document = document_of("gpt2");
    document["decoder"] = decoder;
    std::string message = message_of([&] { made(document); });
    std::string where = path("tokenizer.json");
    where += ": decoder: ";
    return message.starts_with(where) ? message.substr(where.size()) : message;
  }

  const json golden_ = *read_json(kGolden + "decoders.json");
};

TEST_F(Decoding, GivesTheTextOfTheReferenceStepByStep) {
  const auto lists = golden_["tokens"].get<std::vector<Tokens>>();
  ASSERT_GE(golden_["steps"].size(), 31u);
  for (const json& step : golden_["steps"]) {
    const TokenDecoder decode = make_token_decoder(step["decoder"], "here");
    ASSERT_EQ(step["texts"].size(), lists.size());
    for (size_t i = 0; i < lists.size(); ++i) {
      std::string text;
      for (const std::string& part : decode(lists[i])) text += part;
      if (!step["texts"][i].is_null()) {  // the reference fails there
        EXPECT_EQ(text, step["texts"][i].get<std::string>()) << step["decoder"] << ", list " << i;
      }
    }
  }
}

TEST_F(Decoding, GivesTheTextsOfTheReferenceWithEachTokenizer) {
  ASSERT_EQ(golden_["tokenizers"].size(), 11u);
  for (const json& golden : golden_["tokenizers"]) {
    const std::string name = golden["name"];
    const auto lists = lists_of("tokenizers/" + name, golden);
    for (const json& outcome : golden["outcomes"]) {
      json document = document_of(name);
      document["decoder"] = outcome["decoder"];
      expect_texts(made(document), lists, outcome["texts"], name);
    }
  }
}

TEST_F(Decoding, LeavesOutAndShowsAddedTokensAsTheReferenceDoes) {
  ASSERT_EQ(golden_["documents"].size(), 5u);
  for (const json& golden : golden_["documents"]) {
    const json& document = golden["document"];
    expect_texts(made(document), golden["ids"].get<std::vector<Ids>>(), golden["texts"],
                 document.dump());
  }
}

TEST_F(Decoding, GivesTheTextsOfSentencePiece) {
  ASSERT_EQ(golden_["sentencepiece"].size(), 4u);
  for (const json& golden : golden_["sentencepiece"]) {
    const std::string folder = "sentencepiece/" + golden["name"].get<std::string>();
    expect_texts(Tokenizer(kGolden + folder), lists_of(folder, golden), golden["texts"], folder);
  }
}

TEST_F(Decoding, RemovesSpacesBeforePunctuationWhereTransformersDoes) {
  ASSERT_EQ(golden_["clean_up"].size(), 16u);
  for (const json& golden : golden_["clean_up"]) {
    json document = document_of(golden["name"]);
    document["decoder"] = golden["decoder"];
    write("tokenizer_config.json", golden["config"].dump());
    expect_texts(made(document), golden["ids"].get<std::vector<Ids>>(), golden["texts"],
                 golden["name"].get<std::string>() + golden["config"].dump());
  }
  write("tokenizer_config.json", R"({"clean_up_tokenization_spaces": "yes"})");
  EXPECT_THAT(message_of([&] { made(document_of("unigram")); }),
              HasSubstr("tokenizer_config.json: clean_up_tokenization_spaces: must be true or"));
}

TEST_F(Decoding, RefusesADecoderThatTheReferenceDoesNotHave) {
  EXPECT_EQ(refusal({{"type", "Morse"}}),
            "type: `Morse` is not supported; supported: BPEDecoder, ByteFallback, ByteLevel, CTC, "
            "Fuse, Metaspace, Replace, Sequence, Strip, WordPiece");
  EXPECT_EQ(refusal({{"type", "Sequence"}}), "decoders: is missing");
  EXPECT_THAT(refusal(json::parse(R"({"type": "Sequence", "decoders": [{"type": "Morse"}]})")),
              testing::StartsWith("decoders: type: `Morse` is not supported; supported: BPE"));
  EXPECT_EQ(refusal(json::parse(R"({"type": "Sequence", "decoders": [null]})")),
            "decoders: must be an object, but is null");
  EXPECT_EQ(refusal({{"type", "Strip"}, {"content", "ab"}, {"start", 1}, {"stop", 0}}),
            "content: must be one character, but is `ab`");
  EXPECT_EQ(refusal({{"type", "Strip"}, {"content", "a"}, {"start", -1}, {"stop", 0}}),
            "start: must be at least 0, but is -1");
  EXPECT_EQ(refusal({{"type", "WordPiece"}, {"prefix", "##"}}), "cleanup: is missing");
  EXPECT_EQ(refusal({{"type", "Metaspace"}, {"replacement", ""}}),
            "replacement: must be one character, but is ``");
}

// A folder with the tokenizer.model `llama2`, whose pieces are 0 to 619, and other files.
class DecodingPieces : public ScratchTest {
 protected:
  DecodingPieces() {
    std::filesystem::copy(kGolden + "sentencepiece/llama2/tokenizer.model", folder_);
  }
  std::string decode(const Ids& ids) const { return Tokenizer(folder_).decode(ids); }
};

TEST_F(DecodingPieces, ShowsTheUnknownTokenAsASignAndNoControlToken) {
  const Ids hello = Tokenizer(folder_).encode("Hello");
  EXPECT_EQ(decode(hello), "Hello");
  Ids framed = {1};
  framed.insert(framed.end(), hello.begin(), hello.end());
  framed.insert(framed.end(), {0, 2});
  EXPECT_EQ(decode(framed), "Hello \u2047 ");
  write("tokenizer_config.json", R"({"unk_token": "<unk>", "bos_token": "<s>"})");
  EXPECT_EQ(decode(framed), "Hello \u2047 ");
}

TEST_F(DecodingPieces, LeavesOutAddedTokensThatAFileNamesAsSpecial) {
  write("added_tokens.json", R"({"[PAD]": 620, "[user]": 621})");
  const Ids x = Tokenizer(folder_).encode("x");
  EXPECT_EQ(decode({x[0], x[1], 620, 621, x[0], x[1]}), "x[PAD][user] x");
  write("tokenizer_config.json", R"({"pad_token": "[PAD]"})");
  EXPECT_EQ(decode({620, x[0], x[1], 620, 621, x[1]}), "x[user]x");
  EXPECT_EQ(decode({621, x[0], x[1]}), "[user] x");
}

TEST_F(DecodingPieces, GivesNothingForIdsThatNoTokenHas) {
  const Ids x = Tokenizer(folder_).encode("x");
  EXPECT_EQ(decode({-1, x[0], 620, x[1], 1'000'000'000'000}), "x");
  EXPECT_EQ(decode({}), "");
}

}  // namespace
}  // namespace lea::lm
