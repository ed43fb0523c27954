#include "gui/model/run_table.h"

#include <QTimer>
#include <algorithm>
#include <iterator>

#include "core/base/clock.h"
#include "core/report/labels.h"
#include "core/report/measure.h"
#include "gui/model/look.h"
#include "gui/model/run_query.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

// A page with its specs and results takes a few megabytes.
constexpr size_t kPagesKept = 8;

bool is_metric(const std::string& field) { return field.find('@') != std::string::npos; }

}  // namespace

RunTable::RunTable(LabModel& lab, QObject* parent)
    : TableModel(parent),
      lab_(lab),
      columns_({{"uuid", "Run"},
                {"experiment", "Experiment"},
                {"backbone", "Backbone"},
                {"framework", "Framework"},
                {"reward", "Reward"},
                {"label.state", "State slot", false, false},
                {"augment", "Augment", false, false},
                {"seed", "Seed", true},
                {"state", "State"},
                {"age", "Age", true},
                {"reason", "Why", false, true, "why it failed"}}) {
  connect(&lab, &LabModel::index_changed, this, &RunTable::reload);
  connect(&lab, &LabModel::opened, this, [this] {
    ticket_.drop();
    take({});
    if (lab_.is_open()) reload();
  });
}

void RunTable::show_experiment(const std::string& experiment) {
  experiment_ = experiment;
  reload();
}

void RunTable::reload() {
  if (!lab_.is_open()) return;
  set_busy(true);
  const RunQuery query = {experiment_, expression_, sort_field_, descending_};
  lab_.index().ask(
      ticket_,
      [query](const db::Store& store, const Lane::Cancelled& cancelled) {
        Listed listed;
        listed.fields = sampled_fields(store);
        RunQuery asked = query;
        // No run may have the field, as in a lab without runs.
        if (!std::binary_search(listed.fields.begin(), listed.fields.end(), asked.sort_field))
          asked.sort_field = RunQuery().sort_field;
        listed.uuids = matching_runs(store, asked, listed.fields, cancelled);
        listed.all = query.expression.empty()
                         ? static_cast<qint64>(listed.uuids.size())
                         : static_cast<qint64>(store.listing(query.experiment, {}).size());
        std::vector<std::string> page = listed.uuids;
        if (page.size() > static_cast<size_t>(kPage)) page.resize(static_cast<size_t>(kPage));
        listed.first = views_of(store, page);
        return listed;
      },
      [this](Listed listed) {
        set_busy(false);
        Q_EMIT filter_checked("");
        take(std::move(listed));
      },
      [this](const QString& text) {
        set_busy(false);
        if (text.startsWith("filter:")) return Q_EMIT filter_checked(text);
        lab_.messages().error(Index::kSource, text);
      });
}

void RunTable::take(Listed listed) {
  const bool same_rows = listed.uuids == uuids_;
  if (!same_rows) beginResetModel();
  uuids_ = std::move(listed.uuids);
  fields_ = std::move(listed.fields);
  pages_.clear();
  fetching_.clear();
  page_tickets_.clear();
  if (!listed.first.empty()) {
    auto& page = pages_[0];
    for (report::RunView& view : listed.first) page.emplace_back(std::move(view));
  }
  if (!same_rows) endResetModel();
  if (same_rows && rowCount() > 0)
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
  add_main_metric();
  Q_EMIT counted(static_cast<qint64>(uuids_.size()), listed.all);
}

// The metric that stands for the runs, such as ndcg@20, which is known from the first of them.
void RunTable::add_main_metric() {
  if (view(0) == nullptr || has_metric_) return;
  const std::string metric = report::main_metric(view(0)->run, view(0)->metrics.test);
  if (metric.empty()) return;
  has_metric_ = true;
  if (column_of(metric) >= 0) return;
  const int at = column_of("age");
  beginInsertColumns({}, at, at);
  columns_.insert(columns_.begin() + at,
                  TableColumn{metric, shown(metric), true, true, "of the test part"});
  endInsertColumns();
  Q_EMIT columns_changed();
}

int RunTable::row_of_id(const QString& id) const {
  const auto found = std::find(uuids_.begin(), uuids_.end(), to_std(id));
  return found == uuids_.end() ? -1 : static_cast<int>(found - uuids_.begin());
}

void RunTable::add_column(const std::string& field) {
  if (column_of(field) >= 0) return;
  const int at = columnCount();
  beginInsertColumns({}, at, at);
  columns_.push_back({field, shown(field), is_metric(field)});
  endInsertColumns();
  Q_EMIT columns_changed();
}

void RunTable::set_filter(const std::string& expression) {
  if (expression == expression_) return;
  expression_ = expression;
  reload();
}

void RunTable::sort(int column, Qt::SortOrder order) {
  if (column < 0 || column >= columnCount()) return;
  sort_field_ = columns_[static_cast<size_t>(column)].field;
  descending_ = order == Qt::DescendingOrder;
  reload();
}

