// A worker that is killed or stopped at any moment, again and again, ends with the same bytes as a
// worker that was left alone.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "core/base/files.h"
#include "core/data/import.h"
#include "core/eval/ranks.h"
#include "core/lab/lab_folder.h"
#include "core/lab/process.h"
#include "core/run/header.h"
#include "core/run/state.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Each study changes half way: its optimisers or its learning rate.
constexpr int64_t kChange = 200;

constexpr int kStopped = 7;  // the exit code of a worker that stopped on request
constexpr int kStops = 8;
constexpr int kMostRuns = 40;

// Together the studies use everything that has state between two steps.
struct Study {
  const char* name;
  int kills;
  spec::RunSpec run;
};
void PrintTo(const Study& study, std::ostream* out) { *out << study.name; }

spec::RunSpec common() {
  spec::RunSpec run;
  run.data.name = "toy";
  run.train.batch_size = 32;
  run.train.max_steps = 400;
  run.train.validate_every = 20;
  run.train.patience = 100;
  run.train.log_every = 10;
  run.reward = {"lea.predefined", nlohmann::json::object()};
  return run;
}

// Twin networks, dropout, replay sampling, an augmenter that proposes several times, a drop of the
// learning rate with a fresh optimiser.
Study twins() {
  spec::RunSpec run = common();
  run.train.drop_learning_rate_at = kChange;
  run.train.fresh_optimizer = true;
  run.backbone = {"lea.gru4rec", {{"dropout", 0.3}}};
  run.framework = {"lea.snqn", nlohmann::json::object()};
  run.augment = {"lea.top1", nlohmann::json::object()};
  run.augment_use.from_step = 100;
  run.augment_use.refresh = 70;
  return {"Gru4recSnqnReplay", 24, run};
}

// Two optimisers of the same parameters, epochs, negatives from a pool.
Study two_optimisers() {
  spec::RunSpec run = common();
  run.train.sampling = "epochs";
  run.negatives.from = "pool";
  run.negatives.count = 3;
  run.backbone = {"lea.sasrec", {{"dropout", 0.3}}};
  run.framework = {"lea.sa2c", {{"warm_up_steps", kChange}, {"second_learning_rate", 0.002}}};
  return {"SasrecSa2cEpochs", 12, run};
}

class ResumeTest : public ::testing::TestWithParam<Study> {
 protected:
  ResumeTest() {
    lab_ = (fs::temp_directory_path() / "lea-resume-XXXXXX").string();
    if (!mkdtemp(lab_.data())) throw std::runtime_error("no temporary folder");
    lab_ = lab::open_lab(lab_);
    write_interactions();
    data::import_dataset(lab_, "toy", lab_ + "/interactions.tsv", {});
  }
  ~ResumeTest() override { fs::remove_all(lab_); }

  // 150 sequences over 60 items, each item mostly followed by the next one.
  void write_interactions() {
    std::ofstream file(lab_ + "/interactions.tsv");
    file << "user_id\titem_id\ttimestamp\n";
    std::mt19937 random(1);
    for (int user = 0; user < 150; ++user) {
      int item = static_cast<int>(random() % 60);
      for (int t = 0; t < 12; ++t) {
        file << 'u' << user << "\ti" << item << '\t' << t << '\n';
        item = random() % 4 == 0 ? static_cast<int>(random() % 60) : (item + 1) % 60;
      }
    }
  }

  std::string new_run() {
    const spec::RunSpec& run = GetParam().run;
    spec::PlannedRun planned{run, spec::run_hash(run), {{"framework", GetParam().name}}};
    const run::Header header =
        run::new_header({"resume", "", {"framework"}, {planned}, {}, {}}, planned);
    return run::make_run(lab_, header, planned.run).path;
  }

  std::vector<std::string> command(const std::string& run) const {
    return {LEA_BINARY_DIR "/bin/lealab-worker", "train", "--lab", lab_, "--run", run};
  }

  // Sends `signal` after `delay`. Gives the exit code, or -1 when that signal ended the worker; any
  // other signal fails the test.
  int train(const std::string& run, std::chrono::milliseconds delay, int signal) const {
    lab::Child child(command(run), run + "/log.txt");
    const auto deadline = std::chrono::steady_clock::now() + delay;
    lab::ProcessResult result;
    bool sent = false;
    while (!child.finished(&result)) {
      child.read_lines([](const std::string&) {});
      if (!sent && std::chrono::steady_clock::now() > deadline) {
        child.send(signal);
        sent = true;
      }
      std::this_thread::sleep_for(2ms);
    }
    if (result.signal == 0) return result.exit_code;
    EXPECT_EQ(result.signal, signal) << "the worker crashed: " << read_file(run + "/log.txt");
    return -1;
  }

  // Trains the run to which the others are compared. Nothing interrupts it.
  void train_reference() {
    reference_ = new_run();
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(train(reference_, 1h, 0), 0) << read_file(reference_ + "/log.txt");
    takes_ = std::chrono::steady_clock::now() - start;
  }

