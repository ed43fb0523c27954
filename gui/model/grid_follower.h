// Looks at the grids of a lab through their folders: a summary of each, and the events of the one
// that is followed. Used on a lane, because it reads files.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/grid_progress.h"
#include "core/lab/grid_watch.h"

namespace lea::gui {

struct GridSummary {
  std::string id, experiment, spec, created;
  bool live = false, detached = false;
  size_t to_do = 0, finished = 0, failed = 0, at_work = 0, waiting = 0;
  double seconds_left = 0;                    // live: estimated
  std::optional<lab::Conclusion> conclusion;  // ended: how
  std::string problem;                        // its folder is damaged: why

  bool operator==(const GridSummary& other) const;
};

// What has happened since the last look.
struct GridNews {
  std::vector<GridSummary> grids;  // newest first
  bool read_all = false;           // false: further grids are read by the next calls
  bool any_ended = false;          // a grid that was live before has ended
  // Of the grid that is followed:
  std::string followed;                           // its id; empty for none
  std::shared_ptr<const run::GridHeader> header;  // set when the events begin anew
  std::vector<run::GridEvent> events;
};

class GridFollower {
 public:
  explicit GridFollower(std::string lab) : lab_(std::move(lab)) {}

  // `followed`: the id of a grid, or empty. With another `serial` than before, its events begin anew.
  // Errors of a grid's folder become its problem. Throws StoreError when the lab's folder cannot be
  // read.
  GridNews look(const std::string& followed, int64_t serial);

 private:
  // A grid whose events are read.
  struct Watched {
    Watched(const std::string& lab, const run::Folder& grid)
        : watch(lab, grid), progress(watch.header()) {}
    lab::GridWatch watch;
    lab::GridProgress progress;
  };

  void summarise(const run::Folder& grid, GridSummary* summary);
  void follow(const run::Folder& grid, GridNews* news);

  const std::string lab_;
  std::map<std::string, std::unique_ptr<Watched>> live_;  // by id
  std::map<std::string, GridSummary> known_;  // of grids that have ended, or are damaged
  int64_t serial_ = -1;
  std::unique_ptr<Watched> follow_;
};

}  // namespace lea::gui
