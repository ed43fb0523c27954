#include "gui/model/task_table.h"

#include <algorithm>
#include <ctime>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "gui/model/look.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

report::FieldValue of_text(const std::string& text) { return {!text.empty(), text, std::nullopt}; }

report::FieldValue of_number(double number, int decimals) {
  return {true, to_std(QString::number(number, 'f', decimals)), number};
}

report::FieldValue of_label(const std::string& label) {
  report::FieldValue value = of_text(label);
  bool is_number = false;
  const double number = to_qt(label).toDouble(&is_number);
  if (is_number) value.number = number;
  return value;
}

// The share of the steps, or of the parts of a phase without steps.
double share(const run::Progress& progress) {
  if (progress.max_steps > 0)
    return static_cast<double>(progress.step) / static_cast<double>(progress.max_steps);
  if (progress.part_total > 0)
    return static_cast<double>(progress.part_done) / static_cast<double>(progress.part_total);
  return 0;
}

// The metrics that stop the runs, of which there is one in most grids.
std::vector<std::string> stop_metrics(const run::GridHeader& header) {
  std::vector<std::string> metrics;
  for (const run::GridTask& task : header.tasks) {
    if (!task.stop_on.empty() &&
        std::find(metrics.begin(), metrics.end(), task.stop_on) == metrics.end())
      metrics.push_back(task.stop_on);
  }
  return metrics;
}

}  // namespace

QString seconds_text(double seconds) {
  return seconds <= 0 ? QString() : to_qt(duration_text(seconds));
}

TaskTable::TaskTable(const GridModel& grid, QObject* parent) : MemoryTable(parent), grid_(grid) {
  connect(&grid, &GridModel::about_to_reset, this, &TaskTable::begin_replacing);
  connect(&grid, &GridModel::reset, this, &TaskTable::reset);
  connect(&grid, &GridModel::changed, this, &TaskTable::update);
  reset();
}

void TaskTable::reset() {
  tasks_.clear();
  columns_ = {{"status", "State"}};
  if (!grid_.empty()) {
    const run::GridHeader& header = grid_.header();
    tasks_ = grid_.artefacts();
    for (const GridModel::Cell& cell : grid_.cells())
      tasks_.insert(tasks_.end(), cell.tasks.begin(), cell.tasks.end());
    if (!grid_.artefacts().empty()) columns_.push_back({"artefact", "Artefact"});
    for (const std::string& axis : header.axes) columns_.push_back({"label." + axis, shown(axis)});
    columns_.push_back({"seed", "Seed", true});
    columns_.push_back({"progress", "Progress", true, true, "the share of the steps, in percent"});
    columns_.push_back({"left", "Left", true, true,
                        "the time until the run ends; at most, because training may stop early"});
    for (const std::string& metric : stop_metrics(header)) {
      columns_.push_back({"best." + metric, "Best " + shown(metric), true, true,
                          "the best validation of this attempt so far"});
      columns_.push_back({"last." + metric, "Last " + shown(metric), true, false});
    }
    columns_.push_back({"phase", "Phase", false, false});
    columns_.push_back({"pace", "Steps/s", true, false});
    columns_.push_back({"reason", "Why", false, true, "why it failed, or who works on it"});
    columns_.push_back({"uuid", "Run", false, false});
  }
  rows_replaced();
}

void TaskTable::update(const std::vector<size_t>& tasks) {
  std::vector<size_t> rows;
  for (size_t row = 0; row < tasks_.size(); ++row) {
    if (std::binary_search(tasks.begin(), tasks.end(), tasks_[row])) rows.push_back(row);
  }
  if (!rows.empty()) rows_changed(rows);
}

int TaskTable::row_of(size_t task) const {
  const auto found = std::find(tasks_.begin(), tasks_.end(), task);
  return found == tasks_.end() ? -1 : shown_row(static_cast<size_t>(found - tasks_.begin()));
}

