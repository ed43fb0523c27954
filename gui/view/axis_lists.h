// The lists that span a grid, to be ticked: backbones, frameworks, environments and augmenters, settings
// that vary, bundles, seeds and presets.
#pragma once

#include <QAction>
#include <QLabel>
#include <QLineEdit>
#include <QStringListModel>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <QWidget>
#include <optional>
#include <set>
#include <string>

#include "gui/model/spec_form.h"

namespace lea::gui {

class AxisLists : public QWidget {
  Q_OBJECT

 public:
  // `facts`: of the form.
  AxisLists(SpecForm& form, const SpecFacts& facts, QWidget* parent = nullptr);

  QTreeWidget* tree() const { return tree_; }
  QLineEdit* new_axis() const { return new_axis_; }
  QLineEdit* new_value() const { return new_value_; }
  // The row of an axis, and of a value by its text; null when there is none.
  QTreeWidgetItem* row_of(const std::string& axis) const;
  QTreeWidgetItem* row_of(const std::string& axis, const std::string& text) const;

 Q_SIGNALS:
  // The parameters of a plugin are to be shown.
  void group_wanted(const std::string& id);
  void place_wanted(int line);

 private:
  void build_bar(QVBoxLayout* column);
  void update_lists();
  void add_axis_row(const FormAxis& axis);
  void add_environments();
  QTreeWidgetItem* add_item_row(QTreeWidgetItem* parent, const FormAxis& axis,
                                const AxisItem& item);
  void changed(QTreeWidgetItem* row, int column);
  void update_actions();
  void open_menu(const QPoint& at);
  void fill_environment_menu();
  const FormAxis* current_axis() const;
  const AxisItem* current_item() const;

  SpecForm& form_;
  const SpecFacts& facts_;
  QTreeWidget* tree_;
  QLabel* refusal_;
  QLineEdit *new_axis_, *new_value_;
  QStringListModel* candidates_;
  QToolButton* new_environment_;
  QAction *parameters_, *again_, *remove_, *place_;
  std::set<QString> open_;
  bool updating_ = false, shown_before_ = false;
};

}  // namespace lea::gui
