// The grids of a lab, newest first, below a line for all runs of the index.
#pragma once

#include <QAbstractListModel>

#include "gui/model/lab_model.h"

namespace lea::gui {

class GridList : public QAbstractListModel {
  Q_OBJECT

 public:
  enum Role {
    kId = Qt::UserRole,  // QString; empty for all runs
    kLook,               // int, as look.h
    kDetail,             // QString: the second line
    kShare,              // double: of the runs that have ended; absent for all runs
  };

  explicit GridList(LabModel& lab, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  // 0, the line for all runs, for an unknown grid.
  int row_of(const QString& id) const;

 private:
  void update();

  LabModel& lab_;
  std::vector<GridSummary> grids_;
};

// A live grid whose runs all wait counts as waiting, and one that has ended as its worst run.
int look_of(const GridSummary& grid);
// "12 of 40 · 1 failed · 2 at work · 3 min left".
QString detail_of(const GridSummary& grid);

}  // namespace lea::gui
