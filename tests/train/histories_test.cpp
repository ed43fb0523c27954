// Histories, next histories and ends of sequences against pandas (tests/golden/histories).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

#include "core/data/import.h"
#include "core/train/context.h"
#include "core/train/transitions.h"

namespace lea::train {
namespace {

constexpr int64_t kPositions = 5;
constexpr const char* kSplits[] = {"sequence", "last_one"};

struct Row {
  std::string sequence, item, history, next;
  bool done = false;
};

std::vector<Row> golden(const std::string& split) {
  std::ifstream file(LEA_SOURCE_DIR "/tests/golden/histories/histories.tsv");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    Row row;
    std::string by, done;
    for (std::string* field : {&by, &row.sequence, &row.item, &row.history, &row.next, &done})
      std::getline(fields, *field, '\t');
    row.done = done == "1";
    if (by == split) rows.push_back(row);
  }
  return rows;
}

class HistoriesTest : public ::testing::Test {
 protected:
  HistoriesTest() {
    folder_ = (std::filesystem::temp_directory_path() / "lea-histories-XXXXXX").string();
    if (!mkdtemp(folder_.data())) throw std::runtime_error("no temporary folder");
    std::filesystem::create_directories(folder_ + "/data");
    data_ = data::import_dataset(folder_, "synthetic",
                                 LEA_SOURCE_DIR "/tests/golden/data/interactions.tsv", {});
    run_.data.history = kPositions;
  }
  ~HistoriesTest() override { std::filesystem::remove_all(folder_); }

  void use(const std::string& by) {
    spec::SplitSection section;
    section.by = by;
    split_ = std::make_shared<data::Split>(data::make_split(*data_, section));
    context_ = std::make_unique<HostContext>(run_, data_, split_, PluginLookup());
    golden_ = golden(by);
    ASSERT_EQ(golden_.size(), static_cast<size_t>(context_->training().events()));
  }

  std::string id(int64_t item) const { return data_->item_ids()[item - 1]; }

  // "i3,i7" of one row, and "malformed" where it is not right-padded by its length.
  std::string text(const History& history, int64_t row) const {
    const Tensor items = history.items[row];
    const int64_t length = history.length[row].item<int64_t>();
    std::string text;
    for (int64_t t = 0; t < items.size(0); ++t) {
      const int64_t item = items[t].item<int64_t>();
      if ((item != 0) != (t < length)) return "malformed";
      if (item == 0) continue;
      if (!text.empty()) text += ',';
      text += id(item);
    }
    return text;
  }

  std::string folder_;
  spec::RunSpec run_;
  std::shared_ptr<const data::Dataset> data_;
  std::shared_ptr<const data::Split> split_;
  std::unique_ptr<HostContext> context_;
  std::vector<Row> golden_;
};

TEST_F(HistoriesTest, OfTrainingDataAreThoseOfPandas) {
  for (const char* by : kSplits) {
    use(by);
    const TrainingData& training = context_->training();
    const Tensor all = at::arange(training.events(), at::kLong);
    const History history = training.histories(all);
    const Tensor sequence = training.sequence_of(all);
    for (int64_t e = 0; e < training.events(); ++e) {
      const Row& row = golden_[e];
      ASSERT_EQ(text(history, e), row.history) << by << ", event " << e;
      ASSERT_EQ(history.event[e].item<int64_t>(), e) << by;
      ASSERT_EQ(id(training.item[e].item<int64_t>()), row.item) << by << ", event " << e;
      const uint32_t in_data = context_->events().sequence[sequence[e].item<int64_t>()];
      ASSERT_EQ(data_->sequence_ids()[in_data], row.sequence) << by << ", event " << e;
    }
  }
}

TEST_F(HistoriesTest, OfEveryBatchOfBothWaysToSampleAreThoseOfPandas) {
  for (const char* by : kSplits) {
    use(by);
    const int64_t events = context_->training().events();
    const Transitions transitions(run_, *data_, *context_);
    for (const char* sampling : {"replay", "epochs"}) {
      Sampler sampler(events, /*batch_size=*/32, sampling, /*seed=*/3);
      std::vector<int> times(events, 0);
      for (int64_t step = 0; step < 2 * sampler.steps_per_epoch(); ++step) {
        const std::vector<int64_t> batch = sampler.batch(step);
        const Transition t = transitions.make(step, batch, {});
        for (int64_t i = 0; i < std::ssize(batch); ++i) {
          const std::string where =
              std::string(by) + ", " + sampling + ", event " + std::to_string(batch[i]);
          const Row& row = golden_[batch[i]];
          ++times[batch[i]];
          ASSERT_EQ(text(t.history, i), row.history) << where;
          ASSERT_EQ(text(t.next, i), row.next) << where;
          ASSERT_EQ(t.done[i].item<bool>(), row.done) << where;
          ASSERT_EQ(id(t.action[i].item<int64_t>()), row.item) << where;
          ASSERT_EQ(t.history.event[i].item<int64_t>(), batch[i]) << where;
          ASSERT_EQ(t.next.event[i].item<int64_t>(), row.done ? -1 : batch[i] + 1) << where;
        }
      }
      // Two epochs visit each event twice.
      const std::vector<int> twice(events, 2);
      EXPECT_TRUE(std::string(sampling) == "replay" || times == twice) << by;
    }
  }
}

}  // namespace
}  // namespace lea::train
