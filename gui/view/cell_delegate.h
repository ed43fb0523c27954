// Paints the cells of tables: a state's sign before its text, a share as a bar behind it.
#pragma once

#include <QStyledItemDelegate>

namespace lea::gui {

class CellDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override;
};

}  // namespace lea::gui
