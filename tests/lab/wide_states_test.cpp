// Which planned runs join a wide state as it is.
#include "core/lab/wide_states.h"

#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

// A plan with one run for each width of a backbone; 0: it has no parameter `width`. All join the
// states of the second artefact as they are. The first one holds no states.
struct Planned {
  Planned(const std::vector<int64_t>& backbones, int64_t state_width)
      : experiment(experiment_of(std::vector<std::string>(backbones.size(), "train"))) {
    plan.artefacts.resize(2);
    plan.artefacts[1].state_width = state_width;
    for (size_t i = 0; i < backbones.size(); ++i) {
      spec::PlannedRun& run = experiment.runs[i];
      run.labels = {{"behaviour", "run " + std::to_string(i)}};
      run.run.backbone.id = "my.backbone";
      if (backbones[i] > 0) run.run.backbone.params = {{"width", backbones[i]}};
      PlannedTask task;
      task.index = i;
      task.needs = task.raw_states = {0, 1};
      plan.tasks.push_back(task);
    }
  }
  spec::Experiment experiment;
  Plan plan;
};

TEST(WideStates, AreNamedOnceForEachPairOfWidths) {
  const Planned planned({64, 256, 64, 0, 32}, 576);
  const auto states = wide_states(planned.experiment, planned.plan);
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].backbone_width, 32);
  EXPECT_EQ(states[0].tasks, (std::vector<size_t>{4}));
  EXPECT_EQ(states[1].state_width, 576);
  EXPECT_EQ(states[1].backbone_width, 64);
  EXPECT_EQ(states[1].tasks, (std::vector<size_t>{0, 2}));
  const auto lines = wide_state_lines(planned.experiment, planned.plan);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1],
            "in 2 runs (run 0, run 2) the environment's state of width 576 is joined as it is to a "
            "hidden state of width 64, so most of what the Q-head reads, and its scale, are the "
            "environment's. `state: {of: NAME, project: 64}` projects it first.");
}

TEST(WideStates, AreNotThoseThatAreProjectedOrUnknown) {
  Planned planned({64}, 576);
  planned.plan.tasks[0].raw_states = {0};
  EXPECT_TRUE(wide_states(planned.experiment, planned.plan).empty()) << "it holds no states";
  planned.plan.tasks[0].raw_states = {};
  EXPECT_TRUE(wide_states(planned.experiment, planned.plan).empty()) << "it is projected";
  EXPECT_TRUE(wide_state_lines(planned.experiment, planned.plan).empty());
}

TEST(WideStates, StandInThePlansJson) {
  const Planned planned({64}, 576);
  const nlohmann::json document = to_json(planned.plan, planned.experiment);
  EXPECT_EQ(document.at("wide_states"),
            nlohmann::json::parse(R"([{"state_width": 576, "backbone_width": 64, "tasks": [0]}])"));
  EXPECT_TRUE(document.at("artefacts")[0].at("state_width").is_null());
  EXPECT_EQ(document.at("artefacts")[1].at("state_width"), 576);
  EXPECT_EQ(to_json(Planned({64}, 64).plan, planned.experiment).at("wide_states"),
            nlohmann::json::array());
}

}  // namespace
}  // namespace lea::lab
