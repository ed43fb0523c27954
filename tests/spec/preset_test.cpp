// The specs that ship, against the plugins that ship (the catalogue below repeats only their names
// and types).
#include <gmock/gmock.h>

#include <sstream>

#include "core/base/files.h"
#include "tests/spec/cuts.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

ParamInfo any(const char* name, ParamValue value) {
  const ParamType types[] = {ParamType::kBool, ParamType::kInteger, ParamType::kReal,
                             ParamType::kText};
  return {name, types[value.index()], value, {}, {}, "as the plugin says"};
}

PluginInfo plugin(const char* kind, const char* id, std::vector<ParamInfo> params,
                  std::vector<std::string> uses = {}) {
  PluginInfo info;
  info.kind = kind;
  info.id = id;
  info.params = std::move(params);
  info.uses = std::move(uses);
  return info;
}

PluginCatalogue shipped() {
  const std::string text;
  const std::vector<ParamInfo> gru = {any("width", int64_t{64}), any("dropout", 0.0)};
  std::vector<ParamInfo> sasrec = gru;
  sasrec.push_back(any("blocks", int64_t{1}));
  sasrec.push_back(any("heads", int64_t{1}));
  const std::vector<ParamInfo> q = {any("gamma", 0.5),
                                    any("td_factor", 0.5),
                                    any("target", text),
                                    any("target_dropout", true),
                                    any("zero_at_end", text),
                                    any("same_start", false),
                                    any("supervised_head", text),
                                    any("evaluated", text)};
  std::vector<ParamInfo> sac = q;
  sac.push_back(any("warm_up_steps", int64_t{15000}));
  std::vector<ParamInfo> sa2c = sac;
  for (const char* name : {"second_learning_rate", "clip_min", "clip_max", "smooth"}) {
    sa2c.push_back(any(name, 0.0));
  }
  sa2c.push_back(any("clip", true));
  sa2c.push_back(any("advantage_over", text));
  const std::vector<std::string> rl = {"backbone", "reward",    "state",
                                       "augment",  "negatives", "train"};
  const std::vector<ParamInfo> reward = {any("logged", 1.0), any("sampled", 0.0),
                                         any("proposed", 1.0), any("behaviours", text)};
  return PluginCatalogue(
      {plugin("backbone", "lea.gru4rec", gru), plugin("backbone", "lea.sasrec", sasrec),
       plugin("framework", "lea.supervised", {}, {"backbone", "augment", "train"}),
       plugin("framework", "lea.sqn", q, rl), plugin("framework", "lea.snqn", q, rl),
       plugin("framework", "lea.sac", sac, rl), plugin("framework", "lea.sa2c", sa2c, rl),
       plugin("framework", "lea.popularity", {}), plugin("framework", "lea.markov", {}),
       plugin("framework", "lea.item_knn", {}), plugin("framework", "lea.vsknn", {}),
       plugin("environment", "lea.predefined", reward)});
}

class Preset : public SpecTest {
 protected:
  static std::string shipped_path(const std::string& name) {
    return std::string(LEA_SOURCE_DIR) + "/experiments/" + name;
  }
  RunSpec run_of(const std::string& preset, const std::string& backbone,
                 const std::string& framework) {
    write("spec.yaml", "extends: " + shipped_path("presets/" + preset) +
                           "\ndata: {name: small}\nbackbone: " + backbone +
                           "\nframework: " + framework + "\nseeds: [1]\n");
    return load_experiment(path("spec.yaml"), {}, shipped()).runs.at(0).run;
  }
};

TEST_F(Preset, AnchorHasTheSettingsOfItsTable) {
  for (const char* backbone : {"gru4rec", "sasrec"}) {
    const RunSpec run = run_of("anchor.yaml", backbone, "snqn");
    EXPECT_EQ(run.data.history, 10);
    EXPECT_EQ(run.train.learning_rate, 0.005);
    EXPECT_EQ(run.train.batch_size, 100);
    EXPECT_EQ(run.train.sampling, "replay");
    EXPECT_EQ(run.train.validate_every, 500) << "updates: every 1,000 steps of twins";
    EXPECT_EQ(run.train.patience, 3);
    EXPECT_EQ(run.train.max_steps, 15000);
    EXPECT_EQ(run.train.stop_on, "ndcg@20");
    EXPECT_EQ(run.backbone.params["dropout"], 0.5);
    EXPECT_EQ(run.negatives.count, 1);
    EXPECT_EQ(run.negatives.from, "uniform");
    EXPECT_EQ(run.framework.params["gamma"], 0.5);
    EXPECT_EQ(run.framework.params["td_factor"], 0.5);
    EXPECT_EQ(run.reward.id, "lea.predefined");
    EXPECT_EQ(run.evaluate.ties, "pessimistic");
    EXPECT_TRUE(run.evaluate.first_event);
    EXPECT_FALSE(run.evaluate.remove_seen);
  }
  EXPECT_EQ(run_of("anchor.yaml", "gru4rec", "supervised").train.patience, 4);
  const RunSpec sa2c = run_of("anchor.yaml", "sasrec", "sa2c");
  EXPECT_EQ(sa2c.framework.params["warm_up_steps"], 6000);
  EXPECT_EQ(sa2c.framework.params["second_learning_rate"], 0.001);
  EXPECT_EQ(sa2c.framework.params["clip_max"], 10.0);
}

