// How a plan reports artefacts that cannot be made.
#include "core/lab/artefact_refusals.h"

#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

// A plan with one run for each label. Run i needs artefact i.
Plan plan_of(const spec::Experiment& experiment, const std::vector<std::string>& kinds) {
  Plan plan;
  for (size_t i = 0; i < experiment.runs.size(); ++i) {
    PlannedTask task;
    task.index = i;
    task.needs = {i};
    plan.tasks.push_back(task);
    PlannedArtefact artefact;
    artefact.needed.plugin_kind = "environment";
    artefact.needed.use.id = "lea.le";
    artefact.needed.artefact.kind = kinds[i];
    plan.artefacts.push_back(artefact);
  }
  return plan;
}

TEST(RefusedArtefacts, ShareALineWhenTheirReasonIsTheSame) {
  const auto experiment = experiment_of({"a", "b", "c", "d", "e", "f"});
  Plan plan =
      plan_of(experiment, {"adapter", "rewards", "adapter", "rewards", "rewards", "tokens"});
  EXPECT_NO_THROW(require_good_settings(experiment, plan));
  for (size_t i = 0; i < 5; ++i) plan.artefacts[i].refused = "no";
  plan.artefacts[5].refused = "never";
  EXPECT_THROW(require_good_settings(experiment, plan), ConfigError);
  EXPECT_EQ(message_of([&] { require_good_settings(experiment, plan); }),
            "adapter, rewards of lea.le, for 5 runs (a, b, c, 2 more): no\n"
            "tokens of lea.le, for 1 run (f): never");
}

TEST(Memory, IsComparedWithWhatEachArtefactThatIsMadeHereNeeds) {
  const auto experiment = experiment_of({"small", "large", "done", "elsewhere"});
  Plan plan = plan_of(experiment, {"tokens", "adapter", "adapter", "adapter"});
  plan.artefacts[0].memory = 1000;
  for (const size_t i : {1, 2, 3}) plan.artefacts[i].memory = 14'000'000'000;
  plan.artefacts[2].done = true;
  plan.artefacts[3].running = true;
  compare_memory(2'000'000'000, &plan);
  EXPECT_EQ(plan.memory.needed, 14'000'000'000);
  EXPECT_EQ(plan.memory.available, 2'000'000'000);
  const std::vector<std::string> problems = {
      "adapter of lea.le, for 1 run (large): the making needs about 14 GB of memory, but 2.0 GB "
      "are "
      "available on this machine"};
  EXPECT_EQ(memory_problems(experiment, plan), problems);
  try {
    require_memory(experiment, plan);
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kEnvironment);
    EXPECT_EQ(
        error.what(),
        problems[0] +
            "\nNothing was made. Free some memory, name a smaller model, or do the tasks that "
            "`lealab tasks` lists on another machine.");
  }
}

TEST(Memory, IsNoProblemWhereItSufficesOrIsUnknown) {
  const auto experiment = experiment_of({"a"});
  for (const uint64_t available : {uint64_t{1000}, UINT64_MAX}) {
    Plan plan = plan_of(experiment, {"tokens"});
    plan.artefacts[0].memory = 1000;
    compare_memory(available, &plan);
    EXPECT_NO_THROW(require_memory(experiment, plan));
  }
}

}  // namespace
}  // namespace lea::lab
