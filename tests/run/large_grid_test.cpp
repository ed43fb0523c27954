// The largest grid has 100,000 runs. Its files are read as those of any other.
#include "core/base/files.h"
#include "core/base/large_json.h"
#include "core/run/experiment_plan.h"
#include "core/run/grid_folder.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr size_t kRuns = 100000;

class LargeGrid : public RunTest {
 protected:
  // Short labels of many axes take the most memory for their bytes.
  static std::map<std::string, std::string> labels(size_t run) {
    return {{"backbone", "gru4rec"},
            {"framework", "snqn"},
            {"reward", "le"},
            {"seed", "1"},
            {"train.learning_rate", std::to_string(run)}};
  }
  static std::string hash(size_t run) {
    const std::string digits = std::to_string(run);
    return std::string(64 - digits.size(), '0') + digits;
  }
};

TEST_F(LargeGrid, HasAPlanThatIsRead) {
  spec::Experiment experiment = experiment_;
  experiment.axes = {"backbone", "framework", "reward", "seed", "train.learning_rate"};
  experiment.runs.resize(kRuns);
  for (size_t i = 0; i < kRuns; ++i) {
    experiment.runs[i].hash = hash(i);
    experiment.runs[i].labels = labels(i);
  }
  save_plan(lab_, experiment);
  const std::string file = plan_file(lab_, experiment.name);
  const ExperimentPlan plan = read_plan(file);
  ASSERT_THAT(plan.runs, SizeIs(kRuns));
  EXPECT_EQ(plan.runs.back().hash, hash(kRuns - 1));
  EXPECT_EQ(plan.runs.back().labels, labels(kRuns - 1));
  const std::string before = read_file(file);
  save_plan(lab_, experiment);
  EXPECT_TRUE(read_file(file) == before) << "an unchanged plan keeps its date";
}

TEST_F(LargeGrid, HasAFolderThatIsRead) {
  GridHeader header;
  header.experiment = "study";
  for (size_t i = 0; i < kRuns; ++i)
    header.tasks.push_back({hash(i), 1, labels(i), true, "", "ndcg@20", 12.5, true});
  const LiveGrid grid(lab_, header);
  const GridHeader read = read_grid(grid.folder());
  EXPECT_EQ(read.to_do(), kRuns);
  EXPECT_EQ(read.tasks.back().labels, labels(kRuns - 1));
}

TEST_F(LargeGrid, IsNoLicenceToExhaustMemory) {
  std::string text = "[";
  for (int i = 0; i < 10000000; ++i) text += "[],";
  const std::string file = write("lab/experiments/study.json", text + "0]");
  EXPECT_THAT(message_of([&] { read_large_json(file); }),
              HasSubstr("they would take over 1024 MiB. It is damaged"));
  EXPECT_THAT(message_of([&] { read_plan(file); }), HasSubstr("study.json: holds more values"));
}

}  // namespace
}  // namespace lea::run
