#include "gui/model/grid_list.h"

#include "gui/model/look.h"
#include "gui/model/task_table.h"
#include "gui/model/text.h"

namespace lea::gui {

int look_of(const GridSummary& grid) {
  if (!grid.problem.empty()) return static_cast<int>(Look::kFailed);
  if (grid.live) return static_cast<int>(grid.at_work > 0 ? Look::kRunning : Look::kWaiting);
  if (grid.failed > 0) return static_cast<int>(Look::kFailed);
  return static_cast<int>(grid.finished < grid.to_do ? Look::kInterrupted : Look::kFinished);
}

QString detail_of(const GridSummary& grid) {
  if (!grid.problem.empty()) return "cannot be read";
  const size_t ended = grid.finished + grid.failed;
  QStringList parts = {QString("%1 of %2").arg(ended).arg(grid.to_do)};
  if (grid.failed > 0) parts << QString("%1 failed").arg(grid.failed);
  if (grid.live) {
    parts << QString("%1 at work").arg(grid.at_work);
    const QString left = seconds_text(grid.seconds_left);
    if (!left.isEmpty()) parts << left + " left";
  } else {
    parts << (ended < grid.to_do ? "stopped" : "ended");
  }
  return parts.join(" · ");
}

GridList::GridList(LabModel& lab, QObject* parent) : QAbstractListModel(parent), lab_(lab) {
  connect(&lab, &LabModel::grids_changed, this, &GridList::update);
  connect(&lab, &LabModel::opened, this, &GridList::update);
  update();
}

// Keeps the rows where they are, so that a selection stays, unless there are other grids.
void GridList::update() {
  const std::vector<GridSummary>& now = lab_.grids();
  const bool same = std::equal(now.begin(), now.end(), grids_.begin(), grids_.end(),
                               [](const auto& a, const auto& b) { return a.id == b.id; });
  if (same) {
    grids_ = now;
    if (!grids_.empty()) Q_EMIT dataChanged(index(1), index(static_cast<int>(grids_.size())));
    return;
  }
  beginResetModel();
  grids_ = now;
  endResetModel();
}

int GridList::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(grids_.size()) + 1;
}

int GridList::row_of(const QString& id) const {
  for (size_t i = 0; i < grids_.size(); ++i) {
    if (to_qt(grids_[i].id) == id) return static_cast<int>(i) + 1;
  }
  return 0;
}

QVariant GridList::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  if (index.row() == 0) {
    if (role == Qt::DisplayRole) return "All runs of the lab";
    if (role == kId || role == kDetail) return QString();
    if (role == Qt::AccessibleTextRole) return "All runs of the lab";
    return {};
  }
  const GridSummary& grid = grids_[static_cast<size_t>(index.row()) - 1];
  switch (role) {
    case Qt::DisplayRole:
      return grid.experiment.empty() ? to_qt(grid.id) : shown(grid.experiment);
    case Qt::AccessibleTextRole:
      return shown(grid.experiment) + ", " + look_text(static_cast<Look>(look_of(grid))) + ", " +
             detail_of(grid);
    case Qt::ToolTipRole:
      return plain_tip(to_qt(grid.id) + "\n" + shown(grid.spec) +
                       (grid.problem.empty() ? QString() : "\n" + shown(grid.problem)));
    case kId:
      return to_qt(grid.id);
    case kLook:
      return look_of(grid);
    case kDetail:
      return detail_of(grid);
    case kShare:
      return grid.to_do == 0 ? 1.0
                             : static_cast<double>(grid.finished + grid.failed) /
                                   static_cast<double>(grid.to_do);
    default:
      return {};
  }
}

}  // namespace lea::gui
