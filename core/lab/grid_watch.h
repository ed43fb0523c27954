// Follows a grid from another process, through its folder and the beats of its runs. Any number of
// watchers may come and go; none disturbs the grid.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/lab/grid.h"

namespace lea::lab {

class GridWatch {
 public:
  // Throws DataError when the folder's grid.json is missing or damaged.
  GridWatch(const std::string& lab, const run::Folder& grid);

  const run::GridHeader& header() const { return header_; }

  // Calls `on_event` for what has happened since the last call, first for all that happened before;
  // also with kProgress for each run whose beat has changed. Does not wait. Throws
  // Error(kEnvironment) when the grid's folder has vanished.
  void poll(const Grid::OnEvent& on_event);

  // How the grid ended; empty while it works. A grid that was killed counts as interrupted.
  const std::optional<Conclusion>& conclusion() const { return conclusion_; }

 private:
  void read(const Grid::OnEvent& on_event);
  void read_beats(const Grid::OnEvent& on_event);

  std::string lab_;
  run::Folder grid_;
  run::GridHeader header_;
  uint64_t offset_ = 0;                    // of events.jsonl
  std::map<size_t, run::Folder> at_work_;  // the runs whose beats are read, by task
  std::map<size_t, std::time_t> beats_;    // the time of the last beat, by task
  std::optional<Conclusion> conclusion_;
};

// The grid that a user names: by its id, or by the experiment (then the newest); "" is the only live
// grid, or the newest one when none is live. Throws UsageError when there is none or several match.
run::Folder find_grid(const std::string& lab, const std::string& name);

// What a user asks of a grid at work.
struct Target {
  run::Folder grid;
  std::string hash;   // of the run; empty: the whole grid
  std::string named;  // for messages: "grid ID" or "gru4rec snqn seed 1"
};

// `name`: a live grid as find_grid takes it, or a run of a live grid: the first digits of its uuid
// or hash. Throws UsageError for an unknown name and for one with several meanings, and
// Error(kBadInput) when the named grid has ended.
Target find_target(const std::string& lab, const std::string& name);

// Sends the request and wakes the grid. Waits until the grid has read it, at most `seconds`. Returns
// the grid's answer; empty when there was none in that time. Throws Error(kBadInput) with the answer
// when the grid refused the request.
std::string ask(const Target& target, run::Request::Action action, double seconds);

}  // namespace lea::lab