void RunTable::cancel() {
  lab_.index().lane().cancel(ticket_);
  set_busy(false);
}

void RunTable::set_busy(bool busy) {
  if (busy == busy_) return;
  busy_ = busy;
  Q_EMIT busy_changed();
}

int RunTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(uuids_.size());
}

const report::RunView* RunTable::view(int row) const {
  const auto page = pages_.find(row / kPage);
  if (page == pages_.end()) return nullptr;
  const auto place = static_cast<size_t>(row % kPage);
  return place < page->second.size() && page->second[place] ? &*page->second[place] : nullptr;
}

void RunTable::fetch(int page) const {
  if (pages_.contains(page) || !fetching_.insert(page).second) return;
  const auto first = uuids_.begin() + static_cast<std::ptrdiff_t>(page) * kPage;
  const std::vector<std::string> uuids(
      first, first + std::min<std::ptrdiff_t>(kPage, uuids_.end() - first));
  auto& ticket = page_tickets_[page];
  if (!ticket) ticket = std::make_unique<Ticket>();
  auto* self = const_cast<RunTable*>(this);
  self->lab_.index().ask(
      *ticket,
      [uuids](const db::Store& store, const Lane::Cancelled&) { return views_of(store, uuids); },
      [self, page, uuids](const std::vector<report::RunView>& views) {
        self->fetching_.erase(page);
        while (self->pages_.size() >= kPagesKept) {
          // The page that is farthest from this one.
          const bool front =
              page - self->pages_.begin()->first > self->pages_.rbegin()->first - page;
          self->pages_.erase(front ? self->pages_.begin() : std::prev(self->pages_.end()));
        }
        auto& rows = self->pages_[page];
        size_t next = 0;
        for (const std::string& uuid : uuids) {
          const bool there = next < views.size() && views[next].run.uuid == uuid;
          rows.push_back(there ? std::optional(views[next++]) : std::nullopt);
        }
        const int row = page * kPage;
        Q_EMIT self->dataChanged(
            self->index(row, 0),
            self->index(row + static_cast<int>(uuids.size()) - 1, self->columnCount() - 1));
      });
}

QVariant RunTable::text_of(const report::RunView& view, const std::string& field) {
  if (field == "uuid") return to_qt(view.run.uuid.substr(0, 8));
  const report::FieldValue value = report::field_of(view, field);
  if (!value.present) return {};
  if (field == "age")
    return to_qt(duration_text(value.number.value_or(0) * 3600, DurationStyle::kAge));
  if (field == "seed") return view.run.seed == 0 ? QString("-") : QString::number(view.run.seed);
  if (is_metric(field) && value.number) return QString::number(*value.number, 'f', 4);
  return shown(value.text);
}

QVariant RunTable::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const TableColumn& column = columns_[static_cast<size_t>(index.column())];
  if (role == Qt::TextAlignmentRole) return alignment(column);
  if (role == kIdRole) return to_qt(uuid(index.row()));
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != kLookRole) return {};
  const report::RunView* run = view(index.row());
  if (run == nullptr) {
    QTimer::singleShot(0, this, [this, page = index.row() / kPage] {
      if (page * kPage < rowCount()) fetch(page);
    });
    return role == Qt::DisplayRole && column.field == "uuid"
               ? QVariant(to_qt(uuid(index.row()).substr(0, 8)))
               : QVariant();
  }
  if (role == kLookRole)
    return column.field == "state" ? QVariant(static_cast<int>(look_of_state(run->run.state)))
                                   : QVariant();
  if (role == Qt::ToolTipRole && column.field == "uuid") return to_qt(run->run.uuid);
  const QVariant text = text_of(*run, column.field);
  return role == Qt::ToolTipRole ? QVariant(plain_tip(text.toString())) : text;
}

void RunTable::all_rows(const std::vector<int>& columns,
                        const std::function<void(const Rows&)>& done) {
  std::vector<std::string> fields;
  for (const int column : columns) fields.push_back(columns_[static_cast<size_t>(column)].field);
  lab_.index().ask(
      export_ticket_,
      [uuids = uuids_, fields](const db::Store& store, const Lane::Cancelled& cancelled) {
        Rows rows;
        for (size_t begin = 0; begin < uuids.size() && !cancelled(); begin += kPage) {
          const auto first = uuids.begin() + static_cast<std::ptrdiff_t>(begin);
          const auto count = std::min<size_t>(kPage, uuids.size() - begin);
          for (const auto& view :
               views_of(store, {first, first + static_cast<std::ptrdiff_t>(count)})) {
            rows.emplace_back();
            for (const std::string& field : fields)
              rows.back().push_back(text_of(view, field).toString());
          }
        }
        return rows;
      },
      done);
}

}  // namespace lea::gui
