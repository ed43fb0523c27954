#include "gui/model/sql_query.h"

#include <QLocale>
#include <algorithm>
#include <cctype>
#include <chrono>
#include <set>

#include "core/base/csv.h"
#include "core/base/output_file.h"
#include "gui/model/query_history.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

using Clock = std::chrono::steady_clock;

// The first rows are shown soon, and the table is not filled anew more often than people can see.
constexpr std::chrono::milliseconds kBatchTime{250};
constexpr size_t kCharactersShown = 1000;
constexpr const char* kHistory = "history of queries";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

size_t bytes_of(const std::vector<db::SqlValue>& row) {
  size_t bytes = 0;
  for (const db::SqlValue& value : row) bytes += sizeof(value) + value.text.size();
  return bytes;
}

std::string csv_line(const std::vector<db::SqlValue>& row) {
  std::string line;
  for (const db::SqlValue& value : row) {
    if (&value != &row.front()) line += ',';
    // A negative number is no formula.
    line += value.kind == db::SqlValue::Kind::kNumber ? value.text : csv_field(value.text);
  }
  return line + "\n";
}

QString taken(double seconds) {
  return seconds < 0.01 ? QString("in less than 0.01 s")
                        : QString("in %1 s").arg(seconds, 0, 'f', seconds < 1 ? 2 : 1);
}

QString rows_text(size_t rows) {
  return QLocale().toString(static_cast<qulonglong>(rows)) + (rows == 1 ? " row" : " rows");
}

}  // namespace

// Collects the first rows of a query on the lane, and sends them off in batches.
class SqlQuery::Batches {
 public:
  explicit Batches(std::function<void(const Batch&)> send) : send_(std::move(send)) {}

  db::Sandbox::Visitor visitor(const Lane::Cancelled& cancelled) {
    return {[this](const std::vector<std::string>& columns) { batch_.columns = columns; },
            [this](SqlRow&& row) { return take(std::move(row)); },
            [this, cancelled] {
              send_what_is_late();
              return cancelled();
            }};
  }
  void send() {
    send_(batch_);
    batch_.rows.clear();
    last_ = Clock::now();
  }
  size_t rows() const { return rows_; }

 private:
  bool take(SqlRow&& row) {
    if (rows_ >= kRows || bytes_ >= kBytes) return false;
    ++rows_;
    bytes_ += bytes_of(row);
    batch_.rows.push_back(std::move(row));
    send_what_is_late();
    return true;
  }
  // Also asked while no further row comes.
  void send_what_is_late() {
    if (!batch_.rows.empty() && Clock::now() - last_ > kBatchTime) send();
  }

  std::function<void(const Batch&)> send_;
  Batch batch_;
  size_t rows_ = 0, bytes_ = 0;
  Clock::time_point last_ = Clock::now();
};

SqlQuery::SqlQuery(LabModel& lab, QObject* parent) : MemoryTable(parent), lab_(lab) {
  lane_.set_interrupt([running = running_] {
    const std::lock_guard lock(running->mutex);
    if (running->sandbox != nullptr) running->sandbox->interrupt();
  });
  connect(&lab_, &LabModel::opened, this, [this] {
    if (busy_) cancel();
  });
}

SqlQuery::Outcome SqlQuery::run_in_sandbox(Running& running, const std::string& lab,
                                           const std::string& sql, double seconds,
                                           const db::Sandbox::Visitor& visitor) {
  const auto start = Clock::now();
  db::Sandbox sandbox(lab);
  const auto set = [&](db::Sandbox* current) {
    const std::lock_guard lock(running.mutex);
    running.sandbox = current;
  };
  set(&sandbox);
  const std::unique_ptr<db::Sandbox, std::function<void(db::Sandbox*)>> guard(
      &sandbox, [&](db::Sandbox*) { set(nullptr); });
  Outcome outcome;
  db::QueryLimits limits;
  limits.seconds = seconds;
  outcome.all = sandbox.run(sql, limits, visitor);
  outcome.seconds = seconds_since(start);
  return outcome;
}

