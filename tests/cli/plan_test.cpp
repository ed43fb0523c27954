// `lealab plan` as a user calls it: what `run` would refuse, it refuses, and what it estimates is
// near to what the runs take.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/files.h"
#include "core/lab/disk.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

// The lab is an empty folder at first, because a plan for a lab that is named wants one.
class PlanCommand : public LabCommand {
 protected:
  PlanCommand() { fs::create_directory(path("lab")); }
  // A spec of one baseline, which needs no training, with lines added.
  void baseline(const std::string& lines) const {
    write("spec.yaml", "name: small\nframework: popularity\nseeds: [1]\n" + lines);
  }
  lab::ProcessResult plan(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"plan", path("spec.yaml")});
    return lealab(more);
  }
  nlohmann::json plan_json() const { return nlohmann::json::parse(plan({"--json"}).out); }

  // Every file and folder of the lab with its time.
  std::map<std::string, fs::file_time_type> lab_files() const {
    std::map<std::string, fs::file_time_type> files;
    for (const auto& entry : fs::recursive_directory_iterator(path("lab")))
      files[entry.path()] = entry.last_write_time();
    return files;
  }

  // Returns the message with which both `plan` and `run` refuse the spec, having written nothing.
  std::string refusal() const {
    const auto before = lab_files();
    const auto planned = plan();
    EXPECT_EQ(planned.exit_code, 3) << planned.out << planned.err;
    const auto ran = lealab({"run", path("spec.yaml")});
    EXPECT_EQ(ran.exit_code, 3) << ran.out << ran.err;
    EXPECT_EQ(planned.err, ran.err);
    EXPECT_TRUE(lab_files() == before) << "something was written";
    return planned.err;
  }
  void import_toy() const {
    ASSERT_EQ(lealab({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  }
};

TEST_F(PlanCommand, RefusesADataSetThatIsNowhere) {
  baseline("data: {name: toy}\n");
  EXPECT_THAT(refusal(), HasSubstr("has no data set toy. Import it with `lealab data import toy"));
}

TEST_F(PlanCommand, RefusesAPathWithoutAFile) {
  baseline("data: {name: toy, path: nowhere.tsv}\n");
  EXPECT_THAT(refusal(), HasSubstr("nowhere.tsv: there is no such file or folder."));
}

TEST_F(PlanCommand, RefusesAFileThatCannotBeImported) {
  write("bad.tsv", "user_id\titem_id\ttimestamp\nu\ta\tyesterday\n");
  baseline("data: {name: toy, path: bad.tsv}\n");
  EXPECT_THAT(refusal(), HasSubstr("bad.tsv:2:5: the timestamp must be a number"));
}

TEST_F(PlanCommand, RefusesFiltersThatDropEverything) {
  baseline("data: {name: toy, path: interactions.tsv, min_sequence: 11}\n");
  EXPECT_THAT(refusal(), HasSubstr("drop all 1200 interactions"));
}

TEST_F(PlanCommand, RefusesASourceThatIsNotTheLabsDataSetOfThatName) {
  import_toy();
  write_interactions(/*seed=*/2);
  baseline("data: {name: toy, path: interactions.tsv}\n");
  EXPECT_THAT(refusal(), HasSubstr("another data set has this name"));
}

TEST_F(PlanCommand, RefusesFiltersThatTheLabsDataDoesNotSatisfy) {
  import_toy();
  baseline("data: {name: toy, min_sequence: 11}\n");
  EXPECT_THAT(refusal(), HasSubstr("data.min_sequence: the spec wants 11, but the lab's data set "
                                   "toy was imported with 0"));
}

TEST_F(PlanCommand, RefusesDataOfStrongerFilters) {
  ASSERT_EQ(
      lealab({"data", "import", "toy", path("interactions.tsv"), "--min-sequence", "5"}).exit_code,
      0);
  baseline("data: {name: toy, min_sequence: 3}\n");
  EXPECT_THAT(refusal(), HasSubstr("wants 3, but the lab's data set toy was imported with 5"));
}

TEST_F(PlanCommand, AcceptsDataThatAlreadySatisfiesTheFilters) {
  import_toy();
  baseline("data: {name: toy, min_sequence: 10, min_item: 2, filter: stable}\n");
  EXPECT_EQ(plan().exit_code, 0) << plan().err;
  const auto run = lealab({"run", path("spec.yaml")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
}

TEST_F(PlanCommand, JudgesDataOfUnknownOriginByItsContent) {
  import_toy();
  const std::string file = path("lab/data/toy/dataset.json");
  auto description = nlohmann::json::parse(read_file(file));
  description.erase("source");
  publish_file(file, description.dump());
  baseline("data: {name: toy, min_sequence: 10}\n");
  EXPECT_EQ(plan().exit_code, 0) << plan().err;
  baseline("data: {name: toy, min_sequence: 11}\n");
  EXPECT_THAT(refusal(), HasSubstr("wants 11, but the lab's data set toy has a sequence with 10"));
}

// The lab's data set has options that no spec states, and its file is the one that the spec names.
TEST_F(PlanCommand, TakesADataSetThatWasImportedByHandFromTheFileOfTheSpec) {
  std::string text = read_file(path("interactions.tsv"));
  std::replace(text.begin(), text.end(), '\t', ',');
  write("own.csv", text);
  baseline("data: {name: own, path: own.csv}\n");
  EXPECT_THAT(refusal(),
              HasSubstr("own.csv:1:1: the first line has no tab, but 2 commas. Import it "
                        "with `--separator ,`."));
  ASSERT_EQ(lealab({"data", "import", "own", path("own.csv"), "--separator", ","}).exit_code, 0);
  EXPECT_EQ(plan().exit_code, 0) << plan().err;
  write("own.csv", text + "u0,i1,99\n");
  EXPECT_THAT(refusal(), HasSubstr("own.csv: is not the file from which the lab's data set was "
                                   "imported."));
}

TEST_F(PlanCommand, RefusesASplitFileThatLacksSequences) {
  write("split.tsv", "user_id\tpart\nu0\ttrain\nu1\tvalid\nu2\ttest\n");
  baseline("data: {name: toy, path: interactions.tsv}\nsplit: {by: file, path: split.tsv}\n");
  EXPECT_THAT(refusal(), HasSubstr("split.tsv: gives no part to 117 sequences, the first is `u3`"));
  import_toy();
  EXPECT_THAT(refusal(), HasSubstr("split.tsv: gives no part to 117 sequences"));
}

TEST_F(PlanCommand, RefusesASplitFileOfAnotherDataSet) {
  write("split.tsv", "user_id\tpart\nsomebody\ttrain\n");
  baseline("data: {name: toy, path: interactions.tsv}\nsplit: {by: file, path: split.tsv}\n");
  EXPECT_THAT(refusal(), HasSubstr("split.tsv:2:1: the data set has no sequence `somebody`."));
}

TEST_F(PlanCommand, RefusesASplitByTimeOfPositions) {
  baseline("data: {name: toy, path: interactions.tsv}\nsplit: {by: time}\n");
  EXPECT_THAT(refusal(), HasSubstr("its timestamps are only positions"));
  import_toy();
  EXPECT_THAT(refusal(), HasSubstr("its timestamps are only positions"));
}

TEST_F(PlanCommand, RefusesASplitWithoutTheEventsThatARunNeeds) {
  baseline("data: {name: toy, path: interactions.tsv}\nsplit: {ratios: [0.9, 0.1, 0]}\n");
  EXPECT_THAT(refusal(), HasSubstr("split: leaves no interaction for test"));
  baseline("data: {name: toy, path: interactions.tsv}\nsplit: {ratios: [0.9, 0, 0.1]}\n");
  EXPECT_EQ(plan().exit_code, 0) << "a baseline selects no step";
  write("spec.yaml",
        "name: small\ndata: {name: toy, path: interactions.tsv}\nframework: supervised\n"
        "backbone: gru4rec\nseeds: [1]\nsplit: {ratios: [0.9, 0, 0.1]}\n");
  EXPECT_THAT(refusal(), HasSubstr("split: leaves no interaction for valid, which is needed to "
                                   "select the best step"));
}

TEST_F(PlanCommand, ChecksEverySplitOfAnAxisBeforeAnythingIsImported) {
  baseline(
      "data: {name: toy, path: interactions.tsv}\n"
      "grid: {split.by: [sequence, last_one, time]}\n");
  EXPECT_THAT(refusal(), HasSubstr("its timestamps are only positions"));
}

TEST_F(PlanCommand, RefusesAMisspeltPluginOfAnEnvironmentThatNothingUses) {
  baseline(
      "data: {name: toy, path: interactions.tsv}\n"
      "environments: {mine: {shufled: {of: predefined}}}\n");
  EXPECT_THAT(refusal(),
              HasSubstr("spec.yaml:5:23: environments.mine: unknown environment `shufled`, did you "
                        "mean `shuffled`?"));
}

TEST_F(PlanCommand, WritesNothingAndSaysThatRunImports) {
  baseline("data: {name: toy, path: interactions.tsv}\n");
  const auto planned = plan();
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("data set toy is not in the lab; `run` imports it from "));
  EXPECT_TRUE(fs::is_empty(path("lab")));
}

TEST_F(PlanCommand, RefusesALabThatIsNamedAndMissing) {
  baseline("data: {name: toy, path: interactions.tsv}\n");
  fs::remove(path("lab"));
  const std::string advice =
      " names it. Correct the name, or make the folder first to plan for a new lab.\n";
  const auto planned = plan();
  EXPECT_EQ(planned.exit_code, 3) << planned.out;
  EXPECT_EQ(planned.err, path("lab") + ": there is no such folder, and --lab" + advice);
  const auto by_variable = lab::run_process(
      {"/usr/bin/env", "LEALAB=" + path("lab"), LEALAB_PROGRAM, "plan", path("spec.yaml")}, 300);
  EXPECT_EQ(by_variable.exit_code, 3) << by_variable.out;
  EXPECT_EQ(by_variable.err, path("lab") + ": there is no such folder, and LEALAB" + advice);
  EXPECT_FALSE(fs::exists(path("lab")));
}

TEST_F(PlanCommand, NeedsNoLabWhereNoneIsNamed) {
  baseline("data: {name: toy, path: interactions.tsv}\n");
  fs::remove(path("lab"));
  const auto planned = lab::run_process({"/usr/bin/env", "--chdir", folder_, "--unset=LEALAB",
                                         LEALAB_PROGRAM, "plan", path("spec.yaml")},
                                        300);
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("the lab lab does not exist; `run` makes it\n"));
  EXPECT_FALSE(fs::exists(path("lab")));
}

TEST_F(PlanCommand, TwoImportsOfOneDataSetAtOnceBothEndWell) {
  lab::ProcessResult results[2];
  std::vector<std::thread> importers;
  for (lab::ProcessResult& result : results) {
    importers.emplace_back([this, &result] {
      result = lealab({"data", "import", "toy", path("interactions.tsv")});
    });
  }
  for (std::thread& importer : importers) importer.join();
  for (const lab::ProcessResult& result : results) EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(path("lab/data")), {}), 1);
}

