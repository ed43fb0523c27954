// The lines and the metrics of a comparison of two runs as tables.
#pragma once

#include "gui/model/memory_table.h"
#include "gui/model/run_comparison.h"

namespace lea::gui {

class SettingsDifference : public MemoryTable {
  Q_OBJECT

 public:
  explicit SettingsDifference(QObject* parent = nullptr);

  void show_lines(const std::vector<ComparedLine>& lines);
  // Whether also the lines are shown in which the runs are equal.
  void set_all(bool all);
  bool all() const { return all_; }

  const std::vector<TableColumn>& columns() const override { return columns_; }

 protected:
  size_t size() const override { return shown_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  void choose();

  const std::vector<TableColumn> columns_;
  std::vector<ComparedLine> lines_;
  std::vector<size_t> shown_;  // in lines_
  bool all_ = false;
};

class MetricsDifference : public MemoryTable {
  Q_OBJECT

 public:
  explicit MetricsDifference(QObject* parent = nullptr);

  void show_metrics(const std::vector<ComparedMetric>& metrics);

  const std::vector<TableColumn>& columns() const override { return columns_; }

 protected:
  size_t size() const override { return metrics_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;

 private:
  const std::vector<TableColumn> columns_;
  std::vector<ComparedMetric> metrics_;
};

}  // namespace lea::gui
