// A matrix of results: heads with several labels, cells with a mean, its interval and the number of its
// runs, and the sign of a state where not all runs have finished.
#pragma once

#include <QStyledItemDelegate>
#include <QTableView>
#include <optional>

#include "gui/model/matrix_table.h"
#include "gui/view/label_header.h"

namespace lea::gui {

class MatrixDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// Not a TablePane, because its rows and columns are axes: sorting and filters are the places of these.
class MatrixGrid : public QTableView {
  Q_OBJECT

 public:
  explicit MatrixGrid(MatrixTable& table, QWidget* parent = nullptr);

 Q_SIGNALS:
  void chosen(const QModelIndex& cell);  // invalid: none
  void opened(const QModelIndex& cell);

 protected:
  void changeEvent(QEvent* event) override;
  void updateGeometries() override;

 private:
  // The labels of a cell, by which it is found again.
  struct Place {
    std::vector<std::string> row, column;
  };

  void remember();
  void recall();
  void measure();

  MatrixTable& table_;
  LabelHeader *rows_ = nullptr, *columns_ = nullptr;
  QWidget* corner_ = nullptr;
  std::optional<Place> current_;
  QPoint scrolled_;
};

}  // namespace lea::gui
