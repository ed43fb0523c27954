#include "gui/model/matrix_model.h"

#include <QFileInfo>
#include <algorithm>
#include <cmath>

#include "core/lab/plugins.h"
#include "core/report/matrix_read.h"
#include "core/report/matrix_render.h"
#include "core/report/render.h"
#include "core/run/folder.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

// The documents of the runs have served. They would fill the memory.
void drop_documents(report::Pivot* pivot) {
  for (auto* rows : {&pivot->rows, &pivot->borrowed}) {
    for (report::Row& row : *rows) {
      for (auto* members : {&row.finished, &row.unfinished}) {
        for (report::Member& member : *members) member.run.spec = member.run.result = nullptr;
      }
    }
  }
}

std::vector<MatrixModel::Experiment> experiments_in(const db::Store& store) {
  std::map<std::string, std::string> created = store.plans();
  std::map<std::string, std::string> examples = store.examples();
  std::vector<std::string> uuids;
  for (const auto& [name, uuid] : examples) {
    if (!created.contains(name)) uuids.push_back(uuid);
  }
  for (const db::RunRow& run : store.rows(uuids)) created[run.experiment] = run.created;
  std::vector<MatrixModel::Experiment> all;
  for (const auto& [name, at] : created) all.push_back({name, at});
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.created > b.created; });
  return all;
}

// While runs finish one after the other, at most a tenth of the time goes into reading them again.
constexpr qint64 kPauses = 10, kLongestPause = 30000;

// Whether what was read for one state serves another, which has another view at most.
bool serves(const MatrixState& known, const MatrixState& wanted) {
  return known.experiment == wanted.experiment && known.all_runs == wanted.all_runs &&
         known.k == wanted.k && known.ties == wanted.ties && known.seen == wanted.seen;
}

}  // namespace

