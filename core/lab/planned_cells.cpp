#include "core/lab/planned_cells.h"

#include <algorithm>

#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "core/run/header.h"

namespace lea::lab {
namespace {

std::string part_of(size_t some, size_t all) {
  return std::to_string(some) + " of " + std::to_string(all);
}

// The artefacts of one name.
struct Sort {
  std::string name;
  size_t done = 0, running = 0, to_make = 0, users = 0;
  size_t estimated = 0;  // of those running or to make
  int64_t bytes = 0;     // of those that are done
  // Of those to make, as far as they are known.
  double seconds = 0;
  int64_t disk = 0, memory = 0;  // in all, and of the one that needs most
  std::set<std::string> notes;
};

std::vector<Sort> sorts_of(const Plan& plan) {
  std::vector<Sort> sorts;
  for (const PlannedArtefact& artefact : plan.artefacts) {
    const std::string name = artefact.needed.name();
    auto sort = std::find_if(sorts.begin(), sorts.end(),
                             [&](const Sort& other) { return other.name == name; });
    if (sort == sorts.end()) sort = sorts.insert(sorts.end(), Sort());
    sort->name = name;
    ++(artefact.done ? sort->done : artefact.running ? sort->running : sort->to_make);
    sort->users += artefact.users;
    if (artefact.making) sort->bytes += artefact.making->bytes();
    sort->seconds += artefact.seconds.value_or(0);
    sort->estimated += artefact.seconds.has_value();
    sort->disk += artefact.bytes;
    sort->memory = std::max(sort->memory, artefact.memory);
    if (!artefact.note.empty()) sort->notes.insert(printable(artefact.note));
  }
  return sorts;
}

std::string line_of(const Sort& sort) {
  std::string text = "artefact " + printable(sort.name) + ":";
  if (sort.done > 0)
    text += " " + std::to_string(sort.done) + " done (" + size_text(sort.bytes) + "),";
  if (sort.running > 0) text += " " + std::to_string(sort.running) + " running,";
  if (sort.to_make > 0) text += " " + std::to_string(sort.to_make) + " to make,";
  text += " for " + counted(sort.users, "run");
  std::vector<std::string> takes;
  const size_t left = sort.running + sort.to_make;
  if (sort.seconds > 0) {
    takes.push_back(duration_text(sort.seconds));
    if (sort.estimated < left) takes.back() += " (" + part_of(sort.estimated, left) + " estimated)";
  }
  if (sort.disk > 0) takes.push_back(size_text(sort.disk) + " of disk");
  if (sort.memory > 0) takes.push_back(size_text(sort.memory) + " of memory");
  return takes.empty() ? text : text + ", about " + joined(takes);
}

}  // namespace

size_t PlannedCell::to_do() const {
  size_t runs_to_do = 0;
  for (const auto& [status, count] : counts) runs_to_do += needs_work(status) ? count : 0;
  return runs_to_do;
}

std::vector<PlannedCell> planned_cells(const spec::Experiment& experiment, const Plan& plan) {
  std::vector<PlannedCell> cells;
  std::map<std::string, size_t> index;
  for (const PlannedTask& task : plan.tasks) {
    const spec::PlannedRun& run = experiment.runs[task.index];
    const std::string name = run::cell_name(experiment.axes, run.labels);
    const auto [found, added] = index.emplace(name, cells.size());
    if (added) {
      cells.emplace_back();
      cells.back().name = name;
      cells.back().labels = run.labels;
    }
    PlannedCell& cell = cells[found->second];
    ++cell.runs;
    ++cell.counts[task.status];
    cell.seconds += task.seconds;
    if (!task.note.empty() && task.status != TaskStatus::kStale)
      cell.notes.insert(printable(task.note));
  }
  return cells;
}

std::string counts_text(const PlannedCell& cell) {
  std::vector<std::string> words;
  for (const auto& [status, count] : cell.counts)
    words.push_back(std::to_string(count) + " " + to_string(status));
  if (cell.seconds > 0) words.push_back("about " + duration_text(cell.seconds));
  return joined(words);
}

std::vector<std::string> artefact_lines(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Sort& sort : sorts_of(plan)) {
    lines.push_back(line_of(sort));
    for (const std::string& note : sort.notes) lines.push_back("    " + note);
  }
  return lines;
}

std::vector<std::string> disk_lines(const Plan& plan) {
  const size_t runs = plan.to_do();
  if (runs == 0) return {};
  const PlannedDisk& disk = plan.disk;
  std::string text = "disk: about " + size_text(disk.kept) + " for the results";
  if (disk.artefacts > 0) text += ", " + size_text(disk.artefacts) + " for artefacts";
  if (disk.working > 0)
    text += ", and " + size_text(disk.working) + " for checkpoints while the runs train";
  if (disk.free >= 0) text += "; " + size_text(disk.free) + " are free";
  std::vector<std::string> lines = {text + " (" + std::to_string(disk.measured) + " of " +
                                    counted(runs, "run") + " measured on earlier ones)"};
  if (!disk.fits()) {
    lines.push_back("warning: the disk lacks about " + size_text(disk.needed() - disk.free) +
                    " for this work. Free some, or choose a lab on another disk with --lab DIR.");
  }
  return lines;
}

std::string time_text(const Plan& plan) {
  if (plan.to_do() == 0) return "nothing to do";
  return "about " + duration_text(plan.seconds) + " with " + counted(plan.jobs, "worker") + " (" +
         plan.basis + ")";
}

}  // namespace lea::lab
