// The command that a table without training-free rows prints, called as a user calls it.
#include <nlohmann/json.hpp>

#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class TrainingFreeCommand : public LabCommand {
 protected:
  // Trains one cell on data that is imported from a file, with a split and a protocol of its own.
  void train(const std::string& split) {
    write("spec.yaml", "name: small\ndata: {name: toy, path: interactions.tsv, history: 5}\n" +
                           split +
                           "evaluate: {k: [3, 10], ties: expected}\n"
                           "train: {batch_size: 32, max_steps: 20, validate_every: 10}\n"
                           "backbone: gru4rec\nframework: supervised\nseeds: [1]\nruns: 1\n");
    const auto trained = lealab({"run", path("spec.yaml")});
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
  }
  nlohmann::json table() const {
    const auto shown = lealab({"table", "small", "--format", "json"});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    return nlohmann::json::parse(shown.out);
  }
  // Calls the printed command through a shell, in another folder.
  void expect_the_command_to_work() {
    const auto before = table();
    EXPECT_EQ(before.at("training_free").size(), 0u);
    ASSERT_EQ(before.at("commands").size(), 1u) << before;
    const std::string command = before["commands"][0];
    EXPECT_THAT(lealab({"table", "small"}).out, HasSubstr("\n    " + command + "\n"));
    const std::string programs = std::filesystem::path(LEALAB_PROGRAM).parent_path();
    const auto made = lab::run_process(
        {"env", "-C", "/", "PATH=" + programs + ":/usr/bin:/bin", "sh", "-c", command}, 300);
    ASSERT_EQ(made.exit_code, 0) << command << "\n" << made.out << made.err;
    const auto after = table();
    EXPECT_EQ(after.at("commands").size(), 0u);
    std::vector<std::string> names;
    for (const auto& row : after.at("training_free")) {
      names.push_back(row.at("labels").at("framework"));
      EXPECT_EQ(row.at("experiment"), "toy_training_free");
      EXPECT_EQ(row.at("test").at("ndcg@3").at("n"), 1);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"graph_text", "item_knn", "markov", "popularity",
                                               "vsknn"}));
    EXPECT_EQ(after.at("rows").size(), 1u);
  }
};

TEST_F(TrainingFreeCommand, MakesTheRowsOfASplitBySequence) {
  train("split: {by: sequence, ratios: [0.5, 0.25, 0.25], seed: 3}\n");
  expect_the_command_to_work();
  // Every item is followed by the next one, three times in four, which 20 steps do not learn.
  const std::string text = lealab({"table", "small"}).out;
  EXPECT_THAT(text, ContainsRegex("gru4rec +supervised [^\n]*  below the training-free floor\n"));
  EXPECT_THAT(text, HasSubstr("Training-free: 5 rows, made for toy_training_free; the best "));
  EXPECT_THAT(text, HasSubstr("\nBelow the training-free floor: gru4rec supervised (NDCG@"));
}

TEST_F(TrainingFreeCommand, MakesTheRowsOfASplitByFile) {
  std::string split = "user_id\tpart\n";
  for (int user = 0; user < 120; ++user) {
    split += "u" + std::to_string(user) +
             (user < 80    ? "\ttrain\n"
              : user < 100 ? "\tvalid\n"
                           : "\ttest\n");
  }
  write("the split.tsv", split);
  train("split: {by: file, path: the split.tsv}\n");
  expect_the_command_to_work();
}

}  // namespace
}  // namespace lea