report::FieldValue TaskTable::value(size_t row, const std::string& field) const {
  const size_t index = tasks_[row];
  const run::GridTask& planned = grid_.header().tasks[index];
  const lab::TaskProgress& task = grid_.task(index);
  const bool working = lab::is_at_work(task.state);
  if (field == "status") return of_text(lab::to_string(task.state));
  if (field == "artefact") return of_text(planned.artefact);
  if (field == "uuid") return of_text(task.run);
  if (field == "reason") return of_text(task.text);
  if (field == "seed" && planned.artefact.empty() && planned.seed != 0)
    return of_number(static_cast<double>(planned.seed), 0);
  if (field == "phase" && working) return of_text(task.progress.phase);
  if (field == "pace" && working && task.progress.steps_per_second > 0)
    return of_number(task.progress.steps_per_second, 1);
  if (field == "progress" && task.progress.max_steps + task.progress.part_total > 0)
    return of_number(100 * share(task.progress), 0);
  if (field == "left" && working)
    return of_number(grid_.progress().remaining(index, std::time(nullptr)), 0);
  if (field.starts_with("label.")) {
    const auto label = planned.labels.find(field.substr(6));
    return label == planned.labels.end() ? report::FieldValue() : of_label(label->second);
  }
  const bool best = field.starts_with("best.");
  if (best || field.starts_with("last.")) {
    const auto& metrics = best ? task.best : task.progress.valid;
    const auto metric = metrics.find(field.substr(5));
    if (metric != metrics.end()) return of_number(metric->second, 4);
  }
  return {};
}

QVariant TaskTable::show(size_t row, int column, int role) const {
  const std::string& field = columns_[static_cast<size_t>(column)].field;
  const lab::TaskProgress& task = grid_.task(tasks_[row]);
  if (role == kIdRole) return to_qt(grid_.header().tasks[tasks_[row]].hash);
  if (role == kLookRole && field == "status") return static_cast<int>(task.state);
  if (role == kShareRole && field == "progress" && lab::is_at_work(task.state))
    return share(task.progress);
  if (role == Qt::DisplayRole && field == "left") {
    const report::FieldValue seconds = value(row, field);
    return seconds.number ? seconds_text(*seconds.number) : QVariant();
  }
  if (role == Qt::DisplayRole && field == "progress") {
    const report::FieldValue percent = value(row, field);
    return percent.present ? to_qt(percent.text) + " %" : QVariant();
  }
  if (role == Qt::DisplayRole && field == "uuid") return to_qt(task.run.substr(0, 8));
  return MemoryTable::show(row, column, role);
}

FailureTable::FailureTable(const GridModel& grid, QObject* parent)
    : MemoryTable(parent),
      grid_(grid),
      columns_({{"runs", "Runs", true}, {"reason", "Reason"}, {"which", "Which"}}) {
  connect(&grid, &GridModel::reset, this, [this] { replace(grid_.failures()); });
  connect(&grid, &GridModel::changed, this, &FailureTable::update);
  update();
}

void FailureTable::update() {
  std::vector<GridModel::Failures> groups = grid_.failures();
  if (std::equal(
          groups.begin(), groups.end(), groups_.begin(), groups_.end(),
          [](const auto& a, const auto& b) { return a.reason == b.reason && a.tasks == b.tasks; }))
    return;
  replace(std::move(groups));
}

void FailureTable::replace(std::vector<GridModel::Failures> groups) {
  begin_replacing();
  groups_ = std::move(groups);
  rows_replaced();
}

report::FieldValue FailureTable::value(size_t row, const std::string& field) const {
  const GridModel::Failures& group = groups_[row];
  if (field == "runs") return of_number(static_cast<double>(group.tasks.size()), 0);
  if (field == "reason") return of_text(group.reason);
  std::vector<std::string> names;
  for (const size_t task : group.tasks) names.push_back(grid_.header().name(task));
  return of_text(joined(names));
}

QVariant FailureTable::show(size_t row, int column, int role) const {
  if (role == kLookRole && column == 0) return static_cast<int>(Look::kFailed);
  return MemoryTable::show(row, column, role);
}

}  // namespace lea::gui
