#include "core/lab/plan.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <queue>
#include <sstream>
#include <unordered_set>

#include "core/base/cancel.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "core/lab/estimate.h"
#include "core/lab/wide_states.h"
#include "core/run/steps_done.h"
#include "db/store/store.h"

namespace lea::lab {
namespace {

// How many earlier runs of the experiment, and of the lab, are read for the estimates.
constexpr int64_t kRunsRead = 2000;

// What is left to do at a run that has finished with its test part closed, which is wanted open.
void open_test(const spec::RunSpec& run, const KnownRun& known, PlannedTask* task) {
  if (run.reads_train && !std::filesystem::exists(known.folder.file(run::kBestFile))) {
    task->status = TaskStatus::kToDo;
    task->note =
        "run " + known.folder.uuid().substr(0, 8) +
        " has its test part closed, and the network that could open it is not in its folder";
    return;
  }
  task->status = TaskStatus::kOpenTest;
  if (!known.training) return;
  // Beside its training, the run has started the worker, loaded the data and ranked both parts once,
  // as the opening does.
  task->seconds = std::max(known.training->wall_seconds - known.training->train_seconds, 1.0);
  task->measured = true;
}

PlannedTask task_of(size_t index, const spec::RunSpec& run, const std::optional<KnownRun>& known) {
  PlannedTask task;
  task.index = index;
  if (!known) return task;
  const run::State state = known->candidate.state;
  switch (state) {
    case run::State::kFinished:
      if (!known->outdated.empty()) task.note = "made with " + joined(known->outdated);
      if (!known->other_data.empty()) task.note = known->other_data;
      if (!known->candidate.outdated) {
        task.status = known->outdated.empty() ? TaskStatus::kDone : TaskStatus::kStale;
        // Another version of a plugin would rank with other numbers.
        if (task.status == TaskStatus::kDone && known->closed && run.evaluate.test)
          open_test(run, *known, &task);
      }
      break;
    case run::State::kRunning:
      task.status = TaskStatus::kRunning;
      break;
    case run::State::kInterrupted:
      task.status = TaskStatus::kInterrupted;
      break;
    case run::State::kQueued:
      break;
    case run::State::kFailed:
    case run::State::kCancelled:
      task.note = "failed before: " + known->failure;
  }
  // A run with a result never changes, so doing the task again needs a new folder.
  if (task.status != TaskStatus::kToDo || !run::is_final(state)) task.folder = known->folder;
  return task;
}

// Wall time when each task goes to the first free worker, as in the executor.
double wall_time(const std::vector<double>& seconds, int64_t jobs) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int64_t i = 0; i < std::max<int64_t>(jobs, 1); ++i) free_at.push(0);
  double last = 0;
  for (const double duration : seconds) {
    const double end = free_at.top() + duration;
    free_at.pop();
    free_at.push(end);
    last = std::max(last, end);
  }
  return last;
}

// Estimates from the finished runs among the planned ones, and from others of the experiment and of
// the lab.
class Forecast {
 public:
  Forecast(const std::string& lab, const SplitSizes& sizes) : time_(lab), disk_(lab, sizes) {}

  void add(const run::Folder& folder, const spec::RunSpec& run, const run::Training& training) {
    if (!seen_.insert(folder.uuid()).second) return;
    time_.add(run, training);
    disk_.add(folder, run, training.parameters);
  }

  // Adds runs of the index, as many as a fair sample needs.
  void add_others(const std::string& lab, const std::string& experiment) {
    try {
      if (!db::has_index(lab)) return;
      const db::Store store(lab, db::Store::Mode::kReadOnly);
      for (const std::string& name : {experiment, std::string()}) {
        for (const db::RunRow& row : store.finished(name, kRunsRead)) add_row(lab, row);
      }
    } catch (const Error&) {
      // Planning works without estimates. `lealab db check` reports a damaged index.
    }
  }

  Estimate time(const spec::RunSpec& run, int64_t steps_done) {
    return time_.estimate(run, steps_done);
  }
  DiskUse disk(const spec::RunSpec& run) { return disk_.use(run); }
  int64_t test_bytes(const spec::RunSpec& run) const { return disk_.test_bytes(run); }

 private:
  void add_row(const std::string& lab, const db::RunRow& row) {
    if (seen_.contains(row.uuid) || !row.result.is_object()) return;
    try {
      const run::Result result = run::result_from(row.result, "run " + row.uuid);
      if (!result.training) return;
      spec::RunSpec run = spec::run_from_json(row.spec, "run " + row.uuid);
      run.evaluate.test = !result.closed();
      add(run::folder_of(lab, row.uuid), run, *result.training);
    } catch (const Error&) {
      // A row of another program; the other rows still count.
    }
  }

  Estimator time_;
  DiskModel disk_;
  std::unordered_set<std::string> seen_;  // uuids
};

