#include "gui/view/label_header.h"

#include <QPainter>
#include <algorithm>

#include "gui/model/matrix_table.h"

namespace lea::gui {
namespace {

constexpr int kPad = 8, kWidest = 220, kMeasured = 400;

}  // namespace

LabelHeader::LabelHeader(Qt::Orientation orientation, QWidget* parent)
    : QHeaderView(orientation, parent) {
  setSectionsClickable(false);
  setHighlightSections(true);
  setAccessibleName(orientation == Qt::Horizontal ? "Columns of the matrix" : "Rows of the matrix");
}

QStringList LabelHeader::labels(int section) const {
  return model() == nullptr
             ? QStringList()
             : model()->headerData(section, orientation(), kLabelsRole).toStringList();
}

void LabelHeader::measure(const QStringList& levels) {
  levels_ = levels;
  starts_ = {0};
  const int line = fontMetrics().height() + 6;
  for (qsizetype level = 0; level < levels.size(); ++level) {
    int size = line;
    if (orientation() == Qt::Vertical) {
      size = fontMetrics().horizontalAdvance(levels[level]);
      for (int section = 0; section < std::min(count(), kMeasured); ++section)
        size = std::max(size, fontMetrics().horizontalAdvance(labels(section).value(level)));
      size = std::min(size, kWidest) + 2 * kPad;
    }
    starts_.push_back(starts_.back() + size);
  }
  if (levels.isEmpty()) starts_.push_back(orientation() == Qt::Horizontal ? line : 4 * kPad);
  updateGeometry();
  Q_EMIT geometriesChanged();
  viewport()->update();
}

QSize LabelHeader::sizeHint() const {
  const int size = starts_.back();
  return orientation() == Qt::Horizontal ? QSize(100, size) : QSize(size, 100);
}

bool LabelHeader::repeats(int section, qsizetype level) const {
  return section > 0 && labels(section).mid(0, level + 1) == labels(section - 1).mid(0, level + 1);
}

void LabelHeader::paintSection(QPainter* painter, const QRect& rect, int section) const {
  painter->save();
  painter->setClipRect(rect);
  painter->fillRect(rect, palette().color(QPalette::Button));
  const QStringList texts = labels(section);
  const QPen text(palette().color(QPalette::ButtonText)), rule(palette().color(QPalette::Mid));
  for (qsizetype level = 0; level < levels_.size(); ++level) {
    const bool repeated = repeats(section, level);
    if (orientation() == Qt::Vertical) {
      const QRect place(rect.left() + level_at(level), rect.top(), level_size(level),
                        rect.height());
      painter->setPen(rule);
      if (!repeated) painter->drawLine(place.topLeft(), QPoint(rect.right(), rect.top()));
      painter->setPen(text);
      // The first row in sight has its labels, however far its block was scrolled.
      if (repeated && rect.top() > 0) continue;
      const QRect inner = place.adjusted(kPad, 0, -kPad / 2, 0);
      painter->drawText(
          inner, Qt::AlignLeft | Qt::AlignVCenter,
          fontMetrics().elidedText(texts.value(level), Qt::ElideRight, inner.width()));
      continue;
    }
    // Each section draws its part of the label that it shares with its neighbours.
    int first = section, last = section;
    while (first > 0 && repeats(first, level)) --first;
    while (last + 1 < count() && repeats(last + 1, level)) ++last;
    const int left = rect.left() + sectionPosition(first) - sectionPosition(section);
    const int right =
        rect.left() + sectionPosition(last) + sectionSize(last) - sectionPosition(section);
    const QRect span(left, rect.top() + level_at(level), right - left, level_size(level));
    painter->setPen(rule);
    if (level > 0) painter->drawLine(span.topLeft(), span.topRight());
    if (section == last) painter->drawLine(span.topRight(), QPoint(span.right(), rect.bottom()));
    painter->setPen(text);
    const QRect inner = span.adjusted(kPad / 2, 0, -kPad, 0);
    painter->drawText(inner, (first == last ? Qt::AlignRight : Qt::AlignHCenter) | Qt::AlignVCenter,
                      fontMetrics().elidedText(texts.value(level), Qt::ElideMiddle, inner.width()));
  }
  if (levels_.isEmpty()) {
    painter->setPen(text);
    painter->drawText(rect.adjusted(kPad, 0, -kPad, 0), Qt::AlignRight | Qt::AlignVCenter, "value");
  }
  painter->restore();
}

}  // namespace lea::gui
