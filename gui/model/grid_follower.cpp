#include "gui/model/grid_follower.h"

#include <algorithm>
#include <ctime>
#include <tuple>

#include "core/base/as_error.h"
#include "core/base/error.h"

namespace lea::gui {
namespace {

// A lab keeps fifty grids, which may be large. A call reads so many new ones, so that the newest are
// shown at once.
constexpr int kNewGridsAtOnce = 6;

void fill(const lab::GridWatch& watch, const lab::GridProgress& progress, GridSummary* summary) {
  const run::GridHeader& header = watch.header();
  summary->experiment = header.experiment;
  summary->spec = header.spec;
  summary->created = header.created;
  summary->detached = header.detached;
  summary->to_do = progress.to_do();
  summary->finished = progress.count(lab::TaskState::kFinished);
  summary->failed = progress.count(lab::TaskState::kFailed);
  summary->waiting = progress.count(lab::TaskState::kWaiting);
  summary->at_work = progress.at_work();
  summary->conclusion = watch.conclusion();
  summary->live = !summary->conclusion;
  summary->seconds_left = summary->live ? progress.remaining(std::time(nullptr)) : 0;
}

}  // namespace

bool GridSummary::operator==(const GridSummary& other) const {
  const auto facts = [](const GridSummary& grid) {
    return std::tie(grid.id, grid.live, grid.to_do, grid.finished, grid.failed, grid.at_work,
                    grid.waiting, grid.problem);
  };
  // Seconds that are shown as minutes need no new painting.
  return facts(*this) == facts(other) &&
         static_cast<int64_t>(seconds_left / 30) == static_cast<int64_t>(other.seconds_left / 30);
}

void GridFollower::summarise(const run::Folder& grid, GridSummary* summary) {
  auto& watched = live_[summary->id];
  try {
    as_error(grid.path, [&] {
      if (!watched) watched = std::make_unique<Watched>(lab_, grid);
      watched->watch.poll([&](const run::GridEvent& event) { watched->progress.on_event(event); });
      return 0;
    });
    fill(watched->watch, watched->progress, summary);
  } catch (const Error& error) {
    summary->live = false;
    summary->problem = error.what();
  }
  if (summary->live) return;
  live_.erase(summary->id);
  known_[summary->id] = *summary;
}

void GridFollower::follow(const run::Folder& grid, GridNews* news) {
  if (!follow_) {
    follow_ = std::make_unique<Watched>(lab_, grid);
    news->header = std::make_shared<const run::GridHeader>(follow_->watch.header());
  }
  follow_->watch.poll([&](const run::GridEvent& event) { news->events.push_back(event); });
}

GridNews GridFollower::look(const std::string& followed, int64_t serial) {
  GridNews news;
  const std::vector<run::Folder> grids = run::list_grids(lab_);
  int new_ones = 0;
  news.read_all = true;
  for (auto grid = grids.rbegin(); grid != grids.rend(); ++grid) {
    GridSummary summary;
    summary.id = run::grid_id(*grid);
    if (const auto known = known_.find(summary.id); known != known_.end()) {
      news.grids.push_back(known->second);
      continue;
    }
    const bool was_live = live_.contains(summary.id);
    if (!was_live && ++new_ones > kNewGridsAtOnce) {
      news.read_all = false;
      continue;
    }
    summarise(*grid, &summary);
    news.any_ended |= was_live && !summary.live;
    news.grids.push_back(std::move(summary));
  }
  if (serial != serial_) follow_.reset();
  serial_ = serial;
  const auto found = std::find_if(grids.begin(), grids.end(), [&](const run::Folder& grid) {
    return run::grid_id(grid) == followed;
  });
  if (found == grids.end()) return news;
  news.followed = followed;
  try {
    as_error(found->path, [&] {
      follow(*found, &news);
      return 0;
    });
  } catch (const Error&) {
    // The summary has the problem.
  }
  return news;
}

}  // namespace lea::gui
