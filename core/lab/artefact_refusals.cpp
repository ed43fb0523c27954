#include "core/lab/artefact_refusals.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "core/lab/named_runs.h"

namespace lea::lab {
namespace {

// Artefacts of one plugin with the same problem.
struct Problem {
  std::string plugin_kind, id, reason;
  std::vector<std::string> kinds;
  std::set<size_t> artefacts;  // their indices
};

void add_problem(const PlannedArtefact& artefact, size_t index, const std::string& reason,
                 std::vector<Problem>* problems) {
  const spec::NeededArtefact& needed = artefact.needed;
  auto found = std::find_if(problems->begin(), problems->end(), [&](const Problem& other) {
    return other.plugin_kind == needed.plugin_kind && other.id == needed.use.id &&
           other.reason == reason;
  });
  if (found == problems->end())
    found = problems->insert(problems->end(),
                             Problem{needed.plugin_kind, needed.use.id, reason, {}, {}});
  const std::string& kind = needed.artefact.kind;
  if (std::find(found->kinds.begin(), found->kinds.end(), kind) == found->kinds.end())
    found->kinds.push_back(kind);
  found->artefacts.insert(index);
}

// The runs that need any of the artefacts.
std::string runs_of(const std::set<size_t>& artefacts, const spec::Experiment& experiment,
                    const Plan& plan) {
  std::vector<size_t> tasks;
  for (size_t i = 0; i < plan.tasks.size(); ++i) {
    const std::vector<size_t>& needs = plan.tasks[i].needs;
    if (std::any_of(needs.begin(), needs.end(),
                    [&](size_t need) { return artefacts.contains(need); }))
      tasks.push_back(i);
  }
  return named_runs(experiment, plan, tasks);
}

// A line for each problem that `reason` states of artefacts.
std::vector<std::string> problems_in(const spec::Experiment& experiment, const Plan& plan,
                                     std::string PlannedArtefact::*reason) {
  std::vector<Problem> problems;
  for (size_t i = 0; i < plan.artefacts.size(); ++i) {
    const PlannedArtefact& artefact = plan.artefacts[i];
    if (!(artefact.*reason).empty()) add_problem(artefact, i, artefact.*reason, &problems);
  }
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    lines.push_back(printable(joined(problem.kinds)) + " of " + printable(problem.id) + ", for " +
                    runs_of(problem.artefacts, experiment, plan) + ": " +
                    printable(problem.reason));
  }
  return lines;
}

}  // namespace

void require_good_settings(const spec::Experiment& experiment, const Plan& plan) {
  const auto problems = problems_in(experiment, plan, &PlannedArtefact::refused);
  if (!problems.empty()) throw ConfigError(joined(problems, "\n"));
}

void compare_memory(uint64_t available, Plan* plan) {
  plan->memory.available = available == UINT64_MAX ? -1 : static_cast<int64_t>(available);
  for (PlannedArtefact& artefact : plan->artefacts) {
    // A process that makes an artefact already has its memory.
    if (artefact.done || artefact.running) {
      artefact.no_memory.clear();
      continue;
    }
    plan->memory.needed = std::max(plan->memory.needed, artefact.memory);
    if (plan->memory.available < 0 || artefact.memory <= plan->memory.available) continue;
    artefact.no_memory = "the making needs about " + size_text(artefact.memory) +
                         " of memory, but " + size_text(plan->memory.available) +
                         " are available on this machine";
  }
}

std::vector<std::string> memory_problems(const spec::Experiment& experiment, const Plan& plan) {
  return problems_in(experiment, plan, &PlannedArtefact::no_memory);
}

void require_memory(const spec::Experiment& experiment, const Plan& plan) {
  const std::vector<std::string> problems = memory_problems(experiment, plan);
  if (problems.empty()) return;
  throw Error(
      Exit::kEnvironment,
      joined(problems, "\n") +
          "\nNothing was made. Free some memory, name a smaller model, or do the tasks that "
          "`lealab tasks` lists on another machine.");
}

}  // namespace lea::lab
