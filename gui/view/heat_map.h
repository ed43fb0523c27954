// The cells of a grid as coloured squares with signs: a row for each cell, a square for each seed.
// Grids of many cells are shown without names, many in a line.
#pragma once

#include <QAbstractScrollArea>
#include <optional>

#include "gui/model/grid_model.h"

namespace lea::gui {

class HeatMap : public QAbstractScrollArea {
  Q_OBJECT

 public:
  explicit HeatMap(const GridModel& grid, QWidget* parent = nullptr);

  std::optional<size_t> current() const { return current_; }
  void set_current(std::optional<size_t> task);
  // Where a task is painted, in the viewport.
  QRect square_of(size_t task) const;

 Q_SIGNALS:
  void chosen(size_t task);
  void menu_wanted(size_t task, const QPoint& at);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  bool viewportEvent(QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Place {
    size_t task = 0;
    QPoint at;  // in the whole map
    size_t cell = 0;
  };

  void arrange();
  void paint_square(QPainter& painter, const Place& place) const;
  std::optional<size_t> task_at(const QPoint& point) const;
  QString tip_of(size_t task) const;
  void reveal(const Place& place);

  const GridModel& grid_;
  std::vector<Place> places_;    // by cell, then seed
  std::vector<size_t> by_task_;  // a task's index in places_
  bool named_ = true;            // a line for each cell, with its name
  int side_ = 18, name_width_ = 0, height_ = 0;
  std::optional<size_t> current_;
};

}  // namespace lea::gui