TEST_F(Preset, ReferenceHasThePublishedCodesConstants) {
  const RunSpec run = run_of("reference.yaml", "sasrec", "sa2c");
  EXPECT_EQ(run.train.batch_size, 256);
  EXPECT_EQ(run.train.learning_rate, 0.005);
  EXPECT_EQ(run.negatives.count, 10);
  EXPECT_EQ(run.framework.params["warm_up_steps"], 15000);
  EXPECT_EQ(run.framework.params["target_dropout"], true);
  EXPECT_EQ(run.evaluate.k, (std::vector<int64_t>{5, 10, 15, 20}));
  EXPECT_EQ(run_of("reference.yaml", "gru4rec", "sqn").train.learning_rate, 0.01);
}

TEST_F(Preset, PaperStatesOnlyWhereItDiffersFromTheReference) {
  const RunSpec run = run_of("paper.yaml", "gru4rec", "snqn");
  EXPECT_EQ(run.train.batch_size, 100);
  EXPECT_EQ(run.train.learning_rate, 0.001);
  EXPECT_EQ(run.negatives.count, 1);
  EXPECT_EQ(run.framework.params["td_factor"], 1.0);
  EXPECT_EQ(run.framework.params["gamma"], 0.5) << "from the reference";
  EXPECT_EQ(run.reward.params["behaviours"], "");
  EXPECT_EQ(run_of("paper.yaml", "gru4rec", "sqn").train.learning_rate, 0.001)
      << "the reference's rule for sqn gives way to what the paper states";
}

// The updates of the evaluated network that a run may make: a coin of the twin frameworks picks one
// of two networks in each step.
double updates_of(const RunSpec& run) {
  const bool twin = run.framework.id != "lea.supervised";
  return static_cast<double>(run.train.max_steps) / (twin ? 2 : 1);
}

TEST_F(Preset, AllowEachFrameworkAsManyUpdates) {
  for (const char* preset : {"reference.yaml", "paper.yaml", "anchor_matched.yaml"}) {
    const double wanted = updates_of(run_of(preset, "gru4rec", "supervised"));
    for (const char* framework : {"sqn", "snqn", "sac", "sa2c"})
      EXPECT_EQ(updates_of(run_of(preset, "gru4rec", framework)), wanted) << preset << framework;
  }
  EXPECT_EQ(run_of("anchor.yaml", "gru4rec", "supervised").train.max_steps, 15000)
      << "the packed studies extend it";
}

TEST_F(Preset, TheReadmesFirstSpecAllowsEachTrainedRowAsManyUpdates) {
  const std::string readme = read_file(std::string(LEA_SOURCE_DIR) + "/README.md");
  const std::string begin = "<<'YAML'\n";
  const size_t from = readme.find(begin) + begin.size();
  std::string spec, line;
  std::istringstream lines(readme.substr(from, readme.find("    YAML\n", from) - from));
  while (std::getline(lines, line)) spec += line.substr(4) + "\n";
  const Experiment experiment = load_experiment(write("mine.yaml", spec), {}, shipped());
  EXPECT_EQ(experiment.runs.size(), 19u);
  size_t trained = 0;
  for (const PlannedRun& planned : experiment.runs) {
    if (!planned.run.reads_train) continue;
    ++trained;
    EXPECT_EQ(updates_of(planned.run), 2500) << planned.run.framework.id;
  }
  EXPECT_EQ(trained, 18u);
}

TEST_F(Preset, OfTrainingFreeFrameworksNeedsOnlyADataSet) {
  const Experiment experiment =
      load_experiment(shipped_path("presets/training_free.yaml"), {"data.name=toy"}, shipped());
  ASSERT_EQ(experiment.runs.size(), 4u);
  for (const PlannedRun& planned : experiment.runs) EXPECT_FALSE(planned.run.reads_train);
}

// The copies lie as in a checkout, with a split file beside it. Reading a spec needs no data set.
TEST_F(Preset, NoStudyIsEverCutUnseen) {
  std::filesystem::create_directories(path("main/experiments"));
  std::filesystem::copy(shipped_path("presets"), path("main/experiments/presets"),
                        std::filesystem::copy_options::recursive);
  write("shared/data/industry/split.tsv", "user_id\tpart\n");
  for (const std::string study :
       {"demo", "industry_baselines", "industry_controls", "industry_settings", "industry_tuned"}) {
    SCOPED_TRACE(study);
    const std::string file = study + ".yaml";
    expect_every_cut_is_seen(read_file(shipped_path(file)), 0, [&](const std::string& text) {
      return load_experiment(write("main/experiments/" + file, text), {}, shipped());
    });
  }
}

TEST_F(Preset, TheDemoHasSixteenRuns) {
  EXPECT_EQ(load_experiment(shipped_path("demo.yaml"), {}, shipped()).runs.size(), 16u);
}

TEST_F(Preset, TheIndustryBaselinesHaveTwentyTwoRuns) {
  const std::string split = std::string(LEA_SOURCE_DIR) + "/../shared/data/industry/split.tsv";
  if (!std::filesystem::exists(split)) GTEST_SKIP() << "needs ../shared/data/industry";
  EXPECT_EQ(load_experiment(shipped_path("industry_baselines.yaml"), {}, shipped()).runs.size(),
            22u);
}

}  // namespace
}  // namespace lea::spec
