#include "gui/view/completion_list.h"

#include <QPainter>
#include <QScrollBar>
#include <QStyledItemDelegate>
#include <algorithm>

namespace lea::gui {
namespace {

constexpr int kMostRows = 10, kLeastWidth = 260, kMostWidth = 640, kGap = 16;

// The text, and what it is beside it, dimmed.
class SuggestionDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option,
             const QModelIndex& index) const override {
    QStyledItemDelegate::paint(painter, option, index);
    const QRect whole = option.rect.adjusted(4, 0, -4, 0);
    const int used = option.fontMetrics.horizontalAdvance(index.data().toString()) + kGap;
    const QRect rest = whole.adjusted(used, 0, 0, 0);
    if (rest.width() < kGap) return;
    const bool selected = option.state & QStyle::State_Selected;
    painter->setPen(
        option.palette.color(selected ? QPalette::HighlightedText : QPalette::PlaceholderText));
    painter->drawText(rest, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine,
                      option.fontMetrics.elidedText(detail(index), Qt::ElideRight, rest.width()));
  }

  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    QSize size = QStyledItemDelegate::sizeHint(option, index);
    size.rwidth() += kGap + option.fontMetrics.horizontalAdvance(detail(index)) + 8;
    return size;
  }

 private:
  static QString detail(const QModelIndex& index) {
    return index.data(SpecCompletion::kDetail).toString();
  }
};

}  // namespace

CompletionList::CompletionList(SpecCompletion& model, QWidget* editor)
    : QCompleter(&model, editor), model_(model), list_(new QListView) {
  setWidget(editor);
  setCompletionMode(QCompleter::UnfilteredPopupCompletion);
  setMaxVisibleItems(kMostRows);
  setPopup(list_);
  list_->setItemDelegate(new SuggestionDelegate(list_));
  list_->setUniformItemSizes(false);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setAccessibleName("Suggestions for the spec");
  list_->setObjectName("suggestions");
  connect(this, qOverload<const QModelIndex&>(&QCompleter::activated), this,
          [this](const QModelIndex& index) { Q_EMIT chosen(index.row()); });
}

void CompletionList::show_at(const QRect& place) {
  if (model_.rowCount() == 0) return hide();
  int width = kLeastWidth;
  for (int row = 0; row < std::min(model_.rowCount(), 100); ++row)
    width = std::max(width, list_->sizeHintForIndex(model_.index(row)).width());
  QRect wide = place;
  wide.setWidth(std::min(width, kMostWidth) + list_->verticalScrollBar()->sizeHint().width());
  complete(wide);
  list_->setCurrentIndex(completionModel()->index(0, 0));
}

void CompletionList::hide() { list_->hide(); }

}  // namespace lea::gui
