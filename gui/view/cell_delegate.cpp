#include "gui/view/cell_delegate.h"

#include <QApplication>
#include <QPainter>

#include "gui/model/look.h"
#include "gui/model/table_model.h"

namespace lea::gui {
namespace {

constexpr int kSign = 11, kGap = 6;

}  // namespace

void CellDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
  const QVariant look = index.data(kLookRole), share = index.data(kShareRole);
  if (!look.isValid() && !share.isValid())
    return QStyledItemDelegate::paint(painter, option, index);
  QStyleOptionViewItem item = option;
  initStyleOption(&item, index);
  const QStyle* style = item.widget != nullptr ? item.widget->style() : QApplication::style();
  style->drawPrimitive(QStyle::PE_PanelItemViewItem, &item, painter, item.widget);
  const bool dark = is_dark(item.palette);
  const bool selected = (item.state & QStyle::State_Selected) != 0;
  QRect rest = item.rect.adjusted(4, 0, -4, 0);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  if (share.isValid()) {
    QColor colour = look_colour(Look::kRunning, dark);
    colour.setAlphaF(0.45);
    const QRect bar = item.rect.adjusted(2, 3, -2, -3);
    painter->fillRect(
        QRect(bar.topLeft(), QSize(static_cast<int>(bar.width() * share.toDouble()), bar.height())),
        colour);
  }
  if (look.isValid()) {
    const auto state = static_cast<Look>(look.toInt());
    const QRectF square(rest.left(), rest.center().y() - kSign / 2, kSign, kSign);
    painter->fillPath(look_sign(state, square), selected
                                                    ? item.palette.color(QPalette::HighlightedText)
                                                    : look_colour(state, dark));
    rest.setLeft(rest.left() + kSign + kGap);
  }
  painter->restore();
  painter->setPen(item.palette.color(selected ? QPalette::HighlightedText : QPalette::Text));
  painter->drawText(rest, static_cast<int>(item.displayAlignment),
                    item.fontMetrics.elidedText(item.text, Qt::ElideRight, rest.width()));
}

}  // namespace lea::gui
