#include "core/lab/plan.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <queue>
#include <sstream>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/lab/estimate.h"

namespace lea::lab {
namespace {

struct Known {
  RunFolder folder;
  RunState state;
  std::string created;
  bool fits = true;  // false: finished, but to be made again
};

using Key = std::pair<std::string, int64_t>;  // hash, seed

// The better of two runs of one cell and seed: finished, then running, interrupted, queued, failed
// or finished in vain; then the newer.
int rank_of(const Known& run) {
  switch (run.state) {
    case RunState::kFinished:
      return run.fits ? 5 : 1;
    case RunState::kRunning:
      return 4;
    case RunState::kInterrupted:
      return 3;
    case RunState::kQueued:
      return 2;
    default:
      return 1;
  }
}

// `fits` is asked of finished runs.
std::map<Key, Known> known_runs(
    const std::string& lab, const spec::Experiment& experiment,
    const std::function<bool(const RunFolder&, const std::string& data_name)>& fits) {
  std::map<Key, Known> wanted;
  std::map<Key, std::string> data_name;
  for (const spec::PlannedRun& run : experiment.runs) {
    const Key key{run.hash, run.run.seed};
    wanted[key] = {};
    data_name[key] = run.run.data.name;
  }
  for (const RunFolder& folder : list_runs(lab)) {
    try {
      const Cell cell = read_cell(folder);
      const auto found = wanted.find({cell.hash, cell.seed});
      if (found == wanted.end()) continue;
      Known run{folder, state_of(folder), cell.created};
      if (run.state == RunState::kFinished) run.fits = fits(folder, data_name.at(found->first));
      Known& best = found->second;
      const bool first = best.folder.path.empty();
      if (first || std::pair(rank_of(run), run.created) > std::pair(rank_of(best), best.created)) {
        best = run;
      }
    } catch (const Error&) {
      // A damaged folder counts as no run; collecting reports it.
    }
  }
  return wanted;
}

// Fingerprints of the data sets that the experiment names and the lab has.
std::map<std::string, std::string> data_in(const std::string& lab,
                                           const spec::Experiment& experiment) {
  std::map<std::string, std::string> fingerprints;
  for (const spec::PlannedRun& run : experiment.runs) {
    const std::string& name = run.run.data.name;
    if (fingerprints.contains(name)) continue;
    const std::string path = lab + "/data/" + name + "/dataset.json";
    const auto description = read_json(path);
    fingerprints[name] = description ? JsonFields(*description, path).text("fingerprint", "") : "";
  }
  return fingerprints;
}

std::string result_text(const RunFolder& folder, const char* key) {
  const auto result = read_json(folder.path + "/result.json");
  return result ? JsonFields(*result, folder.path + "/result.json").text(key, "") : "";
}

// The plugins of a finished run whose library has changed since.
std::string changed_plugins(const RunFolder& folder,
                            const std::map<std::string, std::string>& installed) {
  const std::string path = folder.path + "/result.json";
  const auto result = read_json(path);
  if (!result || !result->contains("plugins") || !(*result)["plugins"].is_array()) return "";
  std::string changed;
  for (const auto& element : (*result)["plugins"]) {
    const JsonFields plugin(element, path + ": plugins");
    const auto now = installed.find(plugin.text("id"));
    if (now == installed.end() || now->second == plugin.text("sha256")) continue;
    changed += (changed.empty() ? "" : ", ") + plugin.text("id");
  }
  return changed.empty() ? "" : "made with another binary of " + changed;
}

// Why a finished run is no result of the data set that the lab has now; empty when it is one, or
// when the lab has no such data set.
std::string other_data(const RunFolder& folder, const std::string& name,
                       const std::string& fingerprint) {
  const std::string ranked = result_text(folder, "data_fingerprint");
  if (fingerprint.empty() || ranked == fingerprint) return "";
  return "run " + folder.uuid().substr(0, 8) + " used another data set of the name " + name +
         " (fingerprint " + ranked.substr(0, 12) + ", now " + fingerprint.substr(0, 12) + ")";
}

PlannedTask task_of(size_t index, const spec::PlannedRun& run, const Known& known,
                    const std::string& fingerprint,
                    const std::map<std::string, std::string>& installed, bool redo_stale) {
  PlannedTask task;
  task.index = index;
  task.folder = known.folder;
  if (known.folder.path.empty()) return task;
  switch (known.state) {
    case RunState::kFinished:
      task.note = other_data(known.folder, run.run.data.name, fingerprint);
      if (!task.note.empty()) break;  // no result of this experiment
      task.note = changed_plugins(known.folder, installed);
      task.status = task.note.empty() ? TaskStatus::kDone
                    : redo_stale      ? TaskStatus::kToDo
                                      : TaskStatus::kStale;
      break;
    case RunState::kRunning:
      task.status = TaskStatus::kRunning;
      break;
    case RunState::kInterrupted:
      task.status = TaskStatus::kInterrupted;
      break;
    case RunState::kQueued:
      break;  // its folder is used
    default:
      task.note = "failed before: " + result_text(known.folder, "reason");
  }
  // What has ended keeps its folder; the next run gets its own.
  if (task.status == TaskStatus::kToDo && known.state != RunState::kQueued) task.folder = {};
  return task;
}

// Wall time when each task goes to the worker that is free first, as the executor does.
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

size_t Plan::count(TaskStatus status) const {
  return static_cast<size_t>(std::count_if(
      tasks.begin(), tasks.end(), [status](const auto& task) { return task.status == status; }));
}

Plan make_plan(const std::string& lab, const spec::Experiment& experiment,
               const spec::PluginCatalogue& catalogue, int64_t jobs, bool redo_stale) {
  std::map<std::string, std::string> installed;
  for (const spec::PluginInfo& plugin : catalogue.all())
    installed[plugin.kind + " " + plugin.id] = plugin.sha256;
  const auto data = data_in(lab, experiment);
  const auto fits = [&](const RunFolder& folder, const std::string& name) {
    return other_data(folder, name, data.at(name)).empty() &&
           (!redo_stale || changed_plugins(folder, installed).empty());
  };
  const auto known = known_runs(lab, experiment, fits);
  const Estimator estimator(lab);
  Plan plan;
  plan.jobs = jobs;
  std::vector<double> seconds;
  size_t measured = 0;
  for (size_t i = 0; i < experiment.runs.size(); ++i) {
    const spec::PlannedRun& run = experiment.runs[i];
    PlannedTask task = task_of(i, run, known.at({run.hash, run.run.seed}),
                               data.at(run.run.data.name), installed, redo_stale);
    if (task.status == TaskStatus::kToDo || task.status == TaskStatus::kInterrupted) {
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

int64_t default_jobs(const spec::Experiment& experiment, size_t devices) {
  int64_t threads = 1;
  bool cuda = false;
  for (const spec::PlannedRun& run : experiment.runs) {
    threads = std::max(threads, run.run.train.threads);
    cuda = cuda || run.run.train.device != "cpu";
  }
  const int64_t jobs = std::max<int64_t>(1, sysconf(_SC_NPROCESSORS_ONLN) / threads);
  return cuda ? std::clamp<int64_t>(static_cast<int64_t>(devices), 1, jobs) : jobs;
}

std::vector<std::string> cuda_devices() {
  std::vector<std::string> devices;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    std::istringstream list(visible);
    for (std::string device; std::getline(list, device, ',');) devices.push_back(device);
    return devices;
  }
  // CUDA counts the devices that are there, so a gap in their names (a container is given a part of
  // them) is none in its numbers.
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