void estimate(const spec::Experiment& experiment, Forecast& forecast, Plan* plan) {
  std::vector<double> seconds;
  std::vector<int64_t> working;
  size_t measured = 0;
  std::optional<size_t> cell;
  DiskUse disk;  // of each run of this cell
  for (PlannedTask& task : plan->tasks) {
    stop_if_cancelled();
    if (!needs_work(task.status)) continue;
    const spec::RunSpec& run = experiment.runs[task.index].run;
    if (task.status == TaskStatus::kOpenTest) {
      measured += task.measured;
      seconds.push_back(task.seconds);
      task.bytes = forecast.test_bytes(run);
      plan->disk.kept += task.bytes;
      continue;
    }
    const bool begun = !task.folder.path.empty();
    const run::State state =
        task.status == TaskStatus::kRunning ? run::State::kRunning : run::State::kInterrupted;
    const Estimate time = forecast.time(run, begun ? run::steps_done(task.folder, state) : 0);
    task.seconds = time.seconds;
    task.measured = time.measured;
    measured += time.measured;
    seconds.push_back(task.seconds);
    if (cell != experiment.runs[task.index].cell) disk = forecast.disk(run);
    cell = experiment.runs[task.index].cell;
    task.bytes = disk.kept;
    plan->disk.kept += disk.kept;
    plan->disk.measured += disk.measured;
    if (begun) plan->disk.present += folder_bytes(task.folder.path);
    working.push_back(disk.working);
  }
  std::sort(working.rbegin(), working.rend());
  for (size_t i = 0; i < working.size() && i < static_cast<size_t>(plan->jobs); ++i)
    plan->disk.working += working[i];
  plan->seconds = wall_time(seconds, plan->jobs);
  plan->basis =
      std::to_string(measured) + " of " + counted(std::ssize(seconds), "run") +
      " estimated from earlier runs in this lab" +
      (measured < seconds.size() ? "; the rest by a rough model (" + Estimator::model() + ")" : "");
}

}  // namespace

int64_t PlannedDisk::needed() const {
  return std::max<int64_t>(kept + artefacts + working - present, 0);
}

std::string to_string(TaskStatus status) {
  static constexpr const char* kNames[] = {"done",        "stale",        "running",
                                           "interrupted", "test to open", "to do"};
  return kNames[static_cast<int>(status)];
}

bool needs_work(TaskStatus status) {
  return status == TaskStatus::kToDo || status == TaskStatus::kInterrupted ||
         status == TaskStatus::kRunning || status == TaskStatus::kOpenTest;
}

size_t Plan::count(TaskStatus status) const {
  return static_cast<size_t>(std::count_if(
      tasks.begin(), tasks.end(), [status](const auto& task) { return task.status == status; }));
}

size_t Plan::to_do() const {
  return static_cast<size_t>(std::count_if(
      tasks.begin(), tasks.end(), [](const auto& task) { return needs_work(task.status); }));
}

Plan make_plan(const std::string& lab, const spec::Experiment& experiment,
               const run::InstalledPlugins& installed, int64_t jobs, bool redo_stale,
               const SplitSizes& sizes) {
  const auto known = known_runs(lab, experiment, installed, redo_stale);
  Plan plan;
  plan.jobs = jobs;
  plan.tasks.reserve(known.size());
  for (size_t i = 0; i < known.size(); ++i) {
    stop_if_cancelled();
    plan.tasks.push_back(task_of(i, experiment.runs[i].run, known[i]));
    if (plan.tasks.back().status == TaskStatus::kStale) plan.stale.add(known[i]->outdated);
  }
  plan.disk.free = free_bytes_for(lab);
  plan.basis = "nothing to do";
  if (plan.to_do() == 0) return plan;
  Forecast forecast(lab, sizes);
  for (size_t i = 0; i < known.size(); ++i) {
    if (!known[i] || !known[i]->training) continue;
    const spec::RunSpec& run = experiment.runs[i].run;
    if (run.evaluate.test != known[i]->closed) {
      forecast.add(known[i]->folder, run, *known[i]->training);
    } else {  // the folder has less, or more, than that of a run of this plan
      spec::RunSpec as_it_is = run;
      as_it_is.evaluate.test = !known[i]->closed;
      forecast.add(known[i]->folder, as_it_is, *known[i]->training);
    }
  }
  forecast.add_others(lab, experiment.name);
  estimate(experiment, forecast, &plan);
  return plan;
}

void add_artefacts(const std::string& lab, const spec::Experiment& experiment,
                   const spec::PluginCatalogue& catalogue, Plan* plan) {
  std::vector<size_t> tasks, runs;
  for (size_t i = 0; i < plan->tasks.size(); ++i) {
    if (!needs_work(plan->tasks[i].status)) continue;
    tasks.push_back(i);
    runs.push_back(plan->tasks[i].index);
  }
  ArtefactPlan artefacts = plan_artefacts(lab, experiment, catalogue, runs);
  plan->artefacts = std::move(artefacts.artefacts);
  for (size_t i = 0; i < tasks.size(); ++i) {
    plan->tasks[tasks[i]].needs = artefacts.needs[i];
    plan->tasks[tasks[i]].raw_states = artefacts.raw_states[i];
  }
}

