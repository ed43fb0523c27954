// The one table of the window: an expression bar, a filter below each header, sorting, a choice of
// columns, copying and export. It shows any TableModel.
#pragma once

#include <QCompleter>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QStringListModel>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QWidget>
#include <set>

#include "gui/model/messages.h"
#include "gui/model/table_model.h"
#include "gui/view/filter_header.h"

namespace lea::gui {

class TablePane : public QWidget {
  Q_OBJECT

 public:
  // `name` says what the rows are ("Runs"). The model must outlive the pane.
  TablePane(const QString& name, TableModel& model, Messages& messages, QWidget* parent = nullptr);

  QTableView* view() const { return view_; }
  QLineEdit* expression() const { return expression_; }
  FilterHeader* header() const { return header_; }
  void set_filters_shown(bool shown) { filters_->setChecked(shown); }
  // The rows that are selected, in their order.
  std::vector<int> selected_rows() const;

  // The selected rows, or all when `all`, in a format of write_rows.
  void copy(const QString& format, bool all);
  void export_file();
  // Lets a user of the pane offer columns that the model does not have yet.
  void set_add_column(const std::function<void(const std::string& field)>& add_column);

  // By the names of the fields, so that settings survive other columns.
  void save(QSettings& settings) const;
  void restore(QSettings& settings);

 Q_SIGNALS:
  void row_activated(int row);
  void selection_changed();
  // Before the menu of a row is shown: a page may add its own actions.
  void row_menu(QMenu* menu);

 private:
  void build_bar(QHBoxLayout* bar);
  void remember();
  void recall();
  void apply_filters();
  void show_problem(const QString& problem);
  void fill_columns();
  void columns_changed();
  void open_row_menu(const QPoint& at);
  void set_condition(const QModelIndex& index, const char* op);
  std::vector<int> shown_columns() const;
  void write(const QString& format, bool all, const std::function<void(const QString&)>& done);

  const QString name_;
  TableModel& model_;
  Messages& messages_;
  QLineEdit* expression_;
  QLabel* count_;
  QToolButton *filters_, *columns_, *more_, *cancel_;
  QMenu* column_menu_;
  QTableView* view_;
  FilterHeader* header_;
  QLabel* problem_;
  QStringListModel* fields_;
  QStringList remembered_;  // the ids of the rows that were selected before a reset
  int scrolled_ = 0;
  QTimer typing_, busy_;
  std::set<std::string> known_;  // fields whose columns have their first look
  std::function<void(const std::string&)> add_column_;
};

}  // namespace lea::gui