MatrixModel::MatrixModel(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {
  connect(&lab_, &LabModel::opened, this, &MatrixModel::lab_opened);
  connect(&lab_, &LabModel::index_changed, this, &MatrixModel::index_changed);
  connect(&lab_, &LabModel::grids_changed, this, &MatrixModel::changed);
  connect(&lab_, &LabModel::refreshing_changed, this, [this] {
    if (phase_ == Phase::kNoExperiment) Q_EMIT changed();
  });
  catch_up_.setSingleShot(true);
  connect(&catch_up_, &QTimer::timeout, this, [this] {
    if (behind_) index_changed();
  });
  lab_opened();
}

void MatrixModel::lab_opened() {
  read_ticket_.drop();
  list_ticket_.drop();
  runs_ticket_.drop();
  set_busy(false);
  known_.reset();
  source_.reset();
  chosen_.reset();
  experiments_.clear();
  listed_ = false;
  table_.show({});
  runs_.show_runs({}, "value", false);
  Q_EMIT experiments_changed();
  set_phase(lab_.is_open() ? Phase::kReading : Phase::kNoLab);
  if (!lab_.is_open()) return;
  ask_experiments();
  // Without a worker, as for a copy of the lab on another machine, no run is stale.
  probing_.ask(
      probe_ticket_,
      [folders = lab_.plugin_dirs](const Lane::Cancelled&) {
        return lab::installed_plugins(lab::probe_plugins(plugin_folders(folders)));
      },
      [this](const run::InstalledPlugins& installed) {
        installed_ = installed;
        ask(/*again=*/true);
      },
      [](const QString&) {});
}

void MatrixModel::index_changed() {
  const qint64 pause = std::min(kPauses * milliseconds_, kLongestPause);
  const bool soon = phase_ == Phase::kReady && asked_.isValid() && asked_.elapsed() < pause;
  behind_ = !watched_ || busy_ || soon;
  if (soon && !catch_up_.isActive()) catch_up_.start(static_cast<int>(pause - asked_.elapsed()));
  if (behind_) return;
  ask_experiments();
  ask(/*again=*/true);
}

void MatrixModel::set_watched(bool watched) {
  watched_ = watched;
  if (watched && behind_) index_changed();
}

void MatrixModel::ask_experiments() {
  if (!lab_.is_open()) return;
  lab_.index().ask(
      list_ticket_,
      [](const db::Store& store, const Lane::Cancelled&) { return experiments_in(store); },
      [this](std::vector<Experiment> experiments) { take_experiments(std::move(experiments)); });
}

void MatrixModel::take_experiments(std::vector<Experiment> experiments) {
  const auto same = [](const Experiment& a, const Experiment& b) {
    return a.name == b.name && a.created == b.created;
  };
  const bool other = !std::equal(experiments.begin(), experiments.end(), experiments_.begin(),
                                 experiments_.end(), same);
  experiments_ = std::move(experiments);
  listed_ = true;
  const bool known = state_.all_runs ||
                     std::any_of(experiments_.begin(), experiments_.end(),
                                 [&](const auto& one) { return one.name == state_.experiment; });
  if (experiments_.empty()) {
    set_phase(Phase::kNoExperiment);
  } else if (!known) {
    // The first look, or what was shown last is in another lab: the newest one.
    MatrixState state = state_;
    state.experiment = experiments_.front().name;
    state.view.reset();
    set_state(state);
  } else if (phase_ == Phase::kNoExperiment || (!known_ && !busy_)) {
    ask(/*again=*/true);
  }
  if (other) Q_EMIT experiments_changed();
}

void MatrixModel::set_state(const MatrixState& state) {
  if (state == state_ && known_) return;
  if (!serves(state_, state)) chosen_.reset();
  state_ = state;
  ask(/*again=*/false);
}

void MatrixModel::ask(bool again) {
  if (!lab_.is_open() || !listed_ || (state_.experiment.empty() && !state_.all_runs)) return;
  std::optional<Known> known;
  if (!again && known_ && serves(known_for_, state_)) known = known_;
  if (!known && phase_ != Phase::kReady) set_phase(Phase::kReading);
  report::TableOptions options = table_options(state_, lab_.folder());
  options.installed = installed_;
  set_busy(true);
  asked_.start();
  lab_.index().ask(
      read_ticket_,
      [state = state_, options, known](const db::Store& store, const Lane::Cancelled& cancelled) {
        return read(store, state, options, known, cancelled);
      },
      [this, state = state_](Answer answer) {
        known_for_ = state;
        take(std::move(answer));
      },
      [this](const QString& text) {
        set_busy(false);
        lab_.messages().error(kSource, text);
        set_phase(Phase::kFailed, text);
        if (behind_ && watched_) index_changed();
      });
}

MatrixModel::Known MatrixModel::read_whole(const db::Store& store, const MatrixState& state,
                                           const report::TableOptions& options,
                                           const Lane::Cancelled& cancelled) {
  Known known;
  if (state.all_runs || store.size_of(state.experiment) > report::kMostReadRuns) {
    known.source = std::make_shared<report::MatrixSource>(
        report::brief_source(store, state.all_runs ? "" : state.experiment, cancelled));
    for (const std::string& note : report::brief_notes(*known.source)) known.notes << to_qt(note);
    return known;
  }
  auto pivot =
      std::make_shared<report::Pivot>(report::experiment_pivot(store, state.experiment, options));
  known.source =
      std::make_shared<report::MatrixSource>(report::matrix_source(*pivot, options.installed));
  if (!report::has_outcome(*pivot))
    known.sentence = to_qt(report::sentence_before_outcomes(*pivot));
  drop_documents(pivot.get());
  for (const std::string& note : pivot->notes) known.notes << to_qt(note);
  for (const std::string& command : pivot->commands) known.notes << "    " + to_qt(command);
  known.pivot = std::move(pivot);
  return known;
}

MatrixModel::Answer MatrixModel::read(const db::Store& store, const MatrixState& state,
                                      const report::TableOptions& options,
                                      std::optional<Known> known,
                                      const Lane::Cancelled& cancelled) {
  if (!known) known = read_whole(store, state, options, cancelled);
  Answer answer{*known, {}};
  const report::MatrixView usual = answer.known.pivot ? report::table_view(*answer.known.source)
                                                      : report::brief_view(*answer.known.source);
  const report::MatrixView view =
      state.view ? report::fitted(*state.view, *answer.known.source) : usual;
  if (!answer.known.pivot) {
    auto source = std::make_shared<report::MatrixSource>(*answer.known.source);
    if (report::read_values(store, view, cancelled, source.get()))
      answer.known.source = std::move(source);
  }
  answer.matrix = report::arrange(*answer.known.source, view);
  return answer;
}

void MatrixModel::take(Answer answer) {
  set_busy(false);
  milliseconds_ = asked_.elapsed();
  lab_.messages().resolve(kSource);
  known_ = std::move(answer.known);
  source_ = known_->source;
  table_.show(std::move(answer.matrix));
  set_phase(known_->sentence.isEmpty() ? Phase::kReady : Phase::kNoOutcome, known_->sentence);
  ask_runs();
  if (behind_ && watched_) index_changed();
}

void MatrixModel::set_phase(Phase phase, const QString& sentence) {
  phase_ = phase;
  sentence_ = sentence;
  Q_EMIT changed();
}

void MatrixModel::set_busy(bool busy) {
  if (busy == busy_) return;
  busy_ = busy;
  Q_EMIT busy_changed();
}

void MatrixModel::cancel() {
  lab_.index().lane().cancel(read_ticket_);
  set_busy(false);
  if (known_) state_ = known_for_;
  set_phase(known_ ? phase_ : Phase::kFailed, known_ ? sentence_ : "The query was cancelled.");
}

QStringList MatrixModel::footer() const {
  QStringList lines;
  if (!known_) return lines;
  lines << to_qt(report::meaning_of(matrix())) + ", – for a single " +
               (matrix().over_splits ? "split" : "run") + "; best bold, second underlined" +
               ", † " + report::kBelowFloor + ".";
  for (const std::string& note : report::view_notes(matrix(), *source_)) lines << shown(note);
  return lines + known_->notes;
}

bool MatrixModel::is_table() const {
  return known_ && phase_ == Phase::kReady && !state_.all_runs &&
         view() == report::table_view(*source_);
}

QString MatrixModel::command(QString* why_not) const {
  const auto no = [&](const char* why) {
    if (why_not != nullptr) *why_not = why;
    return QString();
  };
  if (!known_ || phase_ != Phase::kReady) return no("There is nothing to show yet.");
  if (state_.all_runs) return no("`lealab table` prints one experiment.");
  if (is_table()) return table_command(state_, lab_.folder());
  report::MatrixView by_split = report::table_view(*source_);
  by_split.rows.push_back(report::kSplitAxis);
  if (source_->over_splits && view() == by_split)
    return table_command(state_, lab_.folder(), /*by_split=*/true);
  return no(
      "`lealab table` has all axes of the spec in its rows, and its metrics in the columns. Choose "
      "\"As the table\" to see what it prints.");
}

QString MatrixModel::rendered(const std::string& format) const {
  if (!known_) return "";
  if (known_->pivot && is_table()) {
    const auto render =
        format == "latex" ? static_cast<std::string (*)(const report::Pivot&)>(report::render_latex)
        : format == "csv"
            ? static_cast<std::string (*)(const report::Pivot&)>(report::render_csv)
            : static_cast<std::string (*)(const report::Pivot&)>(report::render_markdown);
    return to_qt(render(*known_->pivot));
  }
  report::MatrixText text{
      state_.all_runs ? "All runs" : state_.experiment, report::view_notes(matrix(), *source_), {}};
  for (const QString& note : known_->notes) {
    if (note.startsWith("    ")) {
      text.commands.push_back(to_std(note.trimmed()));
    } else {
      text.notes.push_back(to_std(note));
    }
  }
  if (format == "latex") return to_qt(report::render_latex(matrix(), text));
  if (format == "csv") return to_qt(report::render_csv(matrix(), text));
  return to_qt(report::render_markdown(matrix(), text));
}

MatrixModel::Gaps MatrixModel::gaps() const {
  Gaps gaps;
  if (!source_) return gaps;
  for (const report::MatrixSource::Run& run : source_->runs) {
    if (run.standing == report::Standing::kMissing) {
      ++gaps.missing;
    } else if (run.standing != report::Standing::kFinished &&
               run.standing != report::Standing::kStale) {
      ++gaps.unfinished;
    }
  }
  if (state_.all_runs) {
    gaps.why_not = "Choose an experiment: each has a spec of its own.";
    return gaps;
  }
  if (gaps.missing + gaps.unfinished == 0) {
    gaps.why_not = "Nothing is missing.";
    return gaps;
  }
  std::string spec;
  for (const GridSummary& grid : lab_.grids()) {  // newest first
    if (grid.experiment != state_.experiment) continue;
    if (grid.live) {
      gaps.why_not = "A grid of this experiment is at work. The page Runs shows it.";
      return gaps;
    }
    if (spec.empty()) spec = grid.spec;
  }
  if (spec.empty()) {
    gaps.why_not =
        "No grid of this lab tells where the spec of this experiment is. Open the spec on the page "
        "Experiment and launch it there.";
  } else if (!QFileInfo::exists(to_qt(spec))) {
    gaps.why_not = "The spec " + shown(spec) +
                   " is no longer there. Open it on the page Experiment and launch it there.";
  } else {
    gaps.spec = spec;
  }
  return gaps;
}

void MatrixModel::choose(const QModelIndex& cell) {
  chosen_.reset();
  if (cell.isValid()) {
    chosen_.emplace(matrix().rows[static_cast<size_t>(cell.row())],
                    matrix().columns[static_cast<size_t>(cell.column())]);
  }
  ask_runs();
}

QString MatrixModel::cell_title() const {
  if (!chosen_) return "";
  const QModelIndex at = table_.find(chosen_->first, chosen_->second);
  return at.isValid()
             ? about_cell(matrix(), static_cast<size_t>(at.row()), static_cast<size_t>(at.column()))
             : "";
}

void MatrixModel::ask_runs() {
  const QModelIndex at = chosen_ ? table_.find(chosen_->first, chosen_->second) : QModelIndex();
  if (!at.isValid() || !source_) {
    runs_ticket_.drop();
    runs_.show_runs({}, "value", false);
    Q_EMIT runs_changed();
    return;
  }
  const auto row = static_cast<size_t>(at.row()), column = static_cast<size_t>(at.column());
  // The heads and the view say which cell it is, so the cells stay here.
  report::Matrix heads;
  heads.view = matrix().view;
  heads.rows = {matrix().rows[row]};
  heads.columns = {matrix().columns[column]};
  struct Found {
    std::vector<CellRun> runs;
    std::string metric;
  };
  lab_.index().ask(
      runs_ticket_,
      [source = source_, heads, lab = lab_.folder()](const db::Store& store,
                                                     const Lane::Cancelled&) {
        constexpr size_t kMost = 500;
        Found found;
        const size_t of_column = report::column_in(*source, heads, 0, 0);
        found.metric = source->columns.empty() ? "value" : source->columns[of_column].title;
        for (const size_t index : report::runs_in(*source, heads, 0, 0)) {
          if (found.runs.size() == kMost) break;
          const report::MatrixSource::Run& run = source->runs[index];
          CellRun& shown = found.runs.emplace_back();
          shown.uuid = run.uuid;
          shown.standing = run.standing;
          shown.setting = source->settings[run.setting].name;
          shown.seed = source->seed.labels[run.seed];
          if (source->over_splits) shown.split = source->split.labels[run.split];
          const double value = source->value(index, of_column);
          if (!std::isnan(value)) shown.value = value;
          if (run.uuid.empty()) continue;
          shown.folder = run::folder_of(lab, run.uuid).path;
          for (const db::RunRow& row : store.rows({run.uuid})) {
            shown.reason = row.reason;
            shown.experiment = row.experiment;
          }
        }
        return found;
      },
      [this, splits = source_->over_splits](Found found) {
        runs_.show_runs(std::move(found.runs), to_qt(found.metric), splits);
        Q_EMIT runs_changed();
      });
}

}  // namespace lea::gui
