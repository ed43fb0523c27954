// A short run of each bundled plugin gives its golden numbers. Finished runs are stale only when a
// plugin's version or kNumerics differs, so a change of results must raise one of them; this test
// is what notices the change. tests/golden/short_runs/README.md says how the numbers were made.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <gtest/gtest.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>
#include <sstream>

#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/machine.h"
#include "tests/contract/short_run.h"

namespace lea::short_run {
namespace {

const std::string kGolden = LEA_SOURCE_DIR "/tests/golden/short_runs/short_runs.json";
const std::string kHowToMake =
    "LEA_WRITE_GOLDEN=tests/golden/short_runs build/PRESET/bin/short_runs_test";

const nlohmann::json kNoParams = nlohmann::json::object();

// How far a number may be from the golden one where weights were trained; README.md beside the
// numbers has the evidence. What counting alone gives is the same everywhere.
struct Tolerance {
  const char* name;
  bool relative;
  double value;
};
constexpr Tolerance kTolerances[] = {
    {"hr@10", false, 0.03},    {"ndcg@10", false, 0.015},  {"mrr@10", false, 0.01},
    {"mean_rank", false, 0.5}, {"first_loss", true, 1e-6}, {"last_loss", true, 3e-3},
    {"mean_loss", true, 3e-4}, {"weights", true, 1e-4},
};
constexpr double kUntrained = 1e-6;

// Parameters, as JSON, with which 50 steps reach what the defaults do not. A plugin that is not
// named has one run with its defaults.
std::vector<nlohmann::json> settings_of(const std::string& kind, const std::string& id) {
  static const std::map<std::string, std::vector<const char*>> kSettings = {
      {"framework lea.sac", {R"({"warm_up_steps": 25})"}},
      {"framework lea.sa2c",
       {R"({"warm_up_steps": 25})",
        R"({"warm_up_steps": 0, "smooth": 0.5, "advantage_gradient": true})"}},
      {"framework lea.graph_text",
       {"{}", R"({"last": 2, "two_hops": 0.3, "text": 1.5, "columns": "title"})"}},
      {"framework lea.reward_weighted",
       {R"({"temperature": 0.2})", R"({"temperature": 0.2, "normalise": false, "clip": 2})"}},
      // Few vectors, because those of equal singular values depend on the rounding.
      {"environment lea.cooccurrence", {R"({"portion": 1.0, "width": 4})"}},
      {"environment lea.text_gru", {R"({"portion": 1.0, "width": 4, "steps": 30})"}},
      {"environment lea.text_tfidf", {R"({"width": 4})"}},
      // The inner environment of these runs has no language model.
      {"augmenter lea.le", {R"({"select": "reward", "when_logged": "next"})"}},
      {"framework lea.supervised", {"{}", R"({"twin": true, "extra_head": "auxiliary"})"}},
      {"backbone lea.gru4rec", {"{}", R"({"layers": 2, "dropout": 0.2})", R"({"tied": true})"}},
      {"backbone lea.sasrec",
       {"{}", R"({"blocks": 2, "heads": 2, "width": 16})", R"({"tied": true})"}},
  };
  const auto found = kSettings.find(kind + " " + id);
  if (found == kSettings.end()) return {kNoParams};
  std::vector<nlohmann::json> settings;
  for (const char* text : found->second) settings.push_back(nlohmann::json::parse(text));
  return settings;
}

// One run of a plugin, by a name that is its key in the golden file.
struct ShortRun {
  std::string kind, id, name;
  spec::RunSpec spec;
};

const Study& study() {
  static const Study study;
  return study;
}

// A framework by itself, a backbone under `supervised`, the others under `snqn`; an environment in
// each slot that it can fill.
std::vector<ShortRun> runs_with(const std::string& kind, const std::string& id,
                                const nlohmann::json& params) {
  std::string settings;
  for (const auto& [key, value] : params.items()) settings += ", " + key + " " + value.dump();
  if (kind == "framework")
    return {{kind, id, kind + " " + id + settings, study().run_of(id, params)}};
  std::vector<ShortRun> runs;
  const auto add = [&](spec::PluginUse spec::RunSpec::*slot, const std::string& as) {
    const std::string framework = kind == "backbone" ? "lea.supervised" : "lea.snqn";
    ShortRun run{kind, id, kind + " " + id + as + settings, study().run_of(framework, kNoParams)};
    run.spec.*slot = study().use(kind, id, params);
    runs.push_back(std::move(run));
  };
  if (kind == "backbone") add(&spec::RunSpec::backbone, "");
  if (kind == "augmenter") add(&spec::RunSpec::augment, "");
  if (kind == "environment") add(&spec::RunSpec::reward, " as reward");
  if (registry().get(kind, id).gives_state) add(&spec::RunSpec::state, " as state");
  return runs;
}

// The golden numbers of what a language model computes are beside its tests (tests/le).
bool needs_model(const PluginEntry& plugin) {
  return std::any_of(plugin.params.begin(), plugin.params.end(),
                     [](const ParamInfo& param) { return param.type == ParamType::kModel; });
}

std::vector<ShortRun> runs_of(const std::string& kind) {
  std::vector<ShortRun> runs;
  for (const std::string& id : registry().ids(kind)) {
    if (needs_model(registry().get(kind, id))) continue;
    for (const nlohmann::json& params : settings_of(kind, id)) {
      for (ShortRun& run : runs_with(kind, id, params)) runs.push_back(std::move(run));
    }
  }
  return runs;
}

// The loop's other ways to draw batches and negatives and to lower the learning rate, and
// core/api's other ways to join a state.
std::vector<ShortRun> runs_of_the_host() {
  const auto snqn = [](const std::string& name) {
    return ShortRun{"framework", "lea.snqn", name, study().run_of("lea.snqn", kNoParams)};
  };
  ShortRun loop = snqn("host, epochs, pool, dropped learning rate"),
           state = snqn("host, replaced and projected state"), decay = snqn("host, weight decay"),
           popular = snqn("host, negatives by popularity");
  loop.spec.train.sampling = "epochs";
  loop.spec.negatives.from = "pool";
  loop.spec.train.drop_learning_rate_at = 30;
  loop.spec.train.fresh_optimizer = true;
  state.spec.state = study().use("environment", "lea.table");
  state.spec.state_use.combine = "replace";
  state.spec.state_use.project = 8;
  decay.spec.train.weight_decay = 0.01;
  popular.spec.negatives.popularity_power = 0.75;
  return {loop, state, decay, popular};
}

std::vector<ShortRun> all_runs() {
  std::vector<ShortRun> all = runs_of_the_host();
  for (const char* kind : {"framework", "backbone", "environment", "augmenter"}) {
    for (ShortRun& run : runs_of(kind)) all.push_back(std::move(run));
  }
  return all;
}

// What the golden file will be when LEA_WRITE_GOLDEN asks for it.
class Writer final : public ::testing::Environment {
 public:
  static const char* folder() { return std::getenv("LEA_WRITE_GOLDEN"); }
  static nlohmann::json& runs() {
    static nlohmann::json runs = nlohmann::json::object();
    return runs;
  }
  void TearDown() override {
    if (folder() == nullptr) return;
    const Machine here = this_machine(at::get_cpu_capability(), at::get_num_threads(), "cpu");
    const nlohmann::json golden = {
        {"made_with", {{"machine_kind", here.kind()}, {"libtorch", TORCH_VERSION}}},
        {"runs", runs()}};
    publish_file(std::string(folder()) + "/short_runs.json", golden.dump(1) + "\n");
  }
};
[[maybe_unused]] const auto* const kWriter = ::testing::AddGlobalTestEnvironment(new Writer);

const nlohmann::json& golden_runs() {
  static const nlohmann::json golden = parse_json(read_file(kGolden), kGolden);
  return golden.at("runs");
}

// "ndcg@10 is 0.21, but 0.25 is golden (at most 0.015 off)" for each number that differs.
std::string differences(const Numbers& found, const nlohmann::json& golden) {
  std::ostringstream text;
  text.precision(9);
  for (const auto& [name, relative, value] : kTolerances) {
    const auto number = found.find(name);
    if (number == found.end() && !golden.contains(name)) continue;
    const double is = number == found.end() ? NAN : number->second,
                 due = golden.value(name, static_cast<double>(NAN)),
                 trained = value * (relative ? std::abs(due) : 1),
                 bound = found.contains("weights") ? trained : kUntrained;
    if (std::abs(is - due) <= bound) continue;  // false for NaN
    text << (text.tellp() == 0 ? "" : "; ") << name << " is " << is << ", but " << due
         << " is golden (at most " << bound << " off)";
  }
  return text.str();
}

void check(const ShortRun& run) {
  const Numbers found = study().numbers_of(run.spec);
  const std::string version = registry().get(run.kind, run.id).version;
  if (Writer::folder() != nullptr) {
    Writer::runs()[run.name] = found;
    Writer::runs()[run.name]["version"] = version;
    return;
  }
  const auto golden = golden_runs().find(run.name);
  if (golden == golden_runs().end()) {
    ADD_FAILURE() << "there is no golden short run of " << run.name
                  << ". Make the golden file again "
                  << "with " << kHowToMake;
    return;
  }
  const std::string differing = differences(found, *golden);
  EXPECT_TRUE(differing.empty())
      << "results of a short run of " << run.name << " changed: " << differing
      << ". If that is meant, raise the version in plugins/" << run.kind << "s of what changed ("
      << run.id << " has " << version
      << "), or kNumerics where core/api or core/train changed, and make the golden "
      << "file again with " << kHowToMake;
  EXPECT_EQ(golden->at("version"), version)
      << run.name << ": the golden file was made with another version. Make it again with "
      << kHowToMake;
}

void check_all(const std::vector<ShortRun>& runs) {
  EXPECT_FALSE(runs.empty());
  for (const ShortRun& run : runs) check(run);
}

TEST(ShortRuns, OfEachFrameworkGiveTheGoldenNumbers) { check_all(runs_of("framework")); }
TEST(ShortRuns, OfEachBackboneGiveTheGoldenNumbers) { check_all(runs_of("backbone")); }
TEST(ShortRuns, OfEachEnvironmentGiveTheGoldenNumbers) { check_all(runs_of("environment")); }
TEST(ShortRuns, OfEachAugmenterGiveTheGoldenNumbers) { check_all(runs_of("augmenter")); }
TEST(ShortRuns, OfTheHostsOtherSettingsGiveTheGoldenNumbers) { check_all(runs_of_the_host()); }

TEST(ShortRuns, AreKeptOnlyOfWhatIsThere) {
  if (Writer::folder() != nullptr) return;
  std::set<std::string> names;
  for (const ShortRun& run : all_runs()) names.insert(run.name);
  for (const auto& [name, numbers] : golden_runs().items()) {
    EXPECT_TRUE(names.contains(name))
        << "the golden file has a short run of " << name << ", which this build does not have. "
        << "Make the golden file again with " << kHowToMake;
  }
}

}  // namespace
}  // namespace lea::short_run