void SqlQuery::run(const QString& sql, double seconds) {
  if (!lab_.is_open()) return end("No lab is open. Open or make one first.", "");
  if (sql.trimmed().isEmpty()) return end("The query is empty.", "");
  asked_ = to_std(sql);
  seconds_ = seconds;
  remember(asked_);
  first_batch_ = true;
  const uint64_t serial = ++serial_;
  begin();
  lane_.ask(
      ticket_,
      [this, serial, lab = lab_.folder(), sql = asked_, seconds](const Lane::Cancelled& cancelled) {
        // This object waits for the lane, and a call that comes too late for it is dropped.
        Batches batches([this, serial](const Batch& batch) {
          QMetaObject::invokeMethod(
              this, [this, serial, batch] { take(batch, serial); }, Qt::QueuedConnection);
        });
        try {
          Outcome outcome =
              run_in_sandbox(*running_, lab, sql, seconds, batches.visitor(cancelled));
          batches.send();
          outcome.rows = batches.rows();
          return outcome;
        } catch (...) {
          if (batches.rows() > 0) batches.send();
          throw;
        }
      },
      [this](const Outcome& outcome) {
        end("", outcome.all
                    ? rows_text(outcome.rows) + " " + taken(outcome.seconds)
                    : "The first " + rows_text(outcome.rows) + " " + taken(outcome.seconds) +
                          "; there are more, which Save all rows writes.");
      },
      [this, serial](const QString& text) {
        const bool some = serial == serial_ && !first_batch_ && !rows_.empty();
        end(text,
            some ? "The " + rows_text(rows_.size()) + " that came before it ended" : QString());
      });
}

void SqlQuery::save_all(const QString& path) {
  if (sql_.empty()) return;
  begin();
  lane_.ask(
      ticket_,
      [this, lab = lab_.folder(), sql = sql_, seconds = seconds_,
       path = to_std(path)](const Lane::Cancelled& cancelled) {
        OutputFile file(path);
        db::Sandbox::Visitor visitor;
        size_t rows = 0;
        visitor.cancelled = cancelled;
        visitor.columns = [&](const std::vector<std::string>& columns) {
          SqlRow titles;
          for (const std::string& name : columns)
            titles.push_back({db::SqlValue::Kind::kText, 0, name});
          file.write(csv_line(titles));
        };
        visitor.row = [&](SqlRow&& row) {
          ++rows;
          file.write(csv_line(row));
          return true;
        };
        Outcome outcome = run_in_sandbox(*running_, lab, sql, seconds, visitor);
        file.publish();
        outcome.rows = rows;
        return outcome;
      },
      [this, path](const Outcome& outcome) {
        end("", rows_text(outcome.rows) + " are in " + shown(to_std(path)) + ".");
      },
      [this](const QString& text) { end(text, ""); });
}

void SqlQuery::cancel() {
  if (!busy_) return;
  lane_.cancel(ticket_);
  ++serial_;  // batches on their way are dropped
  end("", "Cancelled" +
              (first_batch_ || rows_.empty() ? QString() : " after " + rows_text(rows_.size())));
}

void SqlQuery::begin() {
  busy_ = true;
  problem_.clear();
  status_ = "Running…";
  Q_EMIT busy_changed();
  Q_EMIT state_changed();
}

void SqlQuery::end(const QString& problem, const QString& status) {
  busy_ = false;
  // One line, whatever a message holds.
  problem_ = problem.simplified();
  status_ = status;
  Q_EMIT busy_changed();
  Q_EMIT state_changed();
}

void SqlQuery::take(const Batch& batch, uint64_t serial) {
  if (serial != serial_) return;
  begin_replacing();
  if (first_batch_) {
    rows_.clear();
    replace_columns(batch);
    sql_ = asked_;
  }
  first_batch_ = false;
  rows_.insert(rows_.end(), batch.rows.begin(), batch.rows.end());
  rows_replaced();
  Q_EMIT state_changed();
}

void SqlQuery::replace_columns(const Batch& batch) {
  columns_.clear();
  places_.clear();
  const std::vector<std::string> fields = field_names(batch.columns);
  for (size_t i = 0; i < fields.size(); ++i) {
    const bool number = std::all_of(batch.rows.begin(), batch.rows.end(), [&](const SqlRow& row) {
      return row[i].kind != db::SqlValue::Kind::kText;
    });
    columns_.push_back({fields[i], shown(batch.columns[i]), number && !batch.rows.empty()});
    places_[fields[i]] = i;
  }
}

report::FieldValue SqlQuery::value(size_t row, const std::string& field) const {
  const auto place = places_.find(field);
  if (place == places_.end()) return {};
  const db::SqlValue& value = rows_[row][place->second];
  if (value.kind == db::SqlValue::Kind::kNull) return {};
  const bool number = value.kind == db::SqlValue::Kind::kNumber;
  return {true, value.text, number ? std::optional(value.number) : std::nullopt};
}

