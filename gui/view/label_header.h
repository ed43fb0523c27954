// A header whose sections have several labels, one for each axis: side by side in rows, one above the
// other in columns. Labels that repeat those before them are drawn once.
#pragma once

#include <QHeaderView>
#include <QStringList>
#include <vector>

namespace lea::gui {

class LabelHeader : public QHeaderView {
  Q_OBJECT

 public:
  LabelHeader(Qt::Orientation orientation, QWidget* parent);

  // Measures the labels again. `levels`: the names of the axes.
  void measure(const QStringList& levels);
  const QStringList& levels() const { return levels_; }
  // Where a level begins: from the left of rows, from the top of columns.
  int level_at(qsizetype level) const { return starts_.at(static_cast<size_t>(level)); }
  int level_size(qsizetype level) const {
    return starts_.at(static_cast<size_t>(level) + 1) - starts_.at(static_cast<size_t>(level));
  }

  QSize sizeHint() const override;

 protected:
  void paintSection(QPainter* painter, const QRect& rect, int section) const override;

 private:
  QStringList labels(int section) const;
  // Whether the labels up to a level are those of the section before.
  bool repeats(int section, qsizetype level) const;

  QStringList levels_;
  std::vector<int> starts_ = {0, 0};  // of each level, and the end
};

}  // namespace lea::gui