TEST_F(PlanCommand, CountsASingleRunWithoutAxesInPlainWords) {
  baseline("data: {name: toy, path: interactions.tsv}\n");
  EXPECT_THAT(plan().out, HasSubstr("small: 1 run\n  1 run: 1 to do"));
}

// Real runs of both backbones, and a baseline.
class PlannedSize : public PlanCommand {
 protected:
  PlannedSize() {
    write("spec.yaml", R"(name: small
data: {name: toy, path: interactions.tsv}
train: {batch_size: 64, max_steps: 120, validate_every: 20, patience: 100, log_every: 10}
grid:
  backbone: [gru4rec, sasrec]
  framework: [popularity, supervised, snqn]
seeds: [1]
)");
  }
};

TEST_F(PlannedSize, IsWithinAFactorOfTwoOfWhatTheRunsTake) {
  std::map<std::string, double> estimated;  // by hash
  const nlohmann::json planned = plan_json();
  for (const auto& task : planned.at("tasks"))
    estimated[task.at("hash")] = task.at("bytes").get<double>();
  ASSERT_EQ(estimated.size(), 5u);
  ASSERT_EQ(lealab({"run", path("spec.yaml")}).exit_code, 0);
  for (const auto& run : fs::directory_iterator(path("lab/runs"))) {
    const auto cell = nlohmann::json::parse(read_file(run.path() / "cell.json"));
    const double ratio =
        estimated.at(cell.at("hash")) / static_cast<double>(lab::folder_bytes(run.path()));
    EXPECT_GT(ratio, 0.5) << cell.at("labels");
    EXPECT_LT(ratio, 2) << cell.at("labels");
  }
  // Another seed is estimated from the folders of these runs.
  std::vector<std::string> more = {"plan", path("spec.yaml"), "--json", "--set", "seeds=[1, 2]"};
  const auto next = nlohmann::json::parse(lealab(more).out);
  EXPECT_EQ(next.at("disk").at("measured"), 4);
  EXPECT_THAT(plan().out, Not(HasSubstr("disk:"))) << "nothing is left to do";
}

}  // namespace
}  // namespace lea