QVariant SqlQuery::show(size_t row, int column, int role) const {
  if (role != Qt::DisplayRole) return MemoryTable::show(row, column, role);
  const std::string& text = rows_[row][static_cast<size_t>(column)].text;
  // A whole spec in a cell would take long to lay out.
  const QString cut = lea::gui::shown(text.substr(0, 4 * kCharactersShown));
  return cut.size() > static_cast<qsizetype>(kCharactersShown)
             ? cut.left(static_cast<qsizetype>(kCharactersShown)) + "…"
             : cut;
}

void SqlQuery::all_rows(const std::vector<int>& columns,
                        const std::function<void(const Rows&)>& done) {
  Rows rows;
  for (int row = 0; row < rowCount(); ++row) {
    rows.emplace_back();
    for (const int column : columns)
      rows.back().push_back(
          to_qt(rows_[source_row(index(row, 0))][static_cast<size_t>(column)].text));
  }
  done(rows);
}

void SqlQuery::keep_history_in(const QString& path) {
  history_path_ = path;
  remember("");
}

QStringList SqlQuery::history() const {
  QStringList queries;
  for (const std::string& query : history_) queries << to_qt(query);
  return queries;
}

// A newer call takes the place of one that waits, so each writes all that is known here.
void SqlQuery::remember(const std::string& sql) {
  if (!sql.empty()) {
    history_.insert(history_.begin(), sql);
    history_ = kept_queries(history_);
    Q_EMIT history_changed();
  }
  if (history_path_.isEmpty()) return;
  lab_.files().ask(
      history_ticket_,
      [path = to_std(history_path_), queries = history_](const Lane::Cancelled&) {
        return queries.empty() ? read_queries(path) : add_queries(path, queries);
      },
      [this](const std::vector<std::string>& queries) {
        lab_.messages().resolve(kHistory);
        history_ = queries;
        Q_EMIT history_changed();
      },
      [this](const QString& text) {
        lab_.messages().report(Severity::kWarning, kHistory, "Queries are not kept: " + text);
      });
}

std::vector<std::string> field_names(const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const std::string& column : columns) {
    std::string name;
    for (const char c : column) {
      const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
      if (plain) name += c;
      if (!plain && !name.empty() && name.back() != '_') name += '_';
    }
    while (!name.empty() && name.back() == '_') name.pop_back();
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0)
      name = "column" + (name.empty() ? name : "_" + name);
    std::string unique = name;
    for (int number = 2; !seen.insert(unique).second; ++number)
      unique = name + "_" + std::to_string(number);
    names.push_back(unique);
  }
  return names;
}

QStandardItemModel* schema_tree(QObject* parent) {
  auto* tree = new QStandardItemModel(parent);
  tree->setHorizontalHeaderLabels({"Table", "Meaning"});
  const auto row = [](const std::string& name, const std::string& about) {
    QList<QStandardItem*> items = {new QStandardItem(to_qt(name)), new QStandardItem(to_qt(about))};
    for (QStandardItem* item : items) {
      item->setEditable(false);
      item->setToolTip(plain_tip(to_qt(about)));
    }
    return items;
  };
  for (const db::TableAbout& table : db::tables()) {
    const QList<QStandardItem*> items = row(table.name, table.about);
    for (const auto& column : table.columns)
      items[0]->appendRow(row(column.name, column.about.empty() ? column.type : column.about));
    tree->appendRow(items);
  }
  return tree;
}

const std::vector<QueryExample>& query_examples() {
  static const std::vector<QueryExample> kExamples = {
      {"The best runs by NDCG@20",
       "SELECT run.experiment, run.labels ->> '$.framework' AS framework, run.seed,\n"
       "       result.value AS ndcg_20, substr(run.uuid, 1, 8) AS run\n"
       "FROM result JOIN run USING (uuid)\n"
       "WHERE result.metric = 'ndcg' AND result.k = 20 AND result.part = 'test'\n"
       "ORDER BY result.value DESC LIMIT 50"},
      {"How many runs each experiment has",
       "SELECT experiment, state, count(*) AS runs,\n"
       "       round(sum(result ->> '$.wall_seconds') / 3600, 1) AS hours\n"
       "FROM run GROUP BY experiment, state ORDER BY experiment, state"},
      {"Why runs failed",
       "SELECT reason, count(*) AS runs, min(experiment) AS experiment\n"
       "FROM run WHERE state = 'failed' GROUP BY reason ORDER BY runs DESC"},
  };
  return kExamples;
}

}  // namespace lea::gui
