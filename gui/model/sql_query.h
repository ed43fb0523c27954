// A query in SQL that the user typed (db/store/sandbox.h), with the first of its rows as a table. It
// runs on a lane of its own, through a connection of its own, and its rows come in batches.
#pragma once

#include <QStandardItemModel>
#include <QStringList>
#include <map>
#include <memory>
#include <mutex>

#include "db/store/sandbox.h"
#include "gui/model/lab_model.h"
#include "gui/model/memory_table.h"

namespace lea::gui {

class SqlQuery : public MemoryTable {
  Q_OBJECT

 public:
  // What is shown ends at so many rows, or at so many bytes of text.
  static constexpr size_t kRows = 10000;
  static constexpr size_t kBytes = size_t{32} << 20;

  explicit SqlQuery(LabModel& lab, QObject* parent = nullptr);

  // Ends the query before. It becomes the first of the history.
  void run(const QString& sql, double seconds);
  // Runs the query that is shown again, and writes all of its rows into a file, as CSV.
  void save_all(const QString& path);
  void cancel() override;
  bool is_busy() const override { return busy_; }

  // The file of the history, which is read at once.
  void keep_history_in(const QString& path);
  QStringList history() const;  // most recent first

  // Of the last query: what is wrong with it, in one line; otherwise what there is to know of its rows.
  const QString& problem() const { return problem_; }
  const QString& status() const { return status_; }
  // Whether a query was answered.
  bool has_rows() const { return !columns_.empty(); }

  const std::vector<TableColumn>& columns() const override { return columns_; }
  void all_rows(const std::vector<int>& columns,
                const std::function<void(const Rows&)>& done) override;

 Q_SIGNALS:
  void state_changed();
  void history_changed();

 protected:
  size_t size() const override { return rows_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  using SqlRow = std::vector<db::SqlValue>;
  struct Batch {
    std::vector<std::string> columns;
    std::vector<SqlRow> rows;
  };
  class Batches;
  // What one question left behind.
  struct Outcome {
    bool all = true;
    size_t rows = 0;
    double seconds = 0;
  };
  // Its query can be ended from the window's thread.
  struct Running {
    std::mutex mutex;
    db::Sandbox* sandbox = nullptr;
  };
  // Runs a query on the lane's thread.
  static Outcome run_in_sandbox(Running& running, const std::string& lab, const std::string& sql,
                                double seconds, const db::Sandbox::Visitor& visitor);

  void begin();
  void end(const QString& problem, const QString& status);
  void take(const Batch& batch, uint64_t serial);
  void replace_columns(const Batch& batch);
  void remember(const std::string& sql);

  LabModel& lab_;
  std::vector<TableColumn> columns_;
  std::map<std::string, size_t> places_;  // field -> column
  std::vector<SqlRow> rows_;
  std::string sql_;    // of the rows
  std::string asked_;  // of the query that runs or ran last
  double seconds_ = 0;
  uint64_t serial_ = 0;      // of the query that runs or ran last
  bool first_batch_ = true;  // the rows are still those of the query before
  bool busy_ = false;
  QString problem_, status_, history_path_;
  std::vector<std::string> history_;
  Ticket ticket_, history_ticket_;
  const std::shared_ptr<Running> running_ = std::make_shared<Running>();
  Lane lane_{"sql"};  // its thread ends before the rest is destroyed
};

// The names of the columns of a query as fields of a filter: letters, digits and `_`, no two alike.
std::vector<std::string> field_names(const std::vector<std::string>& columns);

// The tables and columns of the index as a tree of two columns: name and meaning.
QStandardItemModel* schema_tree(QObject* parent);

// Queries to begin with.
struct QueryExample {
  QString title, sql;
};
const std::vector<QueryExample>& query_examples();

}  // namespace lea::gui
