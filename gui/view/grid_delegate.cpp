#include "gui/view/grid_delegate.h"

#include <QApplication>
#include <QPainter>

#include "gui/model/grid_list.h"
#include "gui/model/look.h"

namespace lea::gui {
namespace {

constexpr int kMargin = 8, kSign = 12, kBar = 4;

}  // namespace

QSize GridDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const int line = option.fontMetrics.height();
  const bool plain = index.data(GridList::kDetail).toString().isEmpty();
  return {120, plain ? line + 2 * kMargin : 2 * line + kBar + 2 * kMargin + 6};
}

void GridDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
  QStyleOptionViewItem item = option;
  initStyleOption(&item, index);
  const QStyle* style = item.widget != nullptr ? item.widget->style() : QApplication::style();
  style->drawPrimitive(QStyle::PE_PanelItemViewItem, &item, painter, item.widget);
  const bool dark = is_dark(item.palette), selected = (item.state & QStyle::State_Selected) != 0;
  const QColor text = item.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
  const QColor dim = selected ? text : item.palette.color(QPalette::PlaceholderText);
  const int line = item.fontMetrics.height();
  QRect rest = item.rect.adjusted(kMargin, kMargin, -kMargin, -kMargin);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QVariant look = index.data(GridList::kLook);
  const QColor colour = look.isValid() ? look_colour(static_cast<Look>(look.toInt()), dark) : text;
  QRect title = rest;
  title.setHeight(line);
  if (look.isValid()) {
    const QRectF square(rest.left(), rest.top() + (line - kSign) / 2, kSign, kSign);
    painter->fillPath(look_sign(static_cast<Look>(look.toInt()), square), selected ? text : colour);
    title.setLeft(title.left() + kSign + 6);
  }
  painter->setPen(text);
  painter->drawText(title, Qt::AlignVCenter | Qt::AlignLeft,
                    item.fontMetrics.elidedText(item.text, Qt::ElideMiddle, title.width()));
  const QVariant share = index.data(GridList::kShare);
  if (share.isValid()) {
    const QRect second(rest.left(), rest.top() + line + 2, rest.width(), line);
    painter->setPen(dim);
    painter->drawText(second, Qt::AlignVCenter | Qt::AlignLeft,
                      item.fontMetrics.elidedText(index.data(GridList::kDetail).toString(),
                                                  Qt::ElideRight, second.width()));
    QRectF bar(rest.left(), second.bottom() + 4, rest.width(), kBar);
    painter->setPen(Qt::NoPen);
    QColor track = dim;
    track.setAlphaF(0.25);
    painter->setBrush(track);
    painter->drawRoundedRect(bar, kBar / 2., kBar / 2.);
    bar.setWidth(bar.width() * share.toDouble());
    painter->setBrush(selected ? text : colour);
    painter->drawRoundedRect(bar, kBar / 2., kBar / 2.);
  }
  painter->restore();
}

}  // namespace lea::gui
