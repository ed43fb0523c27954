#include "core/lab/plan.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <sstream>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/lab/estimate.h"
#include "core/run/counting.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/result.h"

namespace lea::lab {
namespace {

// A run of the lab, as the plan sees it.
struct Known {
  run::Folder folder;
  run::Header header;
  run::Candidate candidate;
  std::string failure;                // why the run failed
  std::string other_data;             // why a finished run does not belong to the lab's data set
  std::vector<std::string> outdated;  // outdated parts of a finished run; empty: not stale
};

using Key = std::pair<std::string, int64_t>;  // hash and seed
using Counting = std::map<Key, Known>;        // the run that counts for each key

// The state of the lab that finished runs are compared with.
struct Wanted {
  const std::string& lab;
  const run::InstalledPlugins& installed;
  bool redo_stale = false;
};

// Why a finished run does not belong to the lab's current data set of this name. Empty when it
// does, or when the lab has no such data set.
std::string other_data(const run::Folder& folder, const run::Result& result,
                       const std::string& name, const std::string& fingerprint) {
  if (!run::is_other_data(result.data_fingerprint, fingerprint)) return "";
  return "run " + folder.uuid().substr(0, 8) + " used another data set of the name " + name +
         " (fingerprint " + result.data_fingerprint.substr(0, 12) + ", now " +
         fingerprint.substr(0, 12) + ")";
}

Known look_at(const run::Folder& folder, run::Header header, const std::string& data_name,
              data::Fingerprints& data, const Wanted& wanted) {
  Known known;
  known.folder = folder;
  known.candidate = {header.uuid, header.created, run::state_of(folder)};
  known.header = std::move(header);
  const auto result = run::read_result(folder);
  if (!result) return known;
  known.failure = result->reason;
  if (known.candidate.state != run::State::kFinished) return known;
  known.other_data = other_data(folder, *result, data_name, data.of(data_name));
  known.outdated = run::outdated_parts(*result, wanted.installed);
  known.candidate.outdated =
      !known.other_data.empty() || (wanted.redo_stale && !known.outdated.empty());
  return known;
}

void put(Known known, Counting* counting) {
  const Key key{known.header.hash, known.header.seed};
  const auto found = counting->find(key);
  if (found == counting->end()) {
    counting->emplace(key, std::move(known));
  } else if (run::counts_before(known.candidate, found->second.candidate)) {
    found->second = std::move(known);
  }
}

// Skips damaged folders; collecting reports them.
void visit_runs(const std::string& lab,
                const std::function<void(const run::Folder&, run::Header)>& visit) {
  for (const run::Folder& folder : run::list_runs(lab)) {
    try {
      visit(folder, run::read_header(folder));
    } catch (const Error&) {
    }
  }
}

// The run that counts for each planned run, where the lab has one.
Counting known_runs(const spec::Experiment& experiment, const Wanted& wanted) {
  std::map<Key, std::string> data_name;  // of the planned runs
  for (const spec::PlannedRun& run : experiment.runs) {
    data_name[{run.hash, run.run.seed}] = run.run.data.name;
  }
  data::Fingerprints data(wanted.lab);
  Counting counting;
  visit_runs(wanted.lab, [&](const run::Folder& folder, run::Header header) {
    const auto name = data_name.find({header.hash, header.seed});
    if (name == data_name.end()) return;
    put(look_at(folder, std::move(header), name->second, data, wanted), &counting);
  });
  return counting;
}

PlannedTask task_of(size_t index, const Known* known) {
  PlannedTask task;
  task.index = index;
  if (known == nullptr) return task;
  const run::State state = known->candidate.state;
  switch (state) {
    case run::State::kFinished:
      if (!known->outdated.empty()) task.note = "made with " + joined(known->outdated);
      if (!known->other_data.empty()) task.note = known->other_data;
      if (!known->candidate.outdated) {
        task.status = known->outdated.empty() ? TaskStatus::kDone : TaskStatus::kStale;
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

}  // namespace

std::string to_string(TaskStatus status) {
  static constexpr const char* kNames[] = {"done", "stale", "running", "interrupted", "to do"};
  return kNames[static_cast<int>(status)];
}

bool needs_work(TaskStatus status) {
  return status == TaskStatus::kToDo || status == TaskStatus::kInterrupted ||
         status == TaskStatus::kRunning;
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
               const run::InstalledPlugins& installed, int64_t jobs, bool redo_stale) {
  const Counting counting = known_runs(experiment, {lab, installed, redo_stale});
  const Estimator estimator(lab);
  Plan plan;
  plan.jobs = jobs;
  std::vector<double> seconds;
  size_t measured = 0;
  for (size_t i = 0; i < experiment.runs.size(); ++i) {
    const spec::PlannedRun& run = experiment.runs[i];
    const auto known = counting.find({run.hash, run.run.seed});
    PlannedTask task = task_of(i, known == counting.end() ? nullptr : &known->second);
    if (task.status == TaskStatus::kStale) plan.stale.add(known->second.outdated);
    if (needs_work(task.status)) {
      const Estimate estimate = estimator.estimate(run.run);
      task.seconds = estimate.seconds;
      task.measured = estimate.measured;
      measured += estimate.measured;
      seconds.push_back(task.seconds);
    }
    plan.tasks.push_back(std::move(task));
  }
  plan.seconds = wall_time(seconds, jobs);
  if (seconds.empty()) {
    plan.basis = "nothing to do";
  } else {
    plan.basis =
        std::to_string(measured) + " of " + std::to_string(seconds.size()) +
        " runs estimated from earlier runs in this lab" +
        (measured < seconds.size() ? "; the rest by a rough model (" + Estimator::model() + ")"
                                   : "");
  }
  return plan;
}

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
         {"measured", task.measured}});
  }
  nlohmann::json counts;
  for (const TaskStatus status : {TaskStatus::kDone, TaskStatus::kStale, TaskStatus::kRunning,
                                  TaskStatus::kInterrupted, TaskStatus::kToDo}) {
    counts[to_string(status)] = plan.count(status);
  }
  return {{"experiment", experiment.name}, {"axes", experiment.axes}, {"jobs", plan.jobs},
          {"seconds", plan.seconds},       {"basis", plan.basis},     {"counts", counts},
          {"tasks", std::move(tasks)}};
}

