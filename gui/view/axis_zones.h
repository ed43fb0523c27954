// The axes of a matrix in three zones, rows, columns and filters. They are dragged from one to another,
// or moved by their menus, which keys open as well.
#pragma once

#include <QListWidget>
#include <QMenu>
#include <functional>
#include <map>

#include "gui/model/matrix_state.h"

namespace lea::gui {

// One zone: its axes side by side.
class AxisList : public QListWidget {
  Q_OBJECT

 public:
  explicit AxisList(const QString& name, QWidget* parent = nullptr);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {60, sizeHint().height()}; }

 Q_SIGNALS:
  void menu_wanted(QListWidgetItem* item);
  void dragged();  // an axis was dragged to another place, here or in another list

 protected:
  void startDrag(Qt::DropActions actions) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
};

class AxisZones : public QWidget {
  Q_OBJECT

 public:
  explicit AxisZones(QWidget* parent = nullptr);

  // Shows the axes of a source as the view has them; none for null.
  void show_view(const report::MatrixSource* source, const report::MatrixView& view);
  AxisList* list(Zone zone) const { return lists_.at(zone); }
  // What the menu of an axis offers.
  void fill_menu(QMenu* menu, const std::string& axis);

 Q_SIGNALS:
  void view_wanted(const lea::report::MatrixView& view);

 private:
  struct Axis {
    std::string name;
    std::vector<std::string> labels;
    bool operator==(const Axis&) const = default;
  };

  QString text_of(const Axis& axis) const;
  void open_menu(QListWidgetItem* item);
  void take_drop();
  void ask(const std::function<void(report::MatrixView*)>& change);

  std::map<Zone, AxisList*> lists_;
  std::vector<Axis> axes_;
  report::MatrixView view_;
  bool dragged_ = false;  // the lists are other ones than the view
};

}  // namespace lea::gui
