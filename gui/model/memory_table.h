// A table whose rows are in memory. A subclass gives the fields of its rows; this class filters and
// sorts them.
#pragma once

#include <optional>

#include "core/report/filter.h"
#include "gui/model/table_model.h"

namespace lea::gui {

class MemoryTable : public TableModel {
  Q_OBJECT

 public:
  using TableModel::TableModel;

  void set_filter(const std::string& expression) override;
  std::vector<std::string> fields() const override;
  void all_rows(const std::vector<int>& columns,
                const std::function<void(const Rows&)>& done) override;
  void sort(int column, Qt::SortOrder order) override;
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

  // The row of the subclass that is shown at an index, and the reverse (-1: it is not shown).
  size_t source_row(const QModelIndex& index) const {
    return order_.at(static_cast<size_t>(index.row()));
  }
  int shown_row(size_t row) const;

 protected:
  virtual size_t size() const = 0;
  virtual report::FieldValue value(size_t row, const std::string& field) const = 0;
  // Of a cell, for a role. By default the text of its field.
  virtual QVariant show(size_t row, int column, int role) const;

  // To be called before all rows or columns are replaced, while those before are still there, and
  // after that.
  void begin_replacing();
  void rows_replaced();
  // To be called after these rows have changed. Filters and sorts again where that may matter.
  void rows_changed(const std::vector<size_t>& rows);

 private:
  std::vector<size_t> arranged() const;
  void rearrange();
  void place(std::vector<size_t> rows);
  bool matches(size_t row) const;
  void count();

  std::vector<size_t> order_;  // of the rows that are shown
  std::vector<int> places_;    // by row: its place in order_, or -1
  std::string expression_;
  std::optional<report::Filter> filter_;
  bool replacing_ = false;
  int sort_column_ = -1;
  Qt::SortOrder sort_order_ = Qt::AscendingOrder;
};

}  // namespace lea::gui
