#include "gui/model/plan_preview.h"

#include <QLocale>
#include <algorithm>
#include <set>

#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "core/lab/lab_folder.h"
#include "core/lab/wide_states.h"
#include "gui/model/look.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

QString number(size_t count) { return QLocale().toString(static_cast<qulonglong>(count)); }

QString counted_text(size_t count, const QString& thing) {
  return number(count) + " " + thing + (count == 1 ? "" : "s");
}

// The state in which most of a cell is that still needs work.
Look look_of(const lab::PlannedCell& cell) {
  if (cell.to_do() == 0) return Look::kDoneBefore;
  if (cell.counts.contains(lab::TaskStatus::kRunning)) return Look::kRunning;
  if (cell.counts.contains(lab::TaskStatus::kInterrupted)) return Look::kInterrupted;
  return Look::kWaiting;
}

std::string state_of(const lab::PlannedCell& cell) {
  std::vector<std::string> words;
  for (const auto& [status, count] : cell.counts) {
    words.push_back(cell.counts.size() == 1 ? lab::to_string(status)
                                            : std::to_string(count) + " " + lab::to_string(status));
  }
  return joined(words);
}

report::FieldValue of_text(const std::string& text) { return {!text.empty(), text, std::nullopt}; }

report::FieldValue of_notes(const std::set<std::string>& notes) {
  return notes.empty()
             ? report::FieldValue()
             : of_text(joined(std::vector<std::string>(notes.begin(), notes.end()), "; "));
}

report::FieldValue of_count(size_t count) {
  return {true, std::to_string(count), static_cast<double>(count)};
}

report::FieldValue of_label(const std::string& label) {
  report::FieldValue value = of_text(label);
  bool is_number = false;
  const double number = to_qt(label).toDouble(&is_number);
  if (is_number) value.number = number;
  return value;
}

PlanSummary summary_of(const spec::Experiment& experiment, const lab::Plan& plan) {
  PlanSummary summary;
  summary.axes = experiment.axes;
  summary.list = lab::planned_cells(experiment, plan);
  std::set<size_t> cells, to_do;
  for (const lab::PlannedTask& task : plan.tasks) {
    stop_if_cancelled();
    const size_t cell = experiment.runs[task.index].cell;
    cells.insert(cell);
    if (lab::needs_work(task.status)) to_do.insert(cell);
  }
  summary.cells = cells.size();
  summary.cells_done = cells.size() - to_do.size();
  summary.runs = plan.tasks.size();
  summary.runs_done = summary.runs - plan.to_do();
  for (const lab::PlannedArtefact& artefact : plan.artefacts) {
    if (artefact.done) continue;
    ++summary.artefacts_to_make;
    summary.artefacts_of_unknown_time += !artefact.seconds;
  }
  summary.seconds = plan.seconds;
  summary.jobs = plan.jobs;
  summary.disk = plan.disk;
  summary.lines = lab::artefact_lines(plan);
  summary.lines.push_back(lab::time_text(plan));
  for (const std::string& line : lab::disk_lines(plan)) summary.lines.push_back(line);
  for (const std::string& line : lab::wide_state_lines(experiment, plan))
    summary.lines.push_back("warning: " + line);
  if (plan.stale.count() > 0) summary.lines.push_back(plan.stale.line());
  return summary;
}

}  // namespace

QString counts_line(const PlanSummary& summary) {
  QStringList words = {counted_text(summary.cells, "cell"), counted_text(summary.runs, "run")};
  words << (summary.runs_done == 0 ? QString("none done")
                                   : counted_text(summary.cells_done, "cell") + " done (" +
                                         counted_text(summary.runs_done, "run") + ")");
  if (summary.artefacts_to_make > 0)
    words << counted_text(summary.artefacts_to_make, "artefact") + " to make";
  if (summary.nothing_to_do()) {
    words << "nothing to do";
  } else {
    QString time = "about " + to_qt(duration_text(summary.seconds));
    if (summary.artefacts_of_unknown_time == 1) time += " and one artefact of unknown time";
    if (summary.artefacts_of_unknown_time > 1)
      time += " and " + number(summary.artefacts_of_unknown_time) + " artefacts of unknown time";
    words << time
          << to_qt(lab::size_text(summary.disk.needed())) + " of disk" +
                 (summary.disk.fits() ? "" : ", which is not free");
  }
  return words.join(" · ");
}

CellTable::CellTable(QObject* parent) : MemoryTable(parent), columns_({{"state", "State"}}) {}

void CellTable::show(const PlanSummary& summary) {
  begin_replacing();
  cells_ = summary.list;
  columns_ = {{"state", "State"}};
  for (const std::string& axis : summary.axes) columns_.push_back({"label." + axis, shown(axis)});
  columns_.push_back({"runs", "Runs", true});
  columns_.push_back({"to_do", "To do", true, true, "runs that a launch would make or continue"});
  columns_.push_back(
      {"time", "Time", true, true, "estimated, of all runs of the cell in sequence"});
  columns_.push_back({"note", "Note", false, true, "why a result is missing or cannot be used"});
  rows_replaced();
}

