// The specs that ship and use the language model: which parts are on in each of their rows (section 9
// of the paper), and what their language-model environments differ in.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/files.h"
#include "core/spec/needed_artefacts.h"
#include "plugins/le/settings.h"
#include "tests/spec/cuts.h"
#include "tests/spec/shipped.h"

namespace lea::spec {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

ParamInfo choice(const char* name, const char* value, std::vector<std::string> choices) {
  return {name, ParamType::kChoice, std::string(value), {}, std::move(choices), "a choice"};
}

PluginCatalogue with_language() {
  std::vector<PluginInfo> plugins = shipped().all();
  std::erase_if(plugins, [](const PluginInfo& info) { return info.id == "lea.shuffled"; });
  PluginInfo le = plugin("environment", "lea.le", describe_params<le::Settings>());
  le.gives_state = le.needs_pool = true;
  le.artefacts = {{"adapter", "", {}, {"texts", "training"}, "", 1},
                  {"states", "adapter", {}, {"history"}, "state augment.select=state_token", 1},
                  {"rewards", "adapter", {}, {"history", "pool"}, "reward", 1},
                  {"choices", "adapter", {}, {"history"}, "augment.select=labels", 1}};
  plugins.push_back(le);
  plugins.push_back(wrapper("lea.shuffled",
                            {choice("scope", "pairs", {"pairs", "pooled"}), any("states", false)}));
  plugins.push_back(wrapper("lea.standardised",
                            {choice("rewards", "standardise", {"standardise", "centre", "keep"})}));
  plugins.push_back(
      plugin("augmenter", "lea.le",
             {{"of", ParamType::kEnvironment, std::string(), {}, {}, "what chooses", true},
              choice("select", "labels", {"labels", "reward", "state_token"}),
              choice("list", "ranked", {"ranked", "shuffled"})}));
  return PluginCatalogue(std::move(plugins));
}

class LanguageVariants : public SpecTest {
 protected:
  void SetUp() override {
    setenv("XDG_CACHE_HOME", path("cache").c_str(), 1);
    for (const std::string model : {"smollm2-135m", "mistral-7b", "llama-2-7b"}) {
      const std::string folder = "main/lab/models/" + model;
      write(folder + "/config.json", "{}");
      write(folder + "/tokenizer.json", "{}");
      write(folder + "/model.safetensors", model);
    }
    std::filesystem::create_directories(path("main/experiments"));
    std::filesystem::copy(shipped_path("presets"), path("main/experiments/presets"),
                          std::filesystem::copy_options::recursive);
    write("shared/data/industry/split.tsv", "user_id\tpart\n");
  }

  Experiment load_text(const std::string& name, const std::string& text) {
    return load_experiment(write("main/experiments/" + name, text), {}, with_language(),
                           path("main/lab/models"));
  }
  Experiment load_shipped(const std::string& name) {
    return load_text(name, read_file(shipped_path(name)));
  }

  // An environment with what it differs in: "le", "shuffled(le) scope pooled", "le items titles".
  static std::string described(const std::string& id, const json& params) {
    std::string text = last({id, params});
    if (params.contains("of"))
      text += "(" + described(params["of"]["id"], params["of"]["params"]) + ")";
    static const std::map<std::string, json> usual = {
        {"items", "tokens"},    {"texts", "own"},
        {"weights", "trained"}, {"token_start", "closed_form"},
        {"steps", 150},         {"epochs", 10},
        {"portion", 0.1},       {"state_weight", 1.0},
        {"order", "hoisted"},   {"scope", "pairs"},
        {"states", false},      {"rewards", "standardise"},
        {"list", "ranked"},     {"select", "none"}};
    for (const auto& [name, value] : usual) {
      if (!params.contains(name) || params[name] == value) continue;
      text += " " + name + " " +
              (params[name].is_string() ? params[name].get<std::string>() : params[name].dump());
    }
    if (!params.contains("model")) return text;
    const std::string model =
        std::filesystem::path(std::string(params["model"]["path"])).filename();
    return model == "smollm2-135m" ? text : text + " of " + model;
  }
  static std::string described(const PluginUse& use) {
    return use.none() ? "-" : described(use.id, use.params);
  }

