// The runs of a grid as a table, with their progress, and the groups of what failed.
#pragma once

#include "gui/model/grid_model.h"
#include "gui/model/memory_table.h"

namespace lea::gui {

class TaskTable : public MemoryTable {
  Q_OBJECT

 public:
  // Shows the grid, which must outlive the table.
  explicit TaskTable(const GridModel& grid, QObject* parent = nullptr);

  const std::vector<TableColumn>& columns() const override { return columns_; }
  size_t task(const QModelIndex& index) const { return tasks_.at(source_row(index)); }
  // -1 when the task is not shown.
  int row_of(size_t task) const;

 protected:
  size_t size() const override { return tasks_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  void reset();
  void update(const std::vector<size_t>& tasks);

  const GridModel& grid_;
  std::vector<TableColumn> columns_;
  std::vector<size_t> tasks_;  // artefacts, then runs
};

class FailureTable : public MemoryTable {
  Q_OBJECT

 public:
  explicit FailureTable(const GridModel& grid, QObject* parent = nullptr);

  const std::vector<TableColumn>& columns() const override { return columns_; }
  const GridModel::Failures& group(const QModelIndex& index) const {
    return groups_.at(source_row(index));
  }
  size_t groups() const { return groups_.size(); }

 protected:
  size_t size() const override { return groups_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  void update();
  void replace(std::vector<GridModel::Failures> groups);

  const GridModel& grid_;
  const std::vector<TableColumn> columns_;
  std::vector<GridModel::Failures> groups_;
};

// How long something takes, in a short form: "", "12 s", "3 h 20 min".
QString seconds_text(double seconds);

}  // namespace lea::gui