report::FieldValue CellTable::value(size_t row, const std::string& field) const {
  const lab::PlannedCell& cell = cells_[row];
  if (field == "state") return of_text(state_of(cell));
  if (field == "runs") return of_count(cell.runs);
  if (field == "to_do") return of_count(cell.to_do());
  if (field == "note") return of_notes(cell.notes);
  if (field == "time") {
    if (cell.seconds <= 0) return {};
    return {true, std::to_string(static_cast<int64_t>(cell.seconds)), cell.seconds};
  }
  const auto label = cell.labels.find(field.substr(std::string("label.").size()));
  return label == cell.labels.end() ? report::FieldValue() : of_label(label->second);
}

QVariant CellTable::show(size_t row, int column, int role) const {
  const std::string& field = columns_[static_cast<size_t>(column)].field;
  if (role == kIdRole) return to_qt(cells_[row].name);
  if (role == kLookRole && field == "state") return static_cast<int>(look_of(cells_[row]));
  if (role == Qt::DisplayRole && field == "time")
    return cells_[row].seconds <= 0 ? QVariant() : to_qt(duration_text(cells_[row].seconds));
  return MemoryTable::show(row, column, role);
}

PlanPreview::PlanPreview(LabModel& lab, const SpecFacts& facts, QObject* parent)
    : QObject(parent), lab_(lab), facts_(facts) {
  pause_.setSingleShot(true);
  connect(&pause_, &QTimer::timeout, this, &PlanPreview::start);
  connect(&facts_, &SpecFacts::changed, this, &PlanPreview::again);
  connect(&lab_, &LabModel::opened, this, &PlanPreview::again);
  connect(&lab_, &LabModel::index_changed, this, &PlanPreview::look_again);
}

double PlanPreview::seconds_working() const {
  return working_ && since_.isValid() ? static_cast<double>(since_.elapsed()) / 1000 : 0;
}

void PlanPreview::show(const QString& text, const QString& path) {
  if (text == text_ && path == path_) return;
  text_ = text;
  path_ = path;
  again();
}

void PlanPreview::again() {
  lane_.cancel(ticket_);
  if (text_.trimmed().isEmpty()) {
    pause_.stop();
    working_ = false;
    take({});
    return;
  }
  if (!working_) since_.start();
  working_ = true;
  has_news_ = false;
  pause_.start(kPauseMilliseconds);
  Q_EMIT changed();
}

// Runs that end do not stop a plan that is being made, because a grid ends many of them.
void PlanPreview::look_again() {
  if (text_.trimmed().isEmpty()) return;
  if (working_) {
    has_news_ = true;
  } else if (!pause_.isActive()) {
    pause_.start(kNewsMilliseconds);
  }
}

void PlanPreview::start() {
  if (!facts_.is_read()) return;  // it calls again()
  lab::SessionOptions options;
  options.lab = lab_.is_open() ? lab_.folder() : lab_.missing();
  options.plugin_dirs = lab_.plugin_dirs;
  options.spec = to_std(path_);
  options.buffers = {{options.spec, to_std(text_)}};
  options.only_known = true;
  wait_.clear();
  options.on_wait = [this](const std::string& sentence) {
    QMetaObject::invokeMethod(
        this,
        [this, sentence] {
          wait_ = shown(sentence);
          Q_EMIT changed();
        },
        Qt::QueuedConnection);
  };
  lane_.ask(
      ticket_,
      [options, facts = facts_.now()](const Lane::Cancelled& cancelled) {
        const CancelScope scope(cancelled);
        return plan(options, *facts);
      },
      [this](Answer answer) { take(std::move(answer)); },
      [this](const QString& text) {
        Answer answer;
        answer.problem = to_std(text);
        take(std::move(answer));
      });
}

PlanPreview::Answer PlanPreview::plan(const lab::SessionOptions& options, const Facts& facts) {
  Answer answer;
  try {
    const lab::Session session(options, facts.records);
    answer.summary = summary_of(session.experiment(), session.plan());
  } catch (const Error& error) {
    answer.problem = error.what();
  }
  return answer;
}

void PlanPreview::take(Answer answer) {
  working_ = false;
  wait_.clear();
  state_ = answer.summary           ? State::kPlanned
           : answer.problem.empty() ? State::kEmpty
                                    : State::kRefused;
  summary_ = answer.summary ? std::move(*answer.summary) : PlanSummary();
  problem_ = to_qt(answer.problem);
  cells_.show(summary_);
  if (has_news_) pause_.start(kNewsMilliseconds);
  has_news_ = false;
  Q_EMIT changed();
}

}  // namespace lea::gui
