// A grid at a glance: how far it is, the artefacts ahead of its runs, and the map of its cells.
#pragma once

#include <QLabel>
#include <QProgressBar>
#include <QToolButton>
#include <QWidget>

#include "gui/model/action_list.h"
#include "gui/model/grid_model.h"
#include "gui/view/heat_map.h"

namespace lea::gui {

// The artefacts of a grid: a sign, a name, and how far each is.
class ArtefactStrip : public QWidget {
  Q_OBJECT

 public:
  explicit ArtefactStrip(const GridModel& grid, QWidget* parent = nullptr);
  QSize sizeHint() const override;
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;

 Q_SIGNALS:
  void chosen(size_t task);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;

 private:
  struct Chip {
    size_t task = 0;
    QString text;
    QRect place;
  };
  std::vector<Chip> chips(int width) const;
  void update_all();

  const GridModel& grid_;
};

// What the colours and signs of the map mean, with the number of runs in each state.
class Legend : public QWidget {
  Q_OBJECT

 public:
  explicit Legend(const GridModel& grid, QWidget* parent = nullptr);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  const GridModel& grid_;
};

class GridPanel : public QWidget {
  Q_OBJECT

 public:
  // `buttons`: the actions of the grid, shown as buttons in this order.
  GridPanel(const GridModel& grid, const std::vector<QAction*>& buttons, QWidget* parent = nullptr);

  HeatMap* map() const { return map_; }
  ArtefactStrip* artefacts() const { return artefacts_; }

 private:
  void update();

  const GridModel& grid_;
  QLabel *title_, *state_;
  QProgressBar* bar_;
  ArtefactStrip* artefacts_;
  HeatMap* map_;
};

}  // namespace lea::gui
