#include "core/lab/wide_states.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/lab/named_runs.h"
#include "core/spec/wide_state.h"

namespace lea::lab {

std::vector<WideState> wide_states(const spec::Experiment& experiment, const Plan& plan) {
  std::map<std::pair<int64_t, int64_t>, std::vector<size_t>> tasks;  // by the two widths
  for (size_t i = 0; i < plan.tasks.size(); ++i) {
    const PlannedTask& task = plan.tasks[i];
    int64_t width = 0;
    for (const size_t artefact : task.raw_states)
      width = std::max(width, plan.artefacts[artefact].state_width);
    const auto hidden = spec::hidden_width(experiment.runs[task.index].run.backbone);
    if (hidden && spec::is_wide_state(width, *hidden)) tasks[{width, *hidden}].push_back(i);
  }
  std::vector<WideState> states;
  for (auto& [widths, of_widths] : tasks)
    states.push_back({widths.first, widths.second, std::move(of_widths)});
  return states;
}

std::vector<std::string> wide_state_lines(const spec::Experiment& experiment, const Plan& plan) {
  std::vector<std::string> lines;
  for (const WideState& state : wide_states(experiment, plan)) {
    lines.push_back("in " + named_runs(experiment, plan, state.tasks) + " " +
                    spec::wide_state_text(state.state_width, state.backbone_width));
  }
  return lines;
}

}  // namespace lea::lab
