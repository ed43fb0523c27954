#include "bench/window/live_grid.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "bench/window/lab_of_runs.h"
#include "core/base/files.h"
#include "core/base/records.h"
#include "core/run/attempt.h"
#include "core/run/beat.h"
#include "core/run/grid_event.h"
#include "core/run/grid_folder.h"
#include "core/run/header.h"

namespace lea::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Kind = run::GridEvent::Kind;

constexpr int64_t kMaxSteps = 100000;
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr int kTicksOfABeat = 20, kTicksOfARun = 10;

run::GridHeader header() {
  run::GridHeader header;
  header.experiment = "live";
  header.spec = "live.yaml";
  header.axes = {"framework", "train.learning_rate"};
  header.jobs = kLiveRuns;
  for (size_t cell = 0; cell < kCells; ++cell) {
    run::GridTask task;
    task.hash = "hash" + std::to_string(cell);
    task.seed = 1;
    task.labels = {{"framework", "f" + std::to_string(cell / 100)},
                   {"train.learning_rate", "0." + std::to_string(cell % 100)}};
    task.stop_on = "ndcg@20";
    task.seconds = 600;
    header.tasks.push_back(task);
  }
  return header;
}

struct LiveRun {
  size_t task = 0;
  run::Folder folder;
  run::Progress progress;
};

class Writer {
 public:
  explicit Writer(const std::string& lab)
      : lab_(lab), sample_(run::list_runs(lab).at(0)), grid_(lab, header()) {
    while (live_.size() < kLiveRuns) live_.push_back(begin());
  }

  void tick(int number) {
    for (LiveRun& live : live_) {
      live.progress.step += 20;
      const double done = static_cast<double>(live.progress.step) / kMaxSteps;
      append_record(live.folder.file(run::kEventsFile), {{"type", "train"},
                                                         {"step", live.progress.step},
                                                         {"loss", 9 - 4 * done},
                                                         {"td_error", 1 - done},
                                                         {"q_mean", done}});
      if (number % kTicksOfABeat == 0)
        run::write_beat(live.folder, {grid_.header().process, live.progress, std::time(nullptr)});
    }
    if (number % kTicksOfARun != 0) return;
    LiveRun& oldest = live_[next_ % kLiveRuns];
    run::append_event(grid_.folder(), {Kind::kFinished, oldest.task, oldest.folder.uuid()});
    oldest = begin();
  }

 private:
  LiveRun begin() {
    LiveRun live{next_++, run::folder_of(lab_, run::new_uuid()), {}};
    fs::create_directory(live.folder.path);
    fs::copy_file(sample_.file(run::kSpecFile), live.folder.file(run::kSpecFile));
    run::Header header = run::read_header(sample_);
    header.uuid = live.folder.uuid();
    header.experiment = "live";
    header.hash = "hash" + std::to_string(live.task);
    publish_file(live.folder.file(run::kHeaderFile), run::to_json(header).dump());
    run::begin_attempt(live.folder);
    live.progress.phase = "train";
    live.progress.max_steps = kMaxSteps;
    live.progress.steps_per_second = 200;
    run::write_beat(live.folder, {grid_.header().process, live.progress, std::time(nullptr)});
    run::append_event(grid_.folder(), {Kind::kStarted, live.task, live.folder.uuid()});
    return live;
  }

  const std::string lab_;
  const run::Folder sample_;
  run::LiveGrid grid_;
  size_t next_ = 0;
  std::vector<LiveRun> live_;
};

}  // namespace

void write_live_grid(const std::string& lab, double seconds) {
  import_one_run(lab);
  Writer writer(lab);
  std::printf("ready\n");
  std::fflush(stdout);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  auto next = Clock::now();
  for (int number = 1; Clock::now() < end; ++number) {
    writer.tick(number);
    std::this_thread::sleep_until(next += kTick);
  }
}

}  // namespace lea::bench
