// Queries in SQL: the schema at hand, the text, and the rows.
#pragma once

#include <QComboBox>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QTreeView>
#include <QWidget>

#include "gui/model/sql_query.h"
#include "gui/view/empty_state.h"
#include "gui/view/page.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class SqlView : public QWidget {
  Q_OBJECT

 public:
  explicit SqlView(const Context& context, QWidget* parent = nullptr);

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // For tests.
  SqlQuery& query() { return query_; }
  QPlainTextEdit* text() const { return text_; }
  QTreeView* schema() const { return schema_; }
  TablePane* rows() const { return rows_; }
  QLabel* problem() const { return problem_; }
  QMenu* history() const { return history_; }

 private:
  void add_actions();
  QWidget* build_schema();
  QWidget* build_query();
  QWidget* build_rows();
  QWidget* build_bar();

  void run();
  void save_all();
  void insert(const QModelIndex& item);
  void fill_history();
  void update_state();
  void mark_problem();
  void columns_changed();

  const Context context_;
  SqlQuery query_;
  QAction *run_ = nullptr, *cancel_ = nullptr, *save_all_ = nullptr;
  QSplitter *whole_ = nullptr, *right_ = nullptr;
  QTreeView* schema_ = nullptr;
  QPlainTextEdit* text_ = nullptr;
  QLabel *problem_ = nullptr, *status_ = nullptr;
  QComboBox* seconds_ = nullptr;
  QMenu* history_ = nullptr;
  QStackedWidget* below_ = nullptr;  // the empty state, or the rows
  EmptyState* empty_ = nullptr;
  TablePane* rows_ = nullptr;
  std::vector<std::string> fields_;  // of the columns that are shown
};

}  // namespace lea::gui
