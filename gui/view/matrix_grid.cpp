#include "gui/view/matrix_grid.h"

#include <QApplication>
#include <QPainter>
#include <QScrollBar>
#include <QTimer>
#include <algorithm>

#include "gui/model/table_model.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kPad = 7, kSign = 10, kGap = 6, kMeasured = 200;

// The names of the axes, between the heads: those of the rows at the bottom, those of the columns at
// the right.
class Corner : public QWidget {
 public:
  Corner(const LabelHeader& rows, const LabelHeader& columns, QWidget* parent)
      : QWidget(parent), rows_(rows), columns_(columns) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
  }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Button));
    QFont font = painter.font();
    font.setItalic(true);
    painter.setFont(font);
    painter.setPen(palette().color(QPalette::PlaceholderText));
    const QFontMetrics metrics(font);
    const int line = fontMetrics().height() + 6;
    const auto draw = [&](const QRect& place, Qt::Alignment side, const QString& text) {
      painter.drawText(place, static_cast<int>(side | Qt::AlignVCenter),
                       metrics.elidedText(text, Qt::ElideRight, place.width()));
    };
    int used = 0;  // of the last line, by the names of the rows
    for (qsizetype level = 0; level < rows_.levels().size(); ++level) {
      draw(QRect(rows_.level_at(level) + 8, height() - line, rows_.level_size(level) - 10, line),
           Qt::AlignLeft, rows_.levels()[level]);
      used = rows_.level_at(level) + 10 + metrics.horizontalAdvance(rows_.levels()[level]);
    }
    const qsizetype levels = columns_.levels().size();
    for (qsizetype level = 0; level < levels; ++level) {
      const int left = level + 1 == levels ? used : 0;
      const QRect place(left, columns_.level_at(level), width() - left - 6,
                        columns_.level_size(level));
      const QString text = columns_.levels()[level] + " ›";
      if (place.width() >= metrics.horizontalAdvance(text)) draw(place, Qt::AlignRight, text);
    }
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawLine(rect().bottomLeft(), rect().bottomRight());
    painter.drawLine(rect().topRight(), rect().bottomRight());
  }

 private:
  const LabelHeader &rows_, &columns_;
};

QFont font_of(const QFont& base, report::Mark mark) {
  QFont font = base;
  font.setBold(mark == report::Mark::kBest);
  font.setUnderline(mark == report::Mark::kSecond);
  return font;
}

QFont small_font(const QFont& base) {
  QFont font = base;
  font.setPointSizeF(base.pointSizeF() * 0.86);
  return font;
}

}  // namespace

QSize MatrixDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const QFontMetrics bold(font_of(option.font, report::Mark::kBest)),
      small(small_font(option.font));
  int width = bold.horizontalAdvance(index.data().toString()) + 2 * kPad + kSign + kGap;
  const QString interval = index.data(kIntervalRole).toString();
  const QString count = index.data(kCountRole).toString();
  if (!interval.isEmpty()) width += kGap + option.fontMetrics.horizontalAdvance(interval);
  if (!count.isEmpty()) width += kGap + small.horizontalAdvance(count);
  return {width, option.fontMetrics.height() + 8};
}

void MatrixDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                           const QModelIndex& index) const {
  QStyleOptionViewItem item = option;
  initStyleOption(&item, index);
  const QStyle* style = item.widget != nullptr ? item.widget->style() : QApplication::style();
  const bool selected = (item.state & QStyle::State_Selected) != 0;
  const bool dark = is_dark(item.palette);
  const QVariant look = index.data(kLookRole);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  if (look.isValid() && !selected) {
    QColor tint = look_colour(static_cast<Look>(look.toInt()), dark);
    tint.setAlphaF(dark ? 0.22f : 0.16f);
    painter->fillRect(item.rect, tint);
  }
  style->drawPrimitive(QStyle::PE_PanelItemViewItem, &item, painter, item.widget);
  QRect rest = item.rect.adjusted(kPad, 0, -kPad, 0);
  const QColor text = item.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
  const QColor dim =
      item.palette.color(selected ? QPalette::HighlightedText : QPalette::PlaceholderText);
  if (look.isValid()) {
    const auto state = static_cast<Look>(look.toInt());
    const QRectF square(rest.left() - 2, rest.center().y() - kSign / 2, kSign, kSign);
    QColor colour = look_colour(state, dark);
    if (state == Look::kWaiting) colour = dim;
    painter->fillPath(look_sign(state, square), selected ? text : colour);
  }
  // From the right: the number of runs, the interval, the mean.
  const auto draw = [&](const QFont& font, const QColor& colour, const QString& words) {
    if (words.isEmpty()) return;
    painter->setFont(font);
    painter->setPen(colour);
    painter->drawText(rest, static_cast<int>(Qt::AlignRight | Qt::AlignVCenter), words);
    rest.setRight(rest.right() - QFontMetrics(font).horizontalAdvance(words) - kGap);
  };
  draw(small_font(option.font), dim, index.data(kCountRole).toString());
  draw(option.font, text, index.data(kIntervalRole).toString());
  const auto mark = static_cast<report::Mark>(index.data(kMarkRole).toInt());
  const bool number = !index.data(kCountRole).toString().isEmpty();
  draw(font_of(option.font, mark), number ? text : dim, index.data().toString());
  if ((item.state & QStyle::State_HasFocus) != 0) {
    painter->setPen(QPen(text, 1, Qt::DotLine));
    painter->drawRect(QRectF(item.rect).adjusted(1.5, 1.5, -1.5, -1.5));
  }
  painter->restore();
}

