// `lealab run` as a user calls it, with a spec, a small data set, the real worker and the real
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
  EXPECT_THAT(first.out, HasSubstr("\nbegin "));
  EXPECT_THAT(first.out, HasSubstr("NDCG@10"));
  EXPECT_EQ(run_folders(), 9u);

  const auto second = run_grid();
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_THAT(second.out, HasSubstr("9 done"));
  EXPECT_THAT(second.out, Not(HasSubstr("begin ")));
  EXPECT_THAT(second.out, HasSubstr("NDCG@10"));
  EXPECT_EQ(run_folders(), 9u);

  const nlohmann::json before = table();
  ASSERT_EQ(before.at("rows").size(), 5u);
  for (const auto& row : before.at("rows")) {
    EXPECT_EQ(row.at("runs").size(), row.at("untrained") ? 1u : 2u) << row;
    EXPECT_EQ(row.at("missing_seeds").size() + row.at("unfinished").size(), 0u) << row;
  }
  EXPECT_EQ(lealab({"db", "rebuild"}).exit_code, 0);
  EXPECT_EQ(table(), before) << "an index rebuilt from the folders shows other numbers";
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
  std::map<std::string, std::vector<double>> hits;  // by framework
  for (const auto& run : nlohmann::json::parse(lealab({"ls", "--json"}).out)) {
    hits[run.at("labels").at("framework")].push_back(
        run.at("metrics").at("test").at("hr@5").get<double>());
  }
  SCOPED_TRACE(lealab({"table", "small"}).out);
  ASSERT_EQ(hits["popularity"].size(), 1u);
  const double popularity = hits["popularity"][0];
  EXPECT_GT(popularity, 0.05);
  EXPECT_LE(popularity, 0.4);
  for (const char* trained : {"supervised", "sa2c"}) {
    EXPECT_EQ(hits[trained].size(), 4u) << trained;
    EXPECT_THAT(hits[trained], testing::Each(testing::Gt(popularity))) << trained;
  }
  EXPECT_THAT(hits["supervised"], testing::Contains(testing::Gt(0.6)));
}

TEST_F(GridCommand, AMisspeltKeyStartsNothing) {
  const auto result = run_grid({"--set", "train.batchsize=5"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("batch_size")) << "the nearest name";
  EXPECT_EQ(run_folders(), 0u);
}

TEST_F(GridCommand, AnExportedExperimentComesBackInAnotherLab) {
  ASSERT_EQ(run_grid({"--set", "seeds=[1]", "--set", "runs=5"}).exit_code, 0);
  const nlohmann::json before = table();
  ASSERT_EQ(before.at("rows").size(), 5u);
  const auto packed = lealab({"export", "small", "--out", folder_ + "/packed"});
  ASSERT_EQ(packed.exit_code, 0) << packed.err;
  size_t packs = 0;
  for (const auto& file : fs::directory_iterator(folder_ + "/packed")) {
    EXPECT_LT(file.file_size(), 1'000'000u);
    packs += file.path().extension() == ".xz";
  }
  EXPECT_EQ(packs, 5u);
  fs::rename(folder_ + "/lab", folder_ + "/other");
  const auto restored = lealab({"import", folder_ + "/packed"});
  ASSERT_EQ(restored.exit_code, 0) << restored.err;
  EXPECT_EQ(table().at("rows"), before.at("rows"));
  EXPECT_EQ(run_folders(), 5u);
  for (const auto& run : fs::directory_iterator(folder_ + "/other/runs")) {
    const fs::path back = fs::path(folder_ + "/lab/runs") / run.path().filename();
    for (const char* file : {"cell.json", "result.json", "events.jsonl", "ranks.bin"}) {
      EXPECT_EQ(fs::exists(back / file), fs::exists(run.path() / file)) << back / file;
      if (fs::exists(run.path() / file)) {
        EXPECT_TRUE(read_file(back / file) == read_file(run.path() / file)) << back / file;
      }
    }
  }
  EXPECT_EQ(lealab({"db", "check"}).exit_code, 0);
  // Once the data set is there too, the footer is the same and nothing is left to do.
  ASSERT_EQ(lealab({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  EXPECT_EQ(table(), before);
  const auto plan = lealab({"plan", path("spec.yaml"), "--set", "seeds=[1]", "--set", "runs=5"});
  EXPECT_THAT(plan.out, HasSubstr("\n5 done, nothing to do")) << plan.err;
}

// The rows of a Markdown table without its footer, which depends on the plugins that are installed.
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
    ASSERT_GT(std::count(table.out.begin(), table.out.end(), '|'), 20) << table.out;
    EXPECT_EQ(rows_of(table.out), rows_of(read_file(experiments + study + "/table.md")));
  }
}

}  // namespace
}  // namespace lea
