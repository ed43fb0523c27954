// A setting that is added after a release changes the hash of no packed run.
#include <gtest/gtest.h>

#include <filesystem>
#include <tuple>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/json_field.h"
#include "core/lab/archive.h"
#include "core/spec/section_json.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct PackedRun {
  std::string file, hash;  // the hash that its cell.json states
  RunSpec run;
};

std::string hash_of(const json& document) { return sha256(essential_settings(document).dump()); }

class PackedRuns : public SpecTest {
 protected:
  // Every packed run of the repository. An archive of artefacts, which lies in a folder of that
  // name, holds none.
  std::vector<PackedRun> all() {
    std::vector<PackedRun> runs;
    const fs::path root = fs::path(LEA_SOURCE_DIR) / "experiments";
    for (const auto& found : fs::recursive_directory_iterator(root)) {
      const std::string file = found.path().string();
      if (!file.ends_with(".tar.xz") || found.path().parent_path().filename() == "artefacts")
        continue;
      PackedRun packed{file, "", {}};
      for (const auto& [entry, text] : lab::read_tar_xz(read_file(file, size_t{64} << 20), file)) {
        if (entry.ends_with("cell.json")) packed.hash = parse_json(text, file).at("hash");
        if (entry.ends_with("run.yaml")) packed.run = load_run(write("run.yaml", text));
      }
      runs.push_back(std::move(packed));
    }
    EXPECT_GE(runs.size(), 58u) << root;
    return runs;
  }

  PluginCatalogue catalogue() const override { return PluginCatalogue(plugins_); }

  // The run with the sum of each language model as a text in the model's place, because a spec would
  // name a folder, and this test has none.
  static RunSpec with_sums_of_models(RunSpec run) {
    for (const auto& [slot, kind, use] : slots(run)) put_sums_of_models(use->params);
    return run;
  }

  // The hash of the run with its plugins resolved again, from a spec that states their parameters
  // and `more` of each. `added` are the parameters that each plugin has beside.
  std::string resolved_hash(RunSpec run, const std::vector<ParamInfo>& added, const json& more) {
    json spec = {{"data", {{"name", "a"}}}, {"seeds", {1}}};
    plugins_.clear();
    for (const auto& [slot, kind, use] : slots(run)) {
      if (use->none()) continue;
      const bool has_settings = std::string(slot) == "state" || std::string(slot) == "augment";
      const json stated = stated_again(kind, *use, uses(run), added, more);
      spec[slot] = has_settings ? json{{"of", stated}} : stated;
    }
    RunSpec again = load(dump_yaml(spec)).runs.at(0).run;
    const auto from = slots(again), to = slots(run);
    for (size_t i = 0; i < to.size(); ++i) *std::get<2>(to[i]) = *std::get<2>(from[i]);
    return run_hash(run);
  }

