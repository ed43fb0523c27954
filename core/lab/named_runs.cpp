#include "core/lab/named_runs.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/run/header.h"

namespace lea::lab {
namespace {

constexpr size_t kCellsNamed = 3;

}  // namespace

std::string named_runs(const spec::Experiment& experiment, const Plan& plan,
                       const std::vector<size_t>& tasks) {
  std::vector<std::string> cells;
  for (const size_t task : tasks) {
    const spec::PlannedRun& run = experiment.runs[plan.tasks[task].index];
    const std::string cell = run::cell_name(experiment.axes, run.labels);
    if (!cell.empty() && std::find(cells.begin(), cells.end(), cell) == cells.end())
      cells.push_back(cell);
  }
  const std::string text = counted(std::ssize(tasks), "run");
  if (cells.empty()) return text;
  const size_t more = cells.size() - std::min(cells.size(), kCellsNamed);
  cells.resize(cells.size() - more);
  if (more > 0) cells.push_back(std::to_string(more) + " more");
  return text + " (" + joined(cells) + ")";
}

}  // namespace lea::lab
