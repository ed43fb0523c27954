// tokenizer.model beside the files that go with it, and damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/lm/tokenizer/tokenizer.h"
#include "tests/lm/damage.h"

namespace lea::lm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using Ids = std::vector<int64_t>;

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/lm/";

// Messages of Protocol Buffers; appended to one, a field continues it.
std::string integer(size_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
std::string field(size_t number, const std::string& bytes) {
  return integer(number << 3 | 2) + integer(bytes.size()) + bytes;
}
std::string field(size_t number, size_t value) { return integer(number << 3) + integer(value); }

// Fields of a ModelProto.
std::string piece(const std::string& text, size_t type) {
  return field(1, field(1, text) + field(3, type));
}
std::string trainer(const std::string& fields) { return field(2, fields); }
std::string rules(const std::vector<uint32_t>& units, const std::string& texts) {
  const auto bytes = [](const uint32_t* data, size_t count) {
    return std::string(reinterpret_cast<const char*>(data), 4 * count);
  };
  const auto size = static_cast<uint32_t>(4 * units.size());
  return field(3, field(2, bytes(&size, 1) + bytes(units.data(), units.size()) + texts));
}

class SentencePiece : public testing::Test {
 protected:
  SentencePiece() {
    folder_ = (fs::temp_directory_path() / "lea-sentence-piece-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
    use("llama2");
  }
  ~SentencePiece() override { fs::remove_all(folder_); }

  void use(const std::string& model) {
    model_ = read_file(kGolden + "sentencepiece/" + model + "/tokenizer.model");
    write("tokenizer.model", model_);
  }

  void write(const std::string& file, const std::string& bytes) {
    std::ofstream(folder_ + "/" + file, std::ios::binary) << bytes;
  }

  void expect_refused(const testing::Matcher<std::string>& message) {
    try {
      Tokenizer(folder_).encode("Hello <s> w\u00f6rld 123\n");
      ADD_FAILURE() << "was not refused";
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), message);
    }
  }

  void expect_damaged(const std::string& bytes, const std::string& reason) {
    write("tokenizer.model", bytes);
    expect_refused(
        AllOf(HasSubstr("tokenizer.model: is no SentencePiece model, or a damaged one: " + reason),
              HasSubstr("Copy the file again")));
  }

  Ids encode(const std::string& text) { return Tokenizer(folder_).encode(text); }

  std::string folder_, model_;
};

TEST_F(SentencePiece, StandsBackBehindTokenizerJson) {
  fs::copy(kGolden + "tokenizers/gpt2/tokenizer.json", folder_);
  EXPECT_EQ(encode("Hello"), Tokenizer(kGolden + "tokenizers/gpt2").encode("Hello"));
}

TEST_F(SentencePiece, OfAFolderWithoutAnyTokenizerIsMissing) {
  fs::remove(folder_ + "/tokenizer.model");
  expect_refused(
      AllOf(HasSubstr(folder_ + ": has neither tokenizer.json nor tokenizer.model. Copy"),
            HasSubstr("save_pretrained")));
}

TEST_F(SentencePiece, AddsNoIdsUnlessTheConfigSaysSo) {
  const Ids own = encode("Hello");
  EXPECT_EQ(encode(""), Ids());
  write("tokenizer_config.json", R"({"add_bos_token": false, "bos_token": "<s>"})");
  EXPECT_EQ(encode("Hello"), own);
  write("tokenizer_config.json", R"({"add_bos_token": true, "add_eos_token": true})");
  EXPECT_EQ(encode(""), (Ids{1, 2}));
  EXPECT_EQ(Tokenizer(folder_).encode_part("Hello"), own);
}

TEST_F(SentencePiece, AddsTheBosAndEosThatAreNamed) {
  write("tokenizer_config.json", R"({"add_bos_token": true, "bos_token": "</s>",
      "add_eos_token": true, "eos_token": {"content": "<unk>", "lstrip": false}})");
  EXPECT_EQ(encode(""), (Ids{2, 0}));
  write("tokenizer_config.json", R"({"add_bos_token": true, "bos_token": "<|im_start|>",
      "added_tokens_decoder": {"620": {"content": "<|im_start|>", "special": true}}})");
  EXPECT_EQ(encode("<|im_start|>"), (Ids{620, 620}));
  write("special_tokens_map.json", R"({"bos_token": "</s>"})");  // counts before the other
  EXPECT_EQ(encode(""), Ids{2});
  write("special_tokens_map.json", R"({"bos_token": null})");
  EXPECT_EQ(encode(""), Ids());
}

