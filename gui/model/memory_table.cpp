#include "gui/model/memory_table.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/report/labels.h"
#include "gui/model/text.h"

namespace lea::gui {

std::vector<std::string> MemoryTable::fields() const {
  std::vector<std::string> fields;
  for (const TableColumn& column : columns()) fields.push_back(column.field);
  std::sort(fields.begin(), fields.end());
  return fields;
}

void MemoryTable::set_filter(const std::string& expression) {
  try {
    filter_.emplace(expression, fields());
  } catch (const Error& error) {
    Q_EMIT filter_checked(to_qt(error.what()));
    return;
  }
  expression_ = expression;
  Q_EMIT filter_checked("");
  rearrange();
}

bool MemoryTable::matches(size_t row) const {
  return !filter_ || filter_->empty() ||
         filter_->matches([&](const std::string& field) { return value(row, field); });
}

std::vector<size_t> MemoryTable::arranged() const {
  std::vector<size_t> rows;
  for (size_t row = 0; row < size(); ++row) {
    if (matches(row)) rows.push_back(row);
  }
  if (sort_column_ < 0 || sort_column_ >= columnCount()) return rows;
  const std::string& field = columns()[static_cast<size_t>(sort_column_)].field;
  std::vector<report::FieldValue> keys(size());
  for (const size_t row : rows) keys[row] = value(row, field);
  const bool descending = sort_order_ == Qt::DescendingOrder;
  std::stable_sort(rows.begin(), rows.end(), [&](size_t left, size_t right) {
    const report::FieldValue &a = keys[left], &b = keys[right];
    if (a.present != b.present) return a.present;  // rows without the field come last
    const report::FieldValue &first = descending ? b : a, &second = descending ? a : b;
    if (a.number && b.number) return *first.number < *second.number;
    return report::natural_less(first.text, second.text);
  });
  return rows;
}

void MemoryTable::rearrange() {
  std::vector<size_t> rows = arranged();
  if (rows == order_ && places_.size() == size()) return count();
  if (rows.size() != order_.size()) {
    beginResetModel();
    place(std::move(rows));
    endResetModel();
    return count();
  }
  Q_EMIT layoutAboutToBeChanged();
  const QModelIndexList before = persistentIndexList();
  std::vector<size_t> held;
  for (const QModelIndex& index : before) held.push_back(source_row(index));
  place(std::move(rows));
  QModelIndexList after;
  for (qsizetype i = 0; i < before.size(); ++i) {
    const int place = shown_row(held[static_cast<size_t>(i)]);
    after.push_back(place < 0 ? QModelIndex() : index(place, before[i].column()));
  }
  changePersistentIndexList(before, after);
  Q_EMIT layoutChanged();
  count();
}

void MemoryTable::place(std::vector<size_t> rows) {
  order_ = std::move(rows);
  places_.assign(size(), -1);
  for (size_t i = 0; i < order_.size(); ++i) places_[order_[i]] = static_cast<int>(i);
}

void MemoryTable::count() {
  Q_EMIT counted(static_cast<qint64>(order_.size()), static_cast<qint64>(size()));
}

int MemoryTable::shown_row(size_t row) const { return row < places_.size() ? places_[row] : -1; }

void MemoryTable::begin_replacing() {
  if (!replacing_) beginResetModel();
  replacing_ = true;
}

void MemoryTable::rows_replaced() {
  begin_replacing();
  // The fields may be others now. An expression that is wrong for them shows all rows.
  filter_.reset();
  QString problem;
  try {
    filter_.emplace(expression_, fields());
  } catch (const Error& error) {
    problem = to_qt(error.what());
  }
  place(arranged());
  replacing_ = false;
  endResetModel();
  Q_EMIT columns_changed();
  Q_EMIT filter_checked(problem);
  count();
}

void MemoryTable::rows_changed(const std::vector<size_t>& rows) {
  if ((filter_ && !filter_->empty()) || sort_column_ >= 0) rearrange();
  int first = rowCount(), last = -1;
  for (const size_t row : rows) {
    const int place = shown_row(row);
    if (place < 0) continue;
    first = std::min(first, place);
    last = std::max(last, place);
  }
  if (last >= 0) Q_EMIT dataChanged(index(first, 0), index(last, columnCount() - 1));
}

void MemoryTable::sort(int column, Qt::SortOrder order) {
  sort_column_ = column;
  sort_order_ = order;
  rearrange();
}

int MemoryTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(order_.size());
}

QVariant MemoryTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  if (role == Qt::TextAlignmentRole)
    return alignment(columns()[static_cast<size_t>(index.column())]);
  return show(source_row(index), index.column(), role);
}

QVariant MemoryTable::show(size_t row, int column, int role) const {
  if (role == Qt::ToolTipRole) return plain_tip(show(row, column, Qt::DisplayRole).toString());
  if (role != Qt::DisplayRole) return {};
  return shown(value(row, columns()[static_cast<size_t>(column)].field).text);
}

void MemoryTable::all_rows(const std::vector<int>& columns,
                           const std::function<void(const Rows&)>& done) {
  Rows rows;
  for (const size_t row : order_) {
    rows.emplace_back();
    for (const int column : columns)
      rows.back().push_back(show(row, column, Qt::DisplayRole).toString());
  }
  done(rows);
}

}  // namespace lea::gui
