#include "core/lm/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json_field.h"
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

// The model llama3_new, which has 48 ids, with a tokenizer that a test makes.
class AddedToken : public ScratchTest {
 protected:
  void SetUp() override {
    fs::copy(tiny_folder("llama3_new"), folder_,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }

  // Of `count` tokens "a0;", "a1;" ..., and `<pad>` with the id `pad`.
  ModelFolder opened(int64_t count, int64_t pad, bool pad_in_vocabulary = false) const {
    nlohmann::json vocabulary;
    for (int64_t id = 0; id < count; ++id) vocabulary["a" + std::to_string(id) + ";"] = id;
    if (pad_in_vocabulary) vocabulary["<pad>"] = pad;
    nlohmann::json token = {{"id", pad}, {"content", "<pad>"}};
    for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) token[flag] = false;
    token["special"] = true;
    const nlohmann::json none = nlohmann::json::array();
    const nlohmann::json model = {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", none}};
    write(
        "tokenizer.json",
        nlohmann::json{{"model", model}, {"added_tokens", nlohmann::json::array({token})}}.dump());
    return open_model(folder_);
  }
};

TEST_F(AddedToken, BeyondTheVocabularyIsRefusedOnlyInATextThatHasIt) {
  for (const bool in_vocabulary : {false, true}) {
    const ModelFolder model = opened(48, 48, in_vocabulary);
    EXPECT_EQ(model.tokenizer.size(), 49);
    EXPECT_EQ(model.tokenizer.ordinary_size(), 48);
    EXPECT_EQ(model.tokenizer.encode("", "text.txt"), std::vector<int64_t>());
    for (const bool whole : {false, true}) {
      EXPECT_EQ(message_of([&] {
                  whole ? model.tokenizer.encode("<pad>", "text.txt")
                        : model.tokenizer.encode_part("<pad>", "text.txt");
                }),
                "text.txt: has the added token with the id 48, but the model has ids up to 47 "
                "(vocab_size in config.json). Leave the token out, or resize the model's "
                "embeddings to the tokenizer with transformers' resize_token_embeddings.");
    }
  }
  EXPECT_EQ(Tokenizer(folder_).encode("<pad>"), std::vector<int64_t>{48}) << "without a model";
}

TEST_F(AddedToken, BeyondTheVocabularyBeginsNoText) {
  opened(48, 48);
  nlohmann::json config = *read_json(path("config.json"));
  config["bos_token_id"] = 48;
  write("config.json", config.dump());
  const ModelFolder model = open_model(folder_);
  EXPECT_THAT(message_of([&] { begin_token(folder_, model.tokenizer); }),
              HasSubstr("config.json: bos_token_id: has the added token with the id 48, but"));
  write("tokenizer_config.json", R"({"bos_token": "<pad>"})");
  EXPECT_THAT(message_of([&] { begin_token(folder_, model.tokenizer); }),
              HasSubstr("tokenizer_config.json: bos_token: has the added token with the id 48, "));
}

TEST_F(AddedToken, DoesNotExcuseOtherTokensBeyondTheVocabulary) {
  EXPECT_EQ(message_of([&] { opened(49, 49); }),
            folder_ +
                ": the tokenizer has ids up to 48, but config.json a vocab_size of 48. They "
                "are of different models.");
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
