// What every table of the window offers: columns by field, one filter expression
// (core/report/filter.h), sorting, and export. The table widget knows only this.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <functional>
#include <string>
#include <vector>

namespace lea::gui {

struct TableColumn {
  std::string field;  // its name in filters
  QString title;
  bool number = false;  // aligned to the right
  bool shown = true;    // by default
  QString about = {};   // a tip
};

// Roles besides those of Qt.
enum TableRole {
  kLookRole = Qt::UserRole,  // int: a look of gui/model/look.h, painted as a sign before the text
  kShareRole,                // double in [0, 1]: painted as a bar behind the text
  kIdRole,                   // QString: what names the row, such as a uuid
};

class TableModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  using QAbstractTableModel::QAbstractTableModel;
  using Rows = std::vector<std::vector<QString>>;

  virtual const std::vector<TableColumn>& columns() const = 0;
  // Shows the rows that match. A wrong expression changes nothing but filter_checked.
  virtual void set_filter(const std::string& expression) = 0;
  // The fields that a filter may name.
  virtual std::vector<std::string> fields() const = 0;
  // Calls `done` with the texts of all rows that match, in their order, now or later.
  virtual void all_rows(const std::vector<int>& columns,
                        const std::function<void(const Rows&)>& done) = 0;
  // Whether an answer is on its way, and the way to end that.
  virtual bool is_busy() const { return false; }
  virtual void cancel() {}

  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  // The row with this kIdRole; -1 when it is not shown.
  virtual int row_of_id(const QString& id) const;
  // -1 when there is no such column.
  int column_of(const std::string& field) const;

 Q_SIGNALS:
  // Empty when the expression is right.
  void filter_checked(const QString& problem);
  void counted(qint64 shown, qint64 all);
  void busy_changed();
  void columns_changed();
};

// How the text of a cell or a title is aligned.
QVariant alignment(const TableColumn& column);

// The condition that a text in the row below the headers means for a column: `>0.07`, `=snqn`,
// `~ler`, `!=1`, `NULL`, `not NULL`; without an operator, the text must be contained. "" for a blank
// text.
std::string column_condition(const std::string& field, const QString& text);

// All conditions together; "" when there are none.
std::string all_conditions(const std::vector<std::string>& conditions);

// Rows as text in a format: "csv", "markdown" or "json" (a list of objects).
QString write_rows(const QString& format, const std::vector<QString>& titles,
                   const TableModel::Rows& rows);

}  // namespace lea::gui