  // As train(), with a random delay within the time that a whole run takes. That time is measured
  // again with each new run that ends by itself, because other programs may slow the machine down.
  int train_for_a_while(const std::string& run, bool is_new, int signal) {
    const auto start = std::chrono::steady_clock::now();
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(takes_).count();
    const int code = train(run, std::chrono::milliseconds(random_() % most), signal);
    if (is_new && code == 0) takes_ = std::chrono::steady_clock::now() - start;
    return code;
  }

  void expect_same_as_reference(const std::string& run) const {
    for (const char* file : {"/ranks.bin", "/top.bin", "/ranks-valid.bin", "/events.jsonl",
                             "/checkpoint/best.safetensors"}) {
      EXPECT_TRUE(read_file(run + file) == read_file(reference_ + file)) << file << " differs";
    }
  }

  // Checks what a worker leaves that was asked to stop.
  void expect_interrupted(const std::string& run) const {
    EXPECT_EQ(run::state_of({run}), run::State::kInterrupted);
    size_t checkpoints = 0;
    for (const auto& file : fs::directory_iterator(run + "/checkpoint")) {
      if (file.path().extension() != ".json") continue;
      ++checkpoints;
      EXPECT_NE(read_file(file.path()).find("framework " + GetParam().run.framework.id),
                std::string::npos)
          << "a checkpoint names the libraries that made it";
    }
    EXPECT_GT(checkpoints, 0u);
  }

  // How many attempts resumed from a checkpoint before the change, and how many from a later one.
  struct Resumptions {
    int before = 0, behind = 0;
    int total() const { return before + behind; }
  };
  static void count_resumptions(const std::string& run, Resumptions* resumptions) {
    const std::string log = read_file(run + "/log.txt"), words = "resumed after step ";
    for (size_t at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) {
      const int64_t step = std::stoll(log.substr(at + words.size()));
      ++(step < kChange ? resumptions->before : resumptions->behind);
    }
  }

  std::string lab_, reference_;
  std::chrono::steady_clock::duration takes_{};
  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
};

TEST_P(ResumeTest, KilledAtRandomMomentsARunEndsByteEqualToOneThatWasNot) {
  ASSERT_NO_FATAL_FAILURE(train_reference());
  SCOPED_TRACE("seed of the moments: " + std::to_string(seed_));
  int kills = 0, runs = 0;
  Resumptions resumptions;
  while (kills < GetParam().kills || resumptions.before < 2 || resumptions.behind < 2) {
    const std::string run = new_run();
    ASSERT_LT(runs++, kMostRuns) << "hardly a kill comes in time";
    int code = -1;
    for (int attempt = 0; attempt < 4 && code != 0; ++attempt) {
      code = train_for_a_while(run, attempt == 0, SIGKILL);
      kills += code == -1;
      if (code != -1) break;
    }
    if (code == -1) code = train(run, 1h, 0);
    ASSERT_EQ(code, 0) << read_file(run + "/log.txt");
    expect_same_as_reference(run);
    count_resumptions(run, &resumptions);
    fs::remove_all(run);
  }
  RecordProperty("kills", kills);
  std::printf("%d kills over %d runs; resumed %d times before step %d, %d times behind it\n", kills,
              runs, resumptions.before, static_cast<int>(kChange), resumptions.behind);
}

TEST_P(ResumeTest, StoppedOnRequestARunSaysInterruptedAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(train_reference());
  SCOPED_TRACE("seed of the moments: " + std::to_string(seed_));
  int stops = 0, runs = 0;
  Resumptions resumptions;
  while (stops < kStops || resumptions.before < 2 || resumptions.behind < 2) {
    const std::string run = new_run();
    ASSERT_LT(runs++, kMostRuns) << "hardly a request comes in time";
    int code = kStopped;
    for (int attempt = 0; attempt < 4 && code != 0; ++attempt) {
      code = train_for_a_while(run, attempt == 0, SIGTERM);
      // -1: the request came before the worker could take it.
      ASSERT_TRUE(code == kStopped || code == 0 || code == -1)
          << code << read_file(run + "/log.txt");
      if (code != kStopped) continue;
      ++stops;
      expect_interrupted(run);
    }
    if (code != 0) code = train(run, 1h, 0);
    ASSERT_EQ(code, 0) << read_file(run + "/log.txt");
    EXPECT_EQ(run::state_of({run}), run::State::kFinished);
    expect_same_as_reference(run);
    count_resumptions(run, &resumptions);
    EXPECT_EQ(resumptions.total(), stops) << "each stop is followed by going on where it was";
    fs::remove_all(run);
  }
  std::printf("%d stops over %d runs; resumed %d times before step %d, %d times behind it\n", stops,
              runs, resumptions.before, static_cast<int>(kChange), resumptions.behind);
}

INSTANTIATE_TEST_SUITE_P(Studies, ResumeTest, ::testing::Values(twins(), two_optimisers()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace lea
