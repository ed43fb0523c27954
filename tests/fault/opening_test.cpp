// A worker that is killed at any moment while it opens a test part leaves the run as it was, and the
// opening ends with the same bytes as one that was left alone.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "core/base/files.h"
#include "core/data/import.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "core/lab/process.h"
#include "core/run/header.h"
#include "core/run/result.h"
#include "core/run/state.h"
#include "core/run/test_reads.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kKills = 20;

class OpeningTest : public ::testing::Test {
 protected:
  OpeningTest() {
    lab_ = (fs::temp_directory_path() / "lea-opening-XXXXXX").string();
    if (!mkdtemp(lab_.data())) throw std::runtime_error("no temporary folder");
    lab_ = lab::open_lab(lab_);
    std::ofstream file(lab_ + "/interactions.tsv");
    file << "user_id\titem_id\ttimestamp\n";
    std::mt19937 random(1);
    for (int user = 0; user < 1000; ++user) {
      for (int t = 0; t < 20; ++t)
        file << 'u' << user << "\ti" << random() % 500 << '\t' << t << '\n';
    }
    file.close();
    data::import_dataset(lab_, "toy", lab_ + "/interactions.tsv", {});
  }
  ~OpeningTest() override { fs::remove_all(lab_); }

  run::Folder new_run(bool test) const {
    spec::RunSpec run;
    run.data.name = "toy";
    run.split.ratios = {0.2, 0.1, 0.7};  // ranking the test part takes most of the time
    run.train.max_steps = 4;
    run.train.validate_every = 2;
    run.evaluate.test = test;
    run.backbone = {"lea.gru4rec", nlohmann::json::object()};
    run.framework = {"lea.supervised", nlohmann::json::object()};
    run.reads_negatives = false;
    spec::PlannedRun planned{run, spec::run_hash(run), {{"framework", "supervised"}}};
    const run::Header header =
        run::new_header({"opening", "", {"framework"}, {planned}, {}, {}}, planned);
    return run::make_run(lab_, header, planned.run);
  }

  // Kills the worker after `delay`. Returns its exit code, -1 when it was killed.
  int work(const run::Folder& run, const std::vector<std::string>& more,
           std::chrono::milliseconds delay) const {
    std::vector<std::string> command = {
        LEA_BINARY_DIR "/bin/lealab-worker", "train", "--lab", lab_, "--run", run.path};
    command.insert(command.end(), more.begin(), more.end());
    lab::Child child(command, run.file(run::kLogFile));
    const auto deadline = std::chrono::steady_clock::now() + delay;
    lab::ProcessResult result;
    for (bool sent = false; !child.finished(&result); std::this_thread::sleep_for(1ms)) {
      child.read_lines([](const std::string&) {});
      if (sent || std::chrono::steady_clock::now() < deadline) continue;
      child.send(SIGKILL);
      sent = true;
    }
    return result.signal == 0 ? result.exit_code : -1;
  }

  std::string lab_;
};

TEST_F(OpeningTest, KilledAtRandomMomentsLeavesTheRunClosedOrOpen) {
  const run::Folder reference = new_run(/*test=*/true);
  ASSERT_EQ(work(reference, {}, 1h), 0) << read_file(reference.file(run::kLogFile));
  const run::Folder run = new_run(/*test=*/false);
  ASSERT_EQ(work(run, {}, 1h), 0) << read_file(run.file(run::kLogFile));
  const std::string result = read_file(run.file(run::kResultFile)),
                    best = read_file(run.file(run::kBestFile)),
                    events = read_file(run.file(run::kEventsFile));
  const auto expect_unchanged = [&] {
    EXPECT_EQ(read_file(run.file(run::kResultFile)), result);
    EXPECT_TRUE(read_file(run.file(run::kBestFile)) == best);
    EXPECT_EQ(read_file(run.file(run::kEventsFile)), events) << "nothing was trained";
    EXPECT_EQ(run::state_of(run), run::State::kFinished);
    EXPECT_NO_THROW(lab::read_run(run));
  };

  const std::vector<std::string> open = {"--test", "open"};
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(work(run, open, 1h), 0) << read_file(run.file(run::kLogFile));
  const auto takes = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::steady_clock::now() - start)
                         .count();
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed of the moments: " + std::to_string(seed));
  std::mt19937 random(seed);
  int kills = 0, opened = 0, left_ranks = 0;
  while (kills < kKills) {
    ASSERT_LT(opened, 3 * kKills) << "hardly a kill comes in time";
    for (const char* file : {run::kTestFile, run::kRanksFile, run::kTopFile})
      fs::remove(run.file(file));
    int code = -1;
    while (code != 0 && kills < kKills) {
      code = work(run, open, std::chrono::milliseconds(random() % (takes + takes / 8)));
      ASSERT_TRUE(code == 0 || code == -1) << code << read_file(run.file(run::kLogFile));
      kills += code == -1;
      expect_unchanged();
      const bool closed = run::read_result(run)->closed();
      left_ranks += closed && fs::exists(run.file(run::kRanksFile));
      if (!closed) break;
    }
    if (run::read_result(run)->closed()) {
      ASSERT_EQ(work(run, open, 1h), 0) << read_file(run.file(run::kLogFile));
    }
    ++opened;
    expect_unchanged();
    EXPECT_FALSE(run::read_result(run)->closed());
    for (const char* file : {run::kRanksFile, run::kTopFile, run::kValidRanksFile})
      EXPECT_TRUE(read_file(run.file(file)) == read_file(reference.file(file))) << file;
    EXPECT_EQ(run::read_result(run)->test, run::read_result(reference)->test);
  }
  // A reading is recorded before it begins.
  size_t reads = 0;
  for (const run::TestRead& read : run::test_reads(lab_)) reads += read.run == run.uuid();
  EXPECT_GE(reads, static_cast<size_t>(opened));
  std::printf("%d kills over %d openings, %d of them with ranks that did not count yet\n", kills,
              opened, left_ranks);
}

}  // namespace
}  // namespace lea