MatrixGrid::MatrixGrid(MatrixTable& table, QWidget* parent)
    : QTableView(parent),
      table_(table),
      rows_(new LabelHeader(Qt::Vertical, this)),
      columns_(new LabelHeader(Qt::Horizontal, this)),
      corner_(new Corner(*rows_, *columns_, this)) {
  setAccessibleName("Matrix of results");
  setVerticalHeader(rows_);
  setHorizontalHeader(columns_);
  setModel(&table);
  setItemDelegate(new MatrixDelegate(this));
  setSelectionMode(QAbstractItemView::SingleSelection);
  setSelectionBehavior(QAbstractItemView::SelectItems);
  setTabKeyNavigation(false);
  setWordWrap(false);
  setCornerButtonEnabled(false);
  setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  rows_->setSectionResizeMode(QHeaderView::Fixed);
  connect(&table, &QAbstractItemModel::modelAboutToBeReset, this, &MatrixGrid::remember);
  connect(&table, &QAbstractItemModel::modelReset, this, &MatrixGrid::recall);
  connect(selectionModel(), &QItemSelectionModel::currentChanged, this,
          [this](const QModelIndex& cell) { Q_EMIT chosen(cell); });
  connect(this, &QTableView::activated, this, &MatrixGrid::opened);
  measure();
}

void MatrixGrid::remember() {
  const QModelIndex at = currentIndex();
  current_.reset();
  if (at.isValid()) {
    current_ = Place{table_.matrix().rows[static_cast<size_t>(at.row())],
                     table_.matrix().columns[static_cast<size_t>(at.column())]};
  }
  scrolled_ = {horizontalScrollBar()->value(), verticalScrollBar()->value()};
}

void MatrixGrid::recall() {
  measure();
  const QModelIndex at = current_ ? table_.find(current_->row, current_->column) : QModelIndex();
  if (at.isValid()) {
    setCurrentIndex(at);
  } else if (current_) {
    Q_EMIT chosen({});
  }
  QTimer::singleShot(0, this, [this] {
    horizontalScrollBar()->setValue(scrolled_.x());
    verticalScrollBar()->setValue(scrolled_.y());
  });
}

void MatrixGrid::measure() {
  const auto names = [](const std::vector<std::string>& axes) {
    QStringList texts;
    for (const std::string& axis : axes) texts << shown(axis);
    return texts;
  };
  rows_->measure(names(table_.matrix().view.rows));
  columns_->measure(names(table_.matrix().view.columns));
  rows_->setDefaultSectionSize(fontMetrics().height() + 8);
  rows_->setMinimumSectionSize(fontMetrics().height() + 8);
  QStyleOptionViewItem option;
  initViewItemOption(&option);
  for (int column = 0; column < std::min(table_.columnCount(), kMeasured); ++column) {
    int width = 60;
    const QStringList labels =
        table_.headerData(column, Qt::Horizontal, kLabelsRole).toStringList();
    if (!labels.isEmpty())
      width = std::max(width, fontMetrics().horizontalAdvance(labels.back()) + 2 * kPad + 8);
    for (int row = 0; row < std::min(table_.rowCount(), kMeasured); ++row) {
      width = std::max(width, itemDelegate()->sizeHint(option, table_.index(row, column)).width());
    }
    setColumnWidth(column, width);
  }
}

void MatrixGrid::updateGeometries() {
  QTableView::updateGeometries();
  // Not yet there while the base class is made.
  if (corner_ == nullptr) return;
  corner_->setGeometry(frameWidth(), frameWidth(), rows_->width(), columns_->height());
  corner_->raise();
}

void MatrixGrid::changeEvent(QEvent* event) {
  QTableView::changeEvent(event);
  if (event->type() == QEvent::FontChange && corner_ != nullptr) measure();
}

}  // namespace lea::gui
