// The runs of a cell of a matrix, with those that are planned and missing.
#pragma once

#include <string>
#include <vector>

#include "core/report/matrix.h"
#include "gui/model/memory_table.h"

namespace lea::gui {

struct CellRun {
  std::string uuid;  // empty: there is no run yet
  report::Standing standing = report::Standing::kMissing;
  std::string setting, seed, split;
  std::optional<double> value;  // in the metric of the cell
  std::string reason, folder, experiment;
};

class CellRuns : public MemoryTable {
  Q_OBJECT

 public:
  explicit CellRuns(QObject* parent = nullptr);

  // `metric`: the title of the column of values; `splits`: whether the runs differ in splits.
  void show_runs(std::vector<CellRun> runs, const QString& metric, bool splits);
  const std::vector<CellRun>& runs() const { return runs_; }
  const CellRun& run(const QModelIndex& index) const { return runs_.at(source_row(index)); }

  const std::vector<TableColumn>& columns() const override { return columns_; }

 protected:
  size_t size() const override { return runs_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  std::vector<TableColumn> columns_;
  std::vector<CellRun> runs_;
};

// The filter of core/report/filter.h for runs; empty when none exists.
QString filter_of(const std::vector<CellRun>& runs);

}  // namespace lea::gui
