// Paints a grid in the list of grids: its sign and experiment, how far it is, and a bar.
#pragma once

#include <QStyledItemDelegate>

namespace lea::gui {

class GridDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace lea::gui