TEST_F(SentencePiece, RefusesSpecialTokensWithoutAnId) {
  const auto expect = [&](const std::string& config, const std::string& message) {
    write("tokenizer_config.json", config);
    expect_refused(AllOf(HasSubstr("tokenizer_config.json: " + message +
                                   " has no id in tokenizer.model, added_tokens_decoder or "
                                   "added_tokens.json; transformers would make one up."),
                         HasSubstr("save_pretrained, which writes tokenizer.json")));
  };
  expect(R"({"bos_token": "<bos>"})", "bos_token: `<bos>`");
  expect(R"({"pad_token": {"content": "[PAD]"}})", "pad_token: `[PAD]`");
  expect(R"({"add_bos_token": true, "bos_token": ""})", "bos_token: ``");
  expect(R"({"additional_special_tokens": ["</s>", "<|im_end|>"]})",
         "additional_special_tokens: `<|im_end|>`");
  expect(R"({"extra_special_tokens": {"image_token": "<img>"}})", "extra_special_tokens: `<img>`");
  write("tokenizer_config.json", R"({"additional_special_tokens": ["</s>"], "bos_token": "",
                                     "pad_token": null})");
  EXPECT_EQ(encode("</s>"), Ids{2});
}

TEST_F(SentencePiece, ReadsTheTokensOfAddedTokensJson) {
  write("added_tokens.json", R"({"[PAD]": 621, "<|im_start|>": 620})");
  write("tokenizer_config.json", R"({"pad_token": "[PAD]"})");
  EXPECT_EQ(encode("<|im_start|>[PAD]"), (Ids{620, 621}));
  EXPECT_EQ(Tokenizer(folder_).size(), 622);
  write("added_tokens.json", R"({"[PAD]": 625})");
  expect_refused(
      HasSubstr("added_tokens.json: `[PAD]` has the id 625, but Hugging Face's "
                "tokenizers give it 620"));
  write("added_tokens.json", R"({"[PAD]": "x"})");
  expect_refused(HasSubstr("added_tokens.json: [PAD]: must be an integer"));
  write("added_tokens.json", R"({"[PAD]": -1})");
  expect_refused(HasSubstr("added_tokens.json: [PAD]: is no token with a valid id"));
  // Where there is the newer list, the older one is not read.
  write("tokenizer_config.json",
        R"({"added_tokens_decoder": {"620": {"content": "<x>"}}, "pad_token": "<x>"})");
  EXPECT_EQ(encode("<x>"), Ids{620});
}

TEST_F(SentencePiece, GoesOnBehindATokenWithoutAPrefix) {
  const Ids begun = encode("x"), text = encode("x<s>x");
  ASSERT_EQ(begun.size(), 2u);  // the prefix is a piece of its own
  EXPECT_EQ(text, (Ids{begun[0], begun[1], 1, begun[1]}));
  EXPECT_EQ(encode("<s>x"), (Ids{1, begun[1]}));
  EXPECT_EQ(encode("<s> x"), (Ids{1, begun[0], begun[1]}));
  write("tokenizer_config.json", R"({"legacy": true})");
  EXPECT_EQ(encode("x<s>x"), (Ids{begun[0], begun[1], 1, begun[0], begun[1]}));
  write("tokenizer_config.json", R"({"legacy": true, "add_prefix_space": false})");
  EXPECT_EQ(encode("x<s>x"), (Ids{begun[1], 1, begun[1]}));
}

TEST_F(SentencePiece, KeepsOneSpaceBehindATokenWhereExtraSpacesAreRemoved) {
  use("user_defined");
  EXPECT_EQ(encode("<s> x"), encode("<s>   x  "));
  EXPECT_NE(encode("<s> x"), encode("<s>x"));
}

TEST_F(SentencePiece, CutsItsOwnTokensAndThenNormalizedOnesOutOfAText) {
  EXPECT_EQ(encode("</s><unk><s>"), (Ids{2, 0, 1}));
  write("tokenizer_config.json", R"({"added_tokens_decoder": {
      "620": {"content": "ab", "normalized": true}, "621": {"content": "bc", "normalized": false},
      "1": {"content": "<s>", "rstrip": true, "normalized": true}}})");
  EXPECT_EQ(encode("<s> \nab<s>bc"), (Ids{1, 620, 1, 621}));
  EXPECT_EQ(encode("<s>abc"), (Ids{1, encode("<s>a")[1], 621}));
}

TEST_F(SentencePiece, CountsAddedTokensInItsSize) {
  EXPECT_EQ(Tokenizer(folder_).size(), 620);
  write("tokenizer_config.json", R"({"added_tokens_decoder": {"620": {"content": "<pad>"}}})");
  EXPECT_EQ(Tokenizer(folder_).size(), 621);
  EXPECT_EQ(encode("<pad>"), Ids{620});
}

TEST_F(SentencePiece, RefusesAddedTokensThatContradictIt) {
  write("tokenizer_config.json", R"({"added_tokens_decoder": {"5": {"content": "</s>"}}})");
  expect_refused(
      HasSubstr("tokenizer_config.json: added_tokens_decoder: `</s>` has the id 5, but "
                "Hugging Face's tokenizers give it 2"));
  for (const char* tokens : {"[]", "{\"x\": {}}", "{\"-\": {}}", "{\"5\": 5}", "{\"5 \": {}}"}) {
    write("tokenizer_config.json", std::string("{\"added_tokens_decoder\": ") + tokens + "}");
    expect_refused(HasSubstr("added_tokens_decoder: must be an object of ids and tokens"));
  }
}

