#include "gui/view/filter_header.h"

#include <QScrollBar>
#include <QTableView>

namespace lea::gui {

FilterHeader::FilterHeader(QWidget* parent) : QHeaderView(Qt::Horizontal, parent) {
  setSectionsClickable(true);
  setSectionsMovable(true);
  setHighlightSections(false);
  setSortIndicatorShown(true);
  setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  setAccessibleName("Columns");
  connect(this, &QHeaderView::sectionResized, this, [this] { place(); });
  connect(this, &QHeaderView::sectionMoved, this, [this] { place(); });
}

void FilterHeader::set_fields(const std::vector<QString>& titles) {
  while (lines_.size() > titles.size()) {
    lines_.back()->deleteLater();
    lines_.pop_back();
  }
  while (lines_.size() < titles.size()) {
    auto* line = new QLineEdit(this);
    line->setClearButtonEnabled(false);
    line->setFrame(true);
    line->setPlaceholderText("filter");
    connect(line, &QLineEdit::textChanged, this, &FilterHeader::typed_changed);
    lines_.push_back(line);
  }
  for (size_t i = 0; i < titles.size(); ++i) {
    lines_[i]->setAccessibleName("Filter " + titles[i]);
    lines_[i]->setToolTip("Only rows whose " + titles[i] +
                          " contains this. Also: >0.07  <=3  =snqn  !=1  NULL  not NULL");
  }
  updateGeometries();
}

QString FilterHeader::typed(int column) const { return line(column)->text(); }

void FilterHeader::set_typed(int column, const QString& text) { line(column)->setText(text); }

void FilterHeader::clear() {
  for (QLineEdit* line : lines_) line->clear();
}

void FilterHeader::set_filters_shown(bool shown) {
  shown_ = shown;
  updateGeometries();
}

QSize FilterHeader::sizeHint() const {
  QSize size = QHeaderView::sizeHint();
  if (shown_ && !lines_.empty()) size.rheight() += lines_.front()->sizeHint().height() + 2;
  return size;
}

void FilterHeader::updateGeometries() {
  const int height = shown_ && !lines_.empty() ? lines_.front()->sizeHint().height() + 2 : 0;
  setViewportMargins(0, 0, 0, height);
  QHeaderView::updateGeometries();
  place();
}

void FilterHeader::place() {
  for (size_t i = 0; i < lines_.size(); ++i) {
    const int section = static_cast<int>(i);
    QLineEdit* line = lines_[i];
    const bool shown = shown_ && section < count() && !isSectionHidden(section);
    line->setVisible(shown);
    if (!shown) continue;
    const int height = line->sizeHint().height();
    line->setGeometry(sectionViewportPosition(section) + 1, this->height() - height - 1,
                      sectionSize(section) - 2, height);
  }
}

}  // namespace lea::gui