  // "LEASR: sa2c, reward le, state le joined 64, augment le(le) select reward 0.1 0.01".
  static std::string row_of(const PlannedRun& planned) {
    const RunSpec& run = planned.run;
    std::string row = planned.labels.at("variant") + ": " + last(run.framework) + ", reward " +
                      described(run.reward) + ", state " + described(run.state);
    if (!run.state.none()) {
      const int64_t width = run.state_use.project;
      row += run.state_use.combine == "replace" ? " alone " : " joined ";
      row += width == 0 ? "raw" : std::to_string(width);
    }
    row += ", augment " + described(run.augment);
    if (run.augment.none()) return row;
    return row + " " + json(run.augment_use.supervised_weight).dump() + " " +
           json(run.augment_use.q_weight).dump();
  }
  // The rows of the first seed, of one framework or of all.
  static std::vector<std::string> rows_of(const Experiment& experiment,
                                          const std::string& framework = "") {
    std::vector<std::string> rows;
    for (const PlannedRun& planned : experiment.runs) {
      if (planned.run.seed > 1) continue;
      if (!framework.empty() && planned.labels.at("framework") != framework) continue;
      rows.push_back(row_of(planned));
    }
    return rows;
  }
};

TEST_F(LanguageVariants, AreTheRowsOfTheTablesOfThePaper) {
  const std::string none = ", augment -", chosen = ", augment le(le) select reward 0.1 0.01";
  const std::string one = ", reward predefined", rm = ", reward le";
  const std::string h = ", state -", joined = ", state le joined 64", alone = ", state le alone 64";
  const Experiment experiment = load_shipped("variants/language.yaml");
  EXPECT_THAT(
      rows_of(experiment),
      ElementsAre(
          "Normal: supervised, reward -, state -, augment -", "SNQN: snqn" + one + h + none,
          "SNQN LER: snqn" + rm + h + none, "SNQN LES: snqn" + one + joined + none,
          "SNQN LEA: snqn" + one + h + chosen, "SNQN LEAR: snqn" + rm + h + chosen,
          "SNQN LEAS: snqn" + one + joined + chosen, "SNQN LEASR: snqn" + rm + joined + chosen,
          "SA2C: sa2c" + one + h + none, "SA2C LER: sa2c" + rm + h + none,
          "SA2C LES: sa2c" + one + joined + none, "SA2C LES': sa2c" + one + alone + none,
          "SA2C LEA: sa2c" + one + h + chosen, "SA2C LEAR: sa2c" + rm + h + chosen,
          "SA2C LEAS: sa2c" + one + joined + chosen, "SA2C LEAS': sa2c" + one + alone + chosen,
          "SA2C LEASR: sa2c" + rm + joined + chosen, "SA2C LEAS'R: sa2c" + rm + alone + chosen));
  for (const PlannedRun& planned : experiment.runs) {
    EXPECT_EQ(planned.run.train.learning_rate, 0.002) << "stated for Industry";
    EXPECT_EQ(planned.run.train.validate_every, 500) << "stated for Industry";
    if (!planned.run.reads_negatives) continue;
    EXPECT_EQ(planned.run.negatives.pool, 2) << "the rows differ in nothing that is sampled";
  }
}

TEST_F(LanguageVariants, OfTheAugmentationAreTableThreeUnderEachSelection) {
  std::vector<std::string> expected;
  for (const std::string variant :
       {"Normal + sv: supervised, reward -, state -, augment % 0.1 0.0",
        "SA2C + sv: sa2c, reward predefined, state -, augment % 0.1 0.0",
        "SA2C + q: sa2c, reward predefined, state -, augment % 0.0 0.01",
        "SA2C + sv + q: sa2c, reward predefined, state -, augment % 0.1 0.01"}) {
    for (const std::string select : {"le(le) select labels", "le(le) list shuffled select labels",
                                     "le(le) select reward", "le(le) select state_token"}) {
      std::string row = variant;
      expected.push_back(row.replace(row.find('%'), 1, select));
    }
  }
  EXPECT_EQ(rows_of(load_shipped("variants/language_augmentation.yaml")), expected);
}

TEST_F(LanguageVariants, StateAPoolWhereTheyNeedWhatIsMadeForOne) {
  const PluginCatalogue catalogue = with_language();
  const ArtefactsOf artefacts_of = [&](const std::string& kind, const std::string& id) {
    const PluginInfo* info = catalogue.find(kind, id);
    return info ? info->artefacts : std::vector<Artefact>();
  };
  for (const char* name : {"language", "language_augmentation", "language_build",
                           "language_controls", "language_models", "rewards"}) {
    for (const PlannedRun& planned : load_shipped("variants/" + std::string(name) + ".yaml").runs) {
      for (const NeededArtefact& needed : needed_artefacts(planned.run, artefacts_of)) {
        const std::vector<std::string>& reads = needed.artefact.reads;
        if (std::find(reads.begin(), reads.end(), "pool") == reads.end()) continue;
        EXPECT_GT(planned.run.negatives.pool, 0) << name << ": " << needed.name();
      }
    }
  }
}

TEST_F(LanguageVariants, OfTheBuildDifferInTheEnvironmentAlone) {
  // An LE with this difference in all three parts of LEASR.
  const auto leasr = [](const std::string& name, const std::string& le) {
    return name + ": sa2c, reward " + le + ", state " + le + " joined 64, augment le(" + le +
           ") select reward 0.1 0.01";
  };
  EXPECT_THAT(
      rows_of(load_shipped("variants/language_build.yaml")),
      ElementsAre(
          leasr("LEASR, 10 %, 150 steps", "le"), leasr("LEASR -IT", "le items titles"),
          "LES: sa2c, reward predefined, state le joined 64, augment -",
          "LES -SM: sa2c, reward predefined, state le state_weight 0.0 joined 64, augment -",
          leasr("LEASR, 5 %, 150 steps", "le portion 0.05"),
          leasr("LEASR, 20 %, 150 steps", "le portion 0.2"),
          leasr("LEASR, 50 %, 150 steps", "le portion 0.5"),
          leasr("LEASR, 100 %, 150 steps", "le portion 1.0"),
          leasr("LEASR, 5 %, 2 passes", "le epochs 2 portion 0.05 steps 0"),
          leasr("LEASR, 10 %, 2 passes", "le epochs 2 steps 0"),
          leasr("LEASR, 20 %, 2 passes", "le epochs 2 portion 0.2 steps 0"),
          leasr("LEASR, 50 %, 2 passes", "le epochs 2 portion 0.5 steps 0"),
          leasr("LEASR, 100 %, 2 passes", "le epochs 2 portion 1.0 steps 0")));
  EXPECT_THAT(rows_of(load_shipped("variants/language_models.yaml")),
              ElementsAre(leasr("LEASR, SmolLM2 135M", "le"),
                          leasr("LEASR, Mistral 7B", "le of mistral-7b"),
                          leasr("LEASR, Llama 2 7B", "le of llama-2-7b")));
}

TEST_F(LanguageVariants, OfTheControlsBreakOneThingEach) {
  const auto rewards = [](const std::string& name, const std::string& of) {
    return name + ": snqn, reward " + of + ", state -, augment -";
  };
  const auto states = [](const std::string& name, const std::string& of) {
    return name + ": snqn, reward predefined, state " + of + ", augment -";
  };
  const Experiment experiment = load_shipped("variants/language_controls.yaml");
  const std::vector<std::string> rows = rows_of(experiment, "snqn");
  EXPECT_THAT(rows,
              ElementsAre(rewards("predefined", "predefined"), rewards("LER", "le"),
                          rewards("LER, centred", "standardised(le) rewards centre"),
                          rewards("LER, standardised", "standardised(le)"),
                          rewards("LER, matched", "matched(le)"), states("LES", "le joined 64"),
                          states("LES, raw", "le joined raw"),
                          states("LES, standardised", "standardised(le) joined 64"),
                          states("LES, raw, standardised", "standardised(le) joined raw"),
                          rewards("LER, shuffled pairs", "shuffled(le)"),
                          rewards("LER, shuffled all", "shuffled(le) scope pooled"),
                          rewards("LER, class_mean", "class_mean(le)"),
                          rewards("LER, item_mean", "item_mean(le)"),
                          states("LES, shuffled", "shuffled(le) states true joined 64"),
                          rewards("LER, texts of other items", "le texts shuffled"),
                          states("LES, texts of other items", "le texts shuffled joined 64"),
                          rewards("LER, random weights", "le weights random"),
                          states("LES, random weights", "le weights random joined 64"),
                          rewards("LER, random item tokens", "le token_start random"),
                          states("LES, random item tokens", "le token_start random joined 64"),
                          rewards("LER, untrained", "le epochs 0 steps 0"),
                          states("LES, untrained", "le epochs 0 steps 0 joined 64")));
  const std::vector<std::string> others = rows_of(experiment, "sa2c");
  ASSERT_EQ(others.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string row = rows[i];
    EXPECT_EQ(others[i], row.replace(row.find(": snqn"), 6, ": sa2c"));
  }
}

TEST_F(LanguageVariants, TheFastModeHasItemTokensInClosedFormAndTheHoistedOrder) {
  const json le = load_shipped("variants/language.yaml").runs.back().run.reward.params;
  EXPECT_EQ(le["order"], "hoisted");
  EXPECT_EQ(le["token_start"], "closed_form");
  EXPECT_EQ(le["token_iterations"], 0);
  EXPECT_EQ(le["negatives"], 2);
  EXPECT_EQ(le["batch_of"], "sequences");
}

TEST_F(LanguageVariants, OfIndustryKeepTheTestClosedAndGiveEachSeedItsOwnEnvironment) {
  const Experiment experiment = load_shipped("industry_le.yaml");
  std::map<std::string, std::set<int64_t>> seeds;  // of the runs, by row
  std::set<std::pair<int64_t, int64_t>> pairs;     // seeds of a run and of its environment
  for (const PlannedRun& planned : experiment.runs) {
    const RunSpec& run = planned.run;
    EXPECT_FALSE(run.evaluate.test);
    EXPECT_EQ(run.split.by, "file");
    EXPECT_EQ(run.negatives.from, "pool");
    EXPECT_EQ(run.backbone.id, "lea.sasrec");
    seeds[planned.labels.at("variant")].insert(run.seed);
    if (run.reward.id == "lea.le") pairs.emplace(run.seed, run.reward.params["seed"]);
  }
  EXPECT_EQ(pairs, (std::set<std::pair<int64_t, int64_t>>{{1, 1}, {2, 2}}));
  EXPECT_EQ(seeds.size(), 16u);
  EXPECT_EQ(std::count_if(seeds.begin(), seeds.end(),
                          [](const auto& row) { return row.second.size() == 1; }),
            3);
  const auto paper =
      std::find_if(experiment.runs.begin(), experiment.runs.end(), [](const PlannedRun& planned) {
        return planned.labels.at("variant") == "SNQN LES, paper's order";
      });
  ASSERT_NE(paper, experiment.runs.end());
  EXPECT_EQ(paper->run.state.params["order"], "paper");
  EXPECT_EQ(paper->run.state.params["epochs"], 10);
  EXPECT_EQ(paper->run.state.params["state_loss"], "logistic");
}

TEST_F(LanguageVariants, OfTheDemonstrationHaveOneMatchedScaleAndTheTrainingFreeRows) {
  EXPECT_THAT(
      rows_of(load_shipped("demo_le.yaml")),
      ElementsAre(
          "popularity: popularity, reward -, state -, augment -",
          "markov: markov, reward -, state -, augment -",
          "item_knn: item_knn, reward -, state -, augment -",
          "vsknn: vsknn, reward -, state -, augment -",
          "SNQN: snqn, reward predefined, state -, augment -",
          "LEASR: snqn, reward matched(le portion 0.2 steps 50), state le portion 0.2 steps 50 "
          "joined 64, augment le(le portion 0.2 steps 50) select state_token 0.1 0.01",
          "LER: snqn, reward matched(le portion 0.2 steps 50), state -, augment -",
          "LER, shuffled: snqn, reward shuffled(matched(le portion 0.2 steps 50)), state -, "
          "augment -",
          "LES: snqn, reward predefined, state le portion 0.2 steps 50 joined 64, augment -"));
}

// Their ends, where the seeds, the number of runs or the cells to leave out stand.
TEST_F(LanguageVariants, AreNotCutUnseen) {
  const std::vector<std::string> studies = shipped_studies(/*with_language_model=*/true);
  EXPECT_THAT(studies, ::testing::IsSupersetOf({"demo_le", "variants/language"}));
  for (const std::string& study : studies) {
    SCOPED_TRACE(study);
    const std::string file = study + ".yaml", text = read_file(shipped_path(file));
    expect_every_cut_is_seen(text, text.size() - 40,
                             [&](const std::string& cut) { return load_text(file, cut); });
  }
}

}  // namespace
}  // namespace lea::spec