TEST_F(SentencePiece, RefusesOtherKindsOfModels) {
  write("tokenizer.model", model_ + trainer(field(3, 4)));
  expect_refused(
      HasSubstr("tokenizer.model: model_type 4 is not supported; supported: 1 (unigram), 2 (bpe)"));
}

TEST_F(SentencePiece, SaysWhatIsDamaged) {
  expect_damaged(model_.substr(0, model_.size() / 2), "it ends too early");
  expect_damaged("\x0e", "a field has no valid kind");
  expect_damaged(model_ + std::string("\0x", 2), "a field has no valid number");
  expect_damaged(model_ + std::string(12, '\xff'), "an integer does not end");
  expect_damaged(model_ + piece(std::string("a\0b", 3), 1), "a piece has a zero byte");
  write("tokenizer.model", "");
  expect_refused(HasSubstr("tokenizer.model: SentencePiece refuses it: unk is not defined."));
  write("tokenizer.model", model_ + piece("<s>", 3));
  expect_refused(HasSubstr("tokenizer.model: SentencePiece refuses it: <s> is already defined."));
}

TEST_F(SentencePiece, RefusesSymbolsThatWouldOverrunTheLibrary) {
  std::string symbols;
  for (size_t length = 1; length <= 64; ++length) symbols += piece(std::string(length, '%'), 4);
  write("tokenizer.model", model_ + symbols);
  EXPECT_NO_THROW(encode(std::string(100, '%')));
  expect_damaged(model_ + symbols + piece(std::string(65, '%'), 4),
                 "too many of its user-defined symbols begin alike");
}

// A double array of rules for "a", "aa" and so on. Node `i` of the chain lies in block `i` at 'a'
// and leads to block `i + 1`, which begins with its leaf.
std::vector<uint32_t> chain(uint32_t length) {
  constexpr uint32_t kLeaf = 0x80000000, kHasLeaf = 0x100;
  std::vector<uint32_t> units(size_t{256} * (length + 2), kLeaf);
  units[0] = 256 << 10;
  for (uint32_t i = 1; i <= length; ++i) {
    const uint32_t here = 256 * i ^ 'a', there = 256 * (i + 1);
    units[here] = (here ^ there) << 10 | kHasLeaf | 'a';
  }
  return units;
}

TEST_F(SentencePiece, RefusesRulesThatWouldOverrunTheLibrary) {
  const std::string texts("b\0", 2);
  write("tokenizer.model", model_ + rules(chain(32), texts));
  EXPECT_EQ(encode(std::string(64, 'a')), encode("bb"));
  const auto expect = [&](const std::vector<uint32_t>& units, const std::string& reason) {
    expect_damaged(model_ + rules(units, texts), reason);
  };
  expect(chain(33), "too many normalisation rules begin alike");
  expect({}, "its normalisation rules are empty");
  auto units = chain(1);
  units[0] = 1024 << 10;
  expect(units, "a normalisation rule leads nowhere");
  units = chain(1);
  units[512] += 2;
  expect(units, "a normalisation rule has no text");
  units = chain(1);
  units[256 ^ 'a'] = 'a' << 10 | 'a';  // to itself
  expect(units, "a normalisation rule does not end");
  expect_damaged(model_ + field(3, field(2, "abc")), "its normalisation rules are cut short");
  expect_damaged(model_ + field(3, field(2, "1234abcd")), "its normalisation rules are cut short");
}

TEST_F(SentencePiece, RefusesATextThatIsTooLongForTheLibrary) {
  const Tokenizer tokenizer(folder_);
  try {
    tokenizer.encode(std::string((64 << 20) + 1, 'a'));
    ADD_FAILURE() << "was not refused";
  } catch (const DataError& error) {
    EXPECT_STREQ(
        error.what(),
        "a text of 67108865 bytes is too long for SentencePiece: split it into parts of at "
        "most 67108864 bytes.");
  }
}

TEST_F(SentencePiece, IsRefusedOrUsedWhenItIsDamaged) {
  std::mt19937_64 random(7);
  for (const char* name : {"llama2", "nmt_nfkc", "user_defined", "bare"}) {
    use(name);
    int used = 0, refused = 0;
    for (int i = 0; i < 200; ++i) {
      write("tokenizer.model",
            i % 10 ? damaged(model_, "", &random) : model_.substr(0, random() % model_.size()));
      try {
        const Tokenizer tokenizer(folder_);
        const Ids ids = tokenizer.encode("Hello <s> w\u00f6rld\u3000123 the \ufb01\n");
        for (const int64_t id : ids) ASSERT_LT(id, tokenizer.size());
        tokenizer.decode(ids);
        ++used;
      } catch (const DataError& error) {
        ++refused;
        EXPECT_THAT(error.what(), HasSubstr("tokenizer.model: "));
      }
    }
    EXPECT_GT(used, 2) << name;
    EXPECT_GT(refused, 50) << name;
  }
}

}  // namespace
}  // namespace lea::lm
