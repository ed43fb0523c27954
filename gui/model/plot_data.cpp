#include "gui/model/plot_data.h"

#include <algorithm>

#include "core/report/labels.h"
#include "core/report/measure.h"
#include "core/report/training_free.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr size_t kCurvePoints = 2000;
// A table that takes long to read is read again the more seldom.
constexpr qint64 kReloadMilliseconds = 2000, kReloadFactor = 20;
constexpr size_t kMetricSample = 20;  // rows, of each of which one run is asked for its metrics

// Leaves of a run what its ranks and its main metric need. Specs and results are most of a table.
void slim(report::Member* member) {
  nlohmann::json spec = nlohmann::json::object(), result = nlohmann::json::object();
  for (const char* key : {"evaluate", "train"}) {
    if (member->run.spec.contains(key)) spec[key] = std::move(member->run.spec[key]);
  }
  if (member->run.result.contains("unseen_ranks"))
    result["unseen_ranks"] = member->run.result["unseen_ranks"];
  member->run.spec = std::move(spec);
  member->run.result = std::move(result);
  member->result = {};
}

}  // namespace

PlotData::PlotData(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {
  reload_soon_.setSingleShot(true);
  reload_soon_.setInterval(static_cast<int>(kReloadMilliseconds));
  connect(&reload_soon_, &QTimer::timeout, this, &PlotData::reload);
  connect(&lab, &LabModel::index_changed, this, [this] {
    stale_ = true;
    if (!watched_) return;
    list_experiments();
    if (!reload_soon_.isActive()) table_ ? reload_soon_.start() : reload();
  });
  connect(&lab, &LabModel::opened, this, [this] {
    experiments_.clear();
    begin();
    Q_EMIT experiments_changed();
    if (watched_) list_experiments();
  });
}

void PlotData::set_watched(bool watched) {
  watched_ = watched;
  if (!watched || !stale_) return;
  list_experiments();
  reload();
}

// Forgets the experiment before.
void PlotData::begin() {
  cancel();
  table_.reset();
  read_ = false;
  stale_ = true;
  curve_metrics_.clear();
  curves_.clear();
  cuts_.clear();
  Q_EMIT table_changed();
}

void PlotData::choose(const QString& experiment) {
  if (experiment == experiment_) return;
  experiment_ = experiment;
  begin();
  if (watched_) reload();
}

void PlotData::list_experiments() {
  if (!lab_.is_open()) return;
  lab_.index().ask(
      list_ticket_,
      [](const db::Store& store, const Lane::Cancelled&) { return store.experiments(); },
      [this](const std::vector<std::string>& names) {
        QStringList list;
        for (const std::string& name : names) list << to_qt(name);
        if (list == experiments_) return;
        experiments_ = list;
        Q_EMIT experiments_changed();
      });
}

PlotData::Read PlotData::read_table(const db::Store& store, const std::string& experiment,
                                    const std::string& lab) {
  Read read;
  const std::vector<db::RunRow> runs = store.runs(experiment);
  const auto plan = store.experiment(experiment);
  if (runs.empty() && (!plan || plan->runs.empty())) return read;
  report::TableOptions options;
  options.lab = lab;
  auto table = std::make_shared<PlotTable>();
  table->pivot = report::make_pivot(experiment, runs, report::stored_metrics(store, experiment),
                                    options, plan);
  report::add_training_free(store, options, &table->pivot);
  table->cells = plot_cells(table->pivot);
  std::set<std::string> metrics;
  size_t asked = 0;
  for (const report::Row& row : table->pivot.rows) {
    const auto& members = row.finished.empty() ? row.unfinished : row.finished;
    if (row.untrained || members.empty() || members.front().run.source != "lealab") continue;
    if (asked++ == kMetricSample) break;
    for (const db::CurvePoint& point : store.curves(members.front().run.uuid))
      metrics.insert(point.metric);
  }
  for (auto* rows : {&table->pivot.rows, &table->pivot.borrowed}) {
    for (report::Row& row : *rows) {
      for (auto* members : {&row.finished, &row.unfinished}) {
        for (report::Member& member : *members) slim(&member);
      }
    }
  }
  read.curve_metrics.assign(metrics.begin(), metrics.end());
  std::sort(read.curve_metrics.begin(), read.curve_metrics.end(), report::natural_less);
  read.table = std::move(table);
  return read;
}

void PlotData::reload() {
  if (!lab_.is_open() || experiment_.isEmpty() || reading_table_) return;
  stale_ = false;
  reading_table_ = true;
  step_busy(1);
  reading_.start();
  lab_.index().ask(
      table_ticket_,
      [experiment = to_std(experiment_), lab = lab_.folder()](const db::Store& store,
                                                              const Lane::Cancelled&) {
        return read_table(store, experiment, lab);
      },
      [this](Read read) {
        reading_table_ = false;
        reload_soon_.setInterval(
            static_cast<int>(std::max(kReloadMilliseconds, kReloadFactor * reading_.elapsed())));
        take(std::move(read));
        step_busy(-1);
        if (stale_ && watched_) reload_soon_.start();  // it changed meanwhile
      },
      [this](const QString& text) {
        reading_table_ = false;
        failed(text);
      });
}

void PlotData::take(Read read) {
  read_ = true;
  table_ = std::move(read.table);
  curve_metrics_ = std::move(read.curve_metrics);
  // What was read of the table before may have grown.
  lab_.index().lane().cancel(curves_ticket_);
  ranks_.cancel(cuts_ticket_);
  if (!asked_curves_.empty()) step_busy(-1);
  if (!asked_cuts_.empty()) step_busy(-1);
  asked_curves_.clear();
  asked_cuts_.clear();
  curves_.clear();
  cuts_.clear();
  Q_EMIT table_changed();
}

PlotData::Curves PlotData::read_curves(const db::Store& store, const report::Row& row,
                                       const std::string& metric) {
  Curves curves;
  std::vector<RunCurve> of_runs;
  for (const auto* members : {&row.finished, &row.unfinished}) {
    for (const report::Member& member : *members) {
      ++curves.runs;
      RunCurve curve{member.repetition, {}, {}};
      for (const db::CurvePoint& point : store.curve(member.run.uuid, metric)) {
        curve.steps.push_back(static_cast<double>(point.step));
        curve.values.push_back(point.value);
      }
      if (curve.steps.empty()) {
        ++(member.run.source == "lealab" ? curves.without : curves.imported);
        continue;
      }
      of_runs.push_back(std::move(curve));
    }
  }
  if (row.untrained) curves.without = 0;
  curves.mean = mean_curve(of_runs, kCurvePoints, &curves.averaged);
  return curves;
}

void PlotData::want_curves(const std::string& metric, const std::set<size_t>& cells) {
  if (!table_ || metric.empty()) return;
  std::set<std::pair<std::string, size_t>> missing;
  for (const size_t cell : cells) {
    const std::pair key{metric, cell};
    if (cell < table_->cells.size() && !curves_.contains(key)) missing.insert(key);
  }
  if (missing.empty() || missing == asked_curves_) return;
  if (asked_curves_.empty()) step_busy(1);
  asked_curves_ = missing;
  lab_.index().ask(
      curves_ticket_,
      [table = table_, missing](const db::Store& store, const Lane::Cancelled& cancelled) {
        std::map<std::pair<std::string, size_t>, Curves> read;
        for (const auto& key : missing) {
          if (cancelled()) break;
          const PlotCell& cell = table->cells[key.second];
          read[key] = read_curves(store, table->row(cell), key.first);
          read[key].mean.name = cell.name;
          read[key].mean.style = cell.style;
          read[key].mean.floor = cell.floor;
        }
        return read;
      },
      [this](const auto& read) {
        curves_.insert(read.begin(), read.end());
        asked_curves_.clear();
        step_busy(-1);
        Q_EMIT curves_changed();
      },
      [this](const QString& text) {
        asked_curves_.clear();
        failed(text);
      });
}

void PlotData::want_cuts(const std::set<size_t>& cells) {
  if (!table_) return;
  std::set<size_t> missing;
  for (const size_t cell : cells) {
    if (cell < table_->cells.size() && !cuts_.contains(cell)) missing.insert(cell);
  }
  if (missing.empty() || missing == asked_cuts_) return;
  if (asked_cuts_.empty()) step_busy(1);
  asked_cuts_ = missing;
  ranks_.ask(
      cuts_ticket_,
      [table = table_, missing, lab = lab_.folder()](const Lane::Cancelled& cancelled) {
        std::map<size_t, CellCuts> read;
        for (const size_t index : missing) {
          const PlotCell& cell = table->cells[index];
          CellCuts cuts = cuts_of(table->row(cell), lab, cancelled);
          if (cancelled()) break;
          for (PlotLine* line : {&cuts.hr, &cuts.ndcg, &cuts.mrr}) {
            line->name = cell.name;
            line->style = cell.style;
            line->floor = cell.floor;
          }
          read.emplace(index, std::move(cuts));
        }
        return read;
      },
      [this](const auto& read) {
        cuts_.insert(read.begin(), read.end());
        asked_cuts_.clear();
        step_busy(-1);
        lab_.messages().resolve("ranks");
        Q_EMIT cuts_changed();
      },
      [this](const QString& text) {
        asked_cuts_.clear();
        step_busy(-1);
        lab_.messages().error("ranks", text);
      });
}

const PlotData::Curves* PlotData::curves(const std::string& metric, size_t cell) const {
  const auto found = curves_.find({metric, cell});
  return found == curves_.end() ? nullptr : &found->second;
}

const CellCuts* PlotData::cuts(size_t cell) const {
  const auto found = cuts_.find(cell);
  return found == cuts_.end() ? nullptr : &found->second;
}

void PlotData::cancel() {
  for (Ticket* ticket : {&table_ticket_, &curves_ticket_}) lab_.index().lane().cancel(*ticket);
  ranks_.cancel(cuts_ticket_);
  asked_curves_.clear();
  asked_cuts_.clear();
  reading_table_ = false;
  step_busy(-busy_);
}

void PlotData::failed(const QString& text) {
  step_busy(-1);
  lab_.messages().error(Index::kSource, text);
}

void PlotData::step_busy(int by) {
  const bool before = is_busy();
  busy_ += by;
  if (is_busy() != before) Q_EMIT busy_changed();
}

}  // namespace lea::gui