std::vector<run::Folder> counting_runs(const std::string& lab, const std::string& experiment) {
  std::map<Key, size_t> position;  // in the plan
  const std::string file = run::plan_file(lab, experiment);
  // Older programs took any text for the name of an experiment of imported ranks.
  const bool planned = is_name(experiment) && std::filesystem::exists(file);
  if (planned) {
    const run::ExperimentPlan plan = run::read_plan(file);
    for (size_t i = 0; i < plan.runs.size(); ++i)
      position[{plan.runs[i].hash, plan.runs[i].seed}] = i;
  }
  const run::InstalledPlugins none;
  data::Fingerprints data(lab);
  Counting counting;
  visit_runs(lab, [&](const run::Folder& folder, run::Header header) {
    const bool made_for_it =
        header.experiment == experiment && (!planned || header.source != "lealab");
    if (!made_for_it && !position.contains({header.hash, header.seed})) return;
    const std::string name = spec::load_run(folder.file(run::kSpecFile)).data.name;
    put(look_at(folder, std::move(header), name, data, {lab, none}), &counting);
  });
  std::vector<std::pair<size_t, run::Folder>> placed;
  for (const auto& [key, known] : counting) {
    const auto found = position.find(key);
    placed.emplace_back(found == position.end() ? position.size() : found->second, known.folder);
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<run::Folder> folders;
  for (auto& [at, folder] : placed) folders.push_back(std::move(folder));
  return folders;
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
