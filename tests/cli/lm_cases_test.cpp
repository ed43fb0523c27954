// Folders that were refused although transformers and PEFT read them (tests/golden/lm/cases): what
// `lealab lm` computes with them.
#include <nlohmann/json.hpp>

#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kCases = LEA_SOURCE_DIR "/tests/golden/lm/cases/";

class LmCase : public LabCommand, public testing::WithParamInterface<const char*> {};

TEST_P(LmCase, IsScoredAsByTransformersAndPeft) {
  std::ifstream file(kCases + "golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file).at(GetParam());
  const std::string folder = kCases + GetParam();
  std::vector<std::string> command = {
      "lm",      "score",   folder + "/base", "--text-file", folder + "/text.txt",
      "--dtype", "float32", "--json"};
  if (fs::exists(folder + "/adapter"))
    command.insert(command.end(), {"--adapter", folder + "/adapter"});
  const auto result = lealab(command);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto answer = nlohmann::json::parse(result.out);
  EXPECT_EQ(answer.at("ids"), golden.at("ids"));
  const auto ours = answer.at("logprobs").get<std::vector<double>>(),
             theirs = golden.at("logprobs").get<std::vector<double>>();
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-3) << "id " << i + 1;
}

INSTANTIATE_TEST_SUITE_P(Each, LmCase,
                         testing::Values("adapter_resized", "all_linear_word",
                                         "pad_beyond_vocabulary", "weights_without_prefix"),
                         [](const auto& info) { return std::string(info.param); });

class LmPadding : public LabCommand {
 protected:
  lab::ProcessResult lm(const std::string& task) const {
    const std::string option = task == "generate" ? "--prompt-file" : "--text-file";
    return lealab({"lm", task, base_, option, path("text"), "--json"});
  }
  const std::string base_ = kCases + "pad_beyond_vocabulary/base";
};

TEST_F(LmPadding, BeyondTheVocabularyIsRefusedOnlyInATextThatHasIt) {
  write("text", "item <pad> click");
  for (const char* task : {"score", "generate"}) {
    const auto result = lm(task);
    EXPECT_EQ(result.exit_code, 3) << task;
    EXPECT_THAT(result.err,
                HasSubstr("text: has the added token with the id 420, but the model has ids up to "
                          "419 (vocab_size in config.json). Leave the token out, or resize"));
  }
  const auto ids = nlohmann::json::parse(lm("tokenize").out).at("ids");
  EXPECT_NE(std::find(ids.begin(), ids.end(), 420), ids.end()) << "the tokenizer has it";
  const auto shown = lealab({"lm", "show", base_});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("420 (the tokenizer has 421)"));
}

}  // namespace
}  // namespace lea