namespace {

// Null for 0, which stands for an unknown amount.
nlohmann::json or_null(int64_t amount) {
  return amount > 0 ? nlohmann::json(amount) : nlohmann::json();
}

nlohmann::json to_json(const std::vector<PlannedArtefact>& artefacts) {
  nlohmann::json list = nlohmann::json::array();
  for (const PlannedArtefact& artefact : artefacts) {
    list.push_back(
        {{"name", artefact.needed.name()},
         {"params", artefact.needed.use.params},
         {"key", artefact.key.empty() ? nlohmann::json() : nlohmann::json(artefact.key)},
         {"after", artefact.after ? nlohmann::json(*artefact.after) : nlohmann::json()},
         {"status", artefact.done      ? "done"
                    : artefact.running ? "running"
                                       : "to do"},
         {"runs", artefact.users},
         {"seconds", artefact.seconds ? nlohmann::json(*artefact.seconds) : nlohmann::json()},
         {"bytes", or_null(artefact.bytes)},
         {"memory_bytes", or_null(artefact.memory)},
         {"state_width", or_null(artefact.state_width)},
         {"note", artefact.note}});
  }
  return list;
}

nlohmann::json to_json(const std::vector<WideState>& states) {
  nlohmann::json list = nlohmann::json::array();
  for (const WideState& state : states) {
    list.push_back({{"state_width", state.state_width},
                    {"backbone_width", state.backbone_width},
                    {"tasks", state.tasks}});
  }
  return list;
}

}  // namespace

nlohmann::json to_json(const Plan& plan, const spec::Experiment& experiment) {
  nlohmann::json tasks = nlohmann::json::array();
  for (const PlannedTask& task : plan.tasks) {
    const spec::PlannedRun& run = experiment.runs[task.index];
    tasks.push_back(
        {{"labels", run.labels},
         {"seed", run.run.seed},
         {"hash", run.hash},
         {"status", to_string(task.status)},
         {"run", task.folder.path.empty() ? nlohmann::json() : nlohmann::json(task.folder.uuid())},
         {"note", task.note},
         {"seconds", task.seconds},
         {"measured", task.measured},
         {"bytes", task.bytes},
         {"needs", task.needs}});
  }
  nlohmann::json counts;
  for (const TaskStatus status :
       {TaskStatus::kDone, TaskStatus::kStale, TaskStatus::kRunning, TaskStatus::kInterrupted,
        TaskStatus::kOpenTest, TaskStatus::kToDo}) {
    counts[to_string(status)] = plan.count(status);
  }
  const PlannedDisk& disk = plan.disk;
  const PlannedMemory& memory = plan.memory;
  return {{"experiment", experiment.name},
          {"axes", experiment.axes},
          {"jobs", plan.jobs},
          {"seconds", plan.seconds},
          {"basis", plan.basis},
          {"counts", counts},
          {"disk",
           {{"bytes", disk.kept},
            {"artefact_bytes", disk.artefacts},
            {"working_bytes", disk.working},
            {"needed_bytes", disk.needed()},
            {"free_bytes", disk.free < 0 ? nlohmann::json() : nlohmann::json(disk.free)},
            {"measured", disk.measured}}},
          {"memory",
           {{"needed_bytes", or_null(memory.needed)},
            {"available_bytes",
             memory.available < 0 ? nlohmann::json() : nlohmann::json(memory.available)}}},
          {"wide_states", to_json(wide_states(experiment, plan))},
          {"artefacts", to_json(plan.artefacts)},
          {"tasks", std::move(tasks)}};
}

int64_t default_jobs(const spec::Experiment& experiment, size_t devices, int64_t busy) {
  int64_t threads = 1;
  bool cuda = false;
  for (const spec::PlannedRun& run : experiment.runs) {
    threads = std::max(threads, run.run.train.threads);
    cuda = cuda || run.run.train.device != "cpu";
  }
  const int64_t jobs = std::max<int64_t>(1, (sysconf(_SC_NPROCESSORS_ONLN) - busy) / threads);
  return cuda ? std::clamp<int64_t>(static_cast<int64_t>(devices), 1, jobs) : jobs;
}

std::vector<std::string> cuda_devices() {
  std::vector<std::string> devices;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    std::istringstream list(visible);
    for (std::string device; std::getline(list, device, ',');) devices.push_back(device);
    return devices;
  }
  // CUDA numbers the visible devices without gaps, even when a container gets only some of the
  // device files, such as nvidia2 and nvidia5.
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/dev", none)) {
    const std::string name = entry.path().filename();
    if (name.size() > 6 && name.starts_with("nvidia") &&
        name.find_first_not_of("0123456789", 6) == std::string::npos)
      devices.push_back(std::to_string(devices.size()));
  }
  return devices;
}

}  // namespace lea::lab
