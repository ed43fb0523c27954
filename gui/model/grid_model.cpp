#include "gui/model/grid_model.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/lab/verdict.h"
#include "core/run/header.h"

namespace lea::gui {

void GridModel::clear() {
  Q_EMIT about_to_reset();
  header_.reset();
  progress_.reset();
  summary_ = {};
  remark_.clear();
  cells_.clear();
  artefacts_.clear();
  Q_EMIT reset();
}

void GridModel::arrange() {
  cells_.clear();
  artefacts_.clear();
  std::map<std::string, size_t> places;
  for (size_t task = 0; task < header_->tasks.size(); ++task) {
    if (!header_->tasks[task].artefact.empty()) {
      artefacts_.push_back(task);
      continue;
    }
    const std::string name = run::cell_name(header_->axes, header_->tasks[task].labels);
    const auto [place, added] = places.emplace(name, cells_.size());
    if (added) cells_.push_back({name, {}});
    cells_[place->second].tasks.push_back(task);
  }
}

void GridModel::add(const GridNews& news) {
  const bool anew = news.header != nullptr;
  if (anew) {
    Q_EMIT about_to_reset();
    header_ = news.header;
    progress_ = std::make_unique<lab::GridProgress>(*header_);
    remark_.clear();
    arrange();
  }
  if (empty()) return;
  for (const GridSummary& grid : news.grids) {
    if (grid.id == news.followed) summary_ = grid;
  }
  std::set<size_t> tasks;
  for (const run::GridEvent& event : news.events) {
    progress_->on_event(event);
    if (run::is_of_task(event.kind)) {
      tasks.insert(event.task);
    } else if (!event.text.empty()) {
      remark_ = event.text;
    }
  }
  if (anew) {
    Q_EMIT reset();
  } else {
    Q_EMIT changed({tasks.begin(), tasks.end()});
  }
}

std::vector<GridModel::Failures> GridModel::failures() const {
  std::vector<Failures> groups;
  if (empty()) return groups;
  std::map<std::string, size_t> places;
  for (size_t index = 0; index < progress_->tasks().size(); ++index) {
    if (task(index).state != lab::TaskState::kFailed) continue;
    const auto [place, added] = places.emplace(lab::without_steps(task(index).text), groups.size());
    if (added) groups.push_back({task(index).text, {}});
    groups[place->second].tasks.push_back(index);
  }
  std::stable_sort(groups.begin(), groups.end(), [](const Failures& a, const Failures& b) {
    return a.tasks.size() > b.tasks.size();
  });
  return groups;
}

}  // namespace lea::gui
