// The main job from one command, as a user gives it: a spec, a small data set, the real worker and
// plugins.
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

class GridCommand : public LabCommand {
 protected:
  GridCommand() {
    write("spec.yaml", R"(name: small
data: {name: toy, path: interactions.tsv}
train: {batch_size: 64, max_steps: 120, validate_every: 20, patience: 10}
augment: {of: top1, from_step: 60}
grid:
  backbone: [gru4rec, {sasrec: {dropout: 0.2}}]
  framework: [popularity, supervised, {sa2c: {warm_up_steps: 40}}]
seeds: [1, 2]
runs: 9
)");
  }

  lab::ProcessResult run_grid(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"run", folder_ + "/spec.yaml"});
    return lealab(more);
  }
  nlohmann::json table() const {
    return nlohmann::json::parse(lealab({"table", "small", "--format", "json"}).out);
  }
  size_t run_folders() const {
    const fs::path runs = folder_ + "/lab/runs";
    return fs::exists(runs) ? std::distance(fs::directory_iterator(runs), {}) : 0;
  }
};

TEST_F(GridCommand, TrainsEveryCellOnceAndEndsWithTheTable) {
  const auto first = run_grid();
  ASSERT_EQ(first.exit_code, 0) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr("importing toy"));
  EXPECT_THAT(first.out, HasSubstr("NDCG@10"));
  EXPECT_EQ(run_folders(), 9u);

  const auto second = run_grid();
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_THAT(second.out, Not(HasSubstr("begin")));
  EXPECT_THAT(second.out, HasSubstr("NDCG@10"));
  EXPECT_EQ(run_folders(), 9u);

  const std::string before = table().dump();
  EXPECT_EQ(lealab({"db", "rebuild"}).exit_code, 0);
  EXPECT_EQ(table().dump(), before) << "an index rebuilt from the folders shows other numbers";
}

TEST_F(GridCommand, TheSameSeedGivesTheSameRanksInAnotherLab) {
  ASSERT_EQ(run_grid({"--set", "seeds=[1]", "--set", "runs=5"}).exit_code, 0);
  const auto ranks_by_hash = [&] {
    std::map<std::string, std::string> ranks;
    for (const auto& run : fs::directory_iterator(folder_ + "/lab/runs")) {
      const auto cell = nlohmann::json::parse(read_file(run.path() / "cell.json"));
      ranks[cell.at("hash")] = read_file(run.path() / "ranks.bin");
    }
    return ranks;
  };
  const auto first = ranks_by_hash();
  ASSERT_EQ(first.size(), 5u);
  fs::rename(folder_ + "/lab", folder_ + "/other");
  ASSERT_EQ(run_grid({"--set", "seeds=[1]", "--set", "runs=5"}).exit_code, 0);
  EXPECT_TRUE(ranks_by_hash() == first);
}

TEST_F(GridCommand, TrainedModelsBeatPopularityOnDataWithAnOrder) {
  ASSERT_EQ(run_grid({"--set", "train.max_steps=400", "--jobs", "2"}).exit_code, 0);
  const auto ls = lealab({"ls", "framework=popularity and hr@5>0.4"});
  EXPECT_THAT(ls.out, Not(HasSubstr("popularity")));
  const auto good = lealab({"ls", "framework=supervised and hr@5>0.6"});
  EXPECT_THAT(good.out, HasSubstr("supervised")) << lealab({"table", "small"}).out;
}

TEST_F(GridCommand, AMisspeltKeyStartsNothing) {
  const auto result = run_grid({"--set", "train.batchsize=5"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("batch_size")) << "the nearest name";
  EXPECT_EQ(run_folders(), 0u);
}

TEST_F(GridCommand, AnExportedExperimentComesBackInAnotherLab) {
  ASSERT_EQ(run_grid({"--set", "seeds=[1]", "--set", "runs=5"}).exit_code, 0);
  const std::string before = table().dump();
  const auto packed = lealab({"export", "small", "--out", folder_ + "/packed"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  for (const auto& file : fs::directory_iterator(folder_ + "/packed"))
    EXPECT_LT(file.file_size(), 1'000'000u);
  fs::rename(folder_ + "/lab", folder_ + "/other");
  const auto restored = lealab({"import", folder_ + "/packed"});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  const auto after = table();
  EXPECT_EQ(after.at("rows").size(), nlohmann::json::parse(before).at("rows").size());
}

// Lines of a Markdown table; the footer also speaks of the plugins that are installed here.
std::string rows_of(const std::string& markdown) {
  std::string rows;
  std::istringstream lines(markdown);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("|")) rows += line + "\n";
  }
  return rows;
}

TEST_F(GridCommand, ThePackedStudiesGiveTheTablesThatStandBesideThem) {
  const std::vector<std::string> studies = {"industry_baselines", "industry_controls",
                                            "industry_settings", "industry_tuned"};
  const std::string experiments = LEA_SOURCE_DIR "/experiments/";
  for (const std::string& study : studies)
    ASSERT_EQ(lealab({"import", experiments + study}).exit_code, 0);
  for (const std::string& study : studies) {
    const auto table = lealab({"table", study, "--format", "markdown"});
    ASSERT_EQ(table.exit_code, 0) << table.err;
    EXPECT_EQ(rows_of(table.out), rows_of(read_file(experiments + study + "/table.md")));
  }
}

}  // namespace
}  // namespace lea
