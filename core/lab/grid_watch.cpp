#include "core/lab/grid_watch.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/run/artefact_folder.h"
#include "core/run/beat.h"

namespace lea::lab {
namespace fs = std::filesystem;
namespace {

using Kind = run::GridEvent::Kind;

constexpr size_t kShortestPrefix = 4;  // digits of a uuid or a hash that a user must give

std::string described(const run::Folder& grid) {
  try {
    return run::grid_id(grid) + " (" + run::read_grid(grid).experiment + ")";
  } catch (const Error&) {
    return run::grid_id(grid);
  }
}

std::string listed(const std::vector<run::Folder>& grids) {
  std::string text;
  for (const run::Folder& grid : grids) text += "\n  " + described(grid);
  return text;
}

// The newest grid with this id or of this experiment.
std::optional<run::Folder> named(const std::vector<run::Folder>& grids, const std::string& name) {
  for (auto grid = grids.rbegin(); grid != grids.rend(); ++grid) {
    if (run::grid_id(*grid) == name) return *grid;
    try {
      if (run::read_grid(*grid).experiment == name) return *grid;
    } catch (const Error&) {
    }
  }
  return std::nullopt;
}

// The runs of a live grid that a user may mean by a uuid or a hash. None when the grid's file is
// damaged.
std::vector<Target> targets_in(const run::Folder& grid, const std::string& prefix) {
  run::GridHeader header;
  try {
    header = run::read_grid(grid);
  } catch (const Error&) {
    return {};
  }
  std::map<size_t, std::string> runs;  // by task: the uuid of its run
  for (size_t task = 0; task < header.tasks.size(); ++task) runs[task] = header.tasks[task].run;
  uint64_t offset = 0;
  for (const run::GridEvent& event : run::read_events(grid, &offset)) {
    if (run::is_of_task(event.kind) && !event.run.empty()) runs[event.task] = event.run;
  }
  std::vector<Target> targets;
  for (size_t task = 0; task < header.tasks.size(); ++task) {
    const std::string& hash = header.tasks[task].hash;
    if (hash.starts_with(prefix) || runs[task].starts_with(prefix))
      targets.push_back({grid, hash, header.name(task)});
  }
  return targets;
}

}  // namespace

GridWatch::GridWatch(const std::string& lab, const run::Folder& grid)
    : lab_(lab), grid_(grid), header_(run::read_grid(grid)) {}

void GridWatch::read(const Grid::OnEvent& on_event) {
  for (const run::GridEvent& event : run::read_events(grid_, &offset_)) {
    if (event.kind == Kind::kEnded)
      conclusion_ = Conclusion{static_cast<Exit>(event.exit), event.text};
    if (run::is_of_task(event.kind)) {
      if (event.task >= header_.tasks.size()) continue;
      const bool works = event.kind == Kind::kStarted || event.kind == Kind::kElsewhere;
      if (works && !event.run.empty()) {
        at_work_[event.task] = header_.tasks[event.task].artefact.empty()
                                   ? run::folder_of(lab_, event.run)
                                   : run::artefact_folder(lab_, event.run);
      } else {
        at_work_.erase(event.task);
      }
    }
    on_event(event);
  }
}

void GridWatch::read_beats(const Grid::OnEvent& on_event) {
  for (const auto& [task, folder] : at_work_) {
    try {
      const auto beat = run::read_beat(folder);
      if (!beat || beat->time == beats_[task]) continue;
      beats_[task] = beat->time;
      run::GridEvent event;
      event.kind = Kind::kProgress;
      event.task = task;
      event.run = folder.uuid();
      event.progress = beat->progress;
      on_event(event);
    } catch (const Error&) {
      // A damaged beat is replaced by the next one.
    }
  }
}

void GridWatch::poll(const Grid::OnEvent& on_event) {
  if (conclusion_) return;
  // Looked at before the events are read, so that the last event of a grid is never missed.
  const bool live = run::is_live(grid_);
  read(on_event);
  if (conclusion_) return;
  std::error_code error;
  if (!fs::exists(grid_.file(run::kGridFile), error)) {
    throw Error(Exit::kEnvironment, grid_.path +
                                        ": the folder of the grid has vanished. Was the lab moved "
                                        "or removed?");
  }
  if (!live) {
    conclusion_ = Conclusion{Exit::kInterrupted, "grid " + header_.id +
                                                     " was killed. Nothing is lost: `lealab run " +
                                                     header_.spec + "` continues."};
    return;
  }
  read_beats(on_event);
}

run::Folder find_grid(const std::string& lab, const std::string& name) {
  const std::vector<run::Folder> grids = run::list_grids(lab);
  if (grids.empty())
    throw UsageError("the lab " + lab + " has no grid; `lealab run SPEC` starts one");
  if (!name.empty()) {
    if (const auto found = named(grids, name)) return *found;
    throw UsageError("the lab " + lab + " has no grid and no grid of an experiment " +
                     in_backticks(name) + ". It has:" + listed(grids));
  }
  const std::vector<run::Folder> live = run::live_grids(lab);
  if (live.size() > 1)
    throw UsageError("several grids work in the lab " + lab + "; name one:" + listed(live));
  return live.empty() ? grids.back() : live.front();
}

Target find_target(const std::string& lab, const std::string& name) {
  const std::vector<run::Folder> live = run::live_grids(lab);
  if (name.empty() || named(run::list_grids(lab), name)) {
    const run::Folder grid = find_grid(lab, name);
    if (!run::is_live(grid))
      throw Error(Exit::kBadInput, "grid " + described(grid) + " has ended already");
    return {grid, "", "grid " + described(grid)};
  }
  std::vector<Target> found;
  if (name.size() >= kShortestPrefix) {
    for (const run::Folder& grid : live) {
      for (Target& target : targets_in(grid, name)) found.push_back(std::move(target));
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw UsageError(in_backticks(name) +
                     " names no live grid and no run of one. Give an experiment, the id of a grid, "
                     "or at least " +
                     std::to_string(kShortestPrefix) + " digits of a run's uuid or hash." +
                     (live.empty() ? " No grid works in this lab." : " Live grids:") +
                     listed(live));
  }
  std::string text = in_backticks(name) + " means several runs:";
  for (const Target& target : found)
    text += "\n  " + target.hash.substr(0, 12) + "  " + target.named;
  throw UsageError(text);
}

std::string ask(const Target& target, run::Request::Action action, double seconds) {
  uint64_t offset = 0;
  run::read_events(target.grid, &offset);
  const std::string name = run::send_request(target.grid, {action, target.hash});
  const run::Process grid = run::read_grid(target.grid).process;
  // Without the signal the grid would look once a second.
  if (run::is_alive(grid)) kill(static_cast<pid_t>(grid.pid), SIGUSR1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    const bool live = run::is_live(target.grid);
    for (const run::GridEvent& event : run::read_events(target.grid, &offset)) {
      if (event.kind != Kind::kRequest || event.run != name) continue;
      if (event.exit != 0) throw Error(static_cast<Exit>(event.exit), event.text);
      return event.text;
    }
    if (!live) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return "";
}

}  // namespace lea::lab
