// A matrix of results as Qt shows it. A matrix that is read again with the same heads keeps what is
// selected and where it is scrolled to.
#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <optional>

#include "core/report/matrix.h"
#include "gui/model/look.h"

namespace lea::gui {

// Roles besides those of Qt and kLookRole.
enum MatrixRole {
  kIntervalRole = Qt::UserRole + 20,  // QString: "±.0012", "–"
  kCountRole,                         // QString: "n 3", "2 of 3"
  kMarkRole,                          // int: report::Mark
  kLabelsRole,                        // of a header: QStringList, one for each axis
};

class MatrixTable : public QAbstractTableModel {
  Q_OBJECT

 public:
  using QAbstractTableModel::QAbstractTableModel;

  void show(report::Matrix matrix);
  const report::Matrix& matrix() const { return matrix_; }
  const report::MatrixCell& cell(const QModelIndex& index) const {
    return matrix_.cell(static_cast<size_t>(index.row()), static_cast<size_t>(index.column()));
  }
  // The cell with these labels; invalid when there is none.
  QModelIndex find(const std::vector<std::string>& row,
                   const std::vector<std::string>& column) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  report::Matrix matrix_;
};

// The look of what stands for a cell; empty for a cell whose runs have all finished, and for no cell.
std::optional<Look> look_of(const report::MatrixCell& cell);
Look look_of(report::Standing standing);
// "3 finished, 1 failed, 1 missing".
QString counts_text(const report::MatrixCell& cell);
// All that there is to know about a cell, in lines: its labels, its numbers, its runs.
QString about_cell(const report::Matrix& matrix, size_t row, size_t column);

}  // namespace lea::gui