 private:
  using Slot = std::tuple<const char*, const char*, PluginUse*>;  // name, kind of plugin, content
  static std::vector<Slot> slots(RunSpec& run) {
    return {{"backbone", "backbone", &run.backbone},
            {"framework", "framework", &run.framework},
            {"reward", "environment", &run.reward},
            {"state", "environment", &run.state},
            {"augment", "augmenter", &run.augment}};
  }
  static void put_sums_of_models(json& params) {
    for (auto& value : params) {
      if (!value.is_object()) continue;
      if (value.contains("path") && value.contains("sha256"))
        value = value.at("sha256");
      else
        put_sums_of_models(value);
    }
  }
  // The plugin as a spec states it, with its parameters and `more`, and so the environments in its
  // parameters. Adds their declarations to the catalogue.
  json stated_again(const std::string& kind, const PluginUse& use,
                    const std::vector<std::string>& uses, const std::vector<ParamInfo>& added,
                    const json& more) {
    PluginInfo info;
    info.id = use.id;
    info.kind = kind;
    info.uses = uses;
    info.gives_state = kind == "environment";
    json params = use.params;
    for (auto& [name, value] : params.items()) {
      if (const auto inner = environment_in(value)) {
        info.params.push_back(
            {name, ParamType::kEnvironment, std::string(), {}, {}, "as it was packed", true});
        value = stated_again("environment", *inner, uses, added, more);
      } else {
        info.params.push_back(param(name, value));
      }
    }
    info.params.insert(info.params.end(), added.begin(), added.end());
    // One plugin may be in two slots.
    if (!PluginCatalogue(plugins_).find(kind, use.id)) plugins_.push_back(std::move(info));
    params.update(more);
    return {{use.id, params}};
  }
  static std::vector<std::string> uses(const RunSpec& run) {
    std::vector<std::string> uses;
    if (!run.backbone.none()) uses.push_back("backbone");
    if (!run.reward.none()) uses.push_back("reward");
    if (!run.state.none()) uses.push_back("state");
    if (!run.augment.none()) uses.push_back("augment");
    if (run.reads_train) uses.push_back("train");
    if (run.reads_negatives) uses.push_back("negatives");
    return uses;
  }
  // A declaration that the value of a packed run fits. Its default is another value.
  static ParamInfo param(const std::string& name, const json& value) {
    ParamInfo info{name, ParamType::kText, std::string("-"), {}, {}, "as it was packed"};
    if (value.is_boolean()) {
      info.type = ParamType::kBool, info.default_value = !value.get<bool>();
    } else if (value.is_number_integer()) {
      info.type = ParamType::kInteger, info.default_value = int64_t{-1};
    } else if (value.is_number()) {
      info.type = ParamType::kReal, info.default_value = -1.0;
    } else {
      EXPECT_TRUE(value.is_string()) << name << ": " << value;
    }
    return info;
  }

  std::vector<PluginInfo> plugins_;
};

TEST_F(PackedRuns, KeepTheirHashes) {
  for (const PackedRun& packed : all()) {
    EXPECT_EQ(run_hash(packed.run), packed.hash) << packed.file;
    EXPECT_EQ(hash_of(to_json(packed.run)), packed.hash) << packed.file;
  }
}

// Reads one section of a run's document as a later release does, and writes it again.
template <class Section>
void expect_the_addition_to_count_only_when_it_is_used(const PackedRun& packed, const char* name) {
  json document = to_json(packed.run);
  if (document[name].is_null()) return;  // the framework does not read it
  auto section = section_from_json<Later<Section>>(document[name], name);
  document[name] = section_json(section);
  EXPECT_EQ(hash_of(document), packed.hash) << packed.file << " " << name;

  document[name]["later"] = 3;
  document[name] = section_json(section_from_json<Later<Section>>(document[name], name));
  EXPECT_EQ(hash_of(document), packed.hash) << packed.file << " " << name << ", stated";

  section.later = 4;
  document[name] = section_json(section);
  EXPECT_NE(hash_of(document), packed.hash) << packed.file << " " << name << ", changed";
}

TEST_F(PackedRuns, KeepTheirHashesWhenASectionGainsASetting) {
  for (const PackedRun& packed : all()) {
    expect_the_addition_to_count_only_when_it_is_used<DataSection>(packed, "data");
    expect_the_addition_to_count_only_when_it_is_used<TrainSection>(packed, "train");
    expect_the_addition_to_count_only_when_it_is_used<NegativesSection>(packed, "negatives");
    expect_the_addition_to_count_only_when_it_is_used<EvaluateSection>(packed, "evaluate");
  }
}

TEST_F(PackedRuns, KeepTheirHashesWhenAPluginGainsAParameter) {
  const std::vector<ParamInfo> later = {later_param()};
  for (const PackedRun& packed : all()) {
    const RunSpec run = with_sums_of_models(packed.run);
    const std::string hash = run_hash(run);
    EXPECT_EQ(resolved_hash(run, {}, json::object()), hash) << packed.file;
    EXPECT_EQ(resolved_hash(run, later, json::object()), hash) << packed.file;
    EXPECT_EQ(resolved_hash(run, later, {{"later", 3}}), hash) << packed.file;
    EXPECT_NE(resolved_hash(run, later, {{"later", 4}}), hash) << packed.file;
  }
}

}  // namespace
}  // namespace lea::spec
