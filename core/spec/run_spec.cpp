#include "core/spec/run_spec.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/spec/param_json.h"
#include "core/spec/section_json.h"
#include "core/spec/yaml.h"

namespace lea::spec {
namespace {

using nlohmann::json;

json use_json(const PluginUse& use) {
  if (use.none()) return nullptr;
  return {{"id", use.id}, {"params", use.params}};
}

// Reads a canonical document and checks each value before it is used.
class RunReader {
 public:
  RunReader(const json& document, std::string where)
      : document_(document), where_(std::move(where)) {
    if (!document.is_object()) fail("", "must be a map of sections");
  }

  // False when the section is null, which only an optional one may be.
  template <class Section>
  bool section(const std::string& name, Section* section, bool optional) {
    const json& value = take(name);
    if (value.is_null() && optional) return false;
    if (!value.is_object()) fail(name, "must be a map");
    *section = section_from_json<Section>(value, where_ + ": " + name);
    return true;
  }

  PluginUse use(const std::string& name) {
    const json& value = take(name);
    if (value.is_null()) return {};
    const bool fits = value.is_object() && value.size() == 2 && value.contains("id") &&
                      value["id"].is_string() && !value["id"].get<std::string>().empty() &&
                      value.contains("params") && value["params"].is_object();
    if (!fits) fail(name, "must be null or a map of `id` and `params`");
    return {value["id"].get<std::string>(), value["params"]};
  }

  int64_t seed() {
    const json& value = take("seed");
    const ParamInfo info{"seed", ParamType::kInteger, int64_t{0}, {0, 9e15}, {}, ""};
    const std::string problem = problem_with(info, value);
    if (!problem.empty()) fail("seed", problem);
    return value.get<int64_t>();
  }

  std::string split_sha256() const {
    const json path = document_.at("split").value("path", json());
    return path.is_object() ? path.at("sha256").get<std::string>() : "";
  }

  void refuse_unknown() const {
    for (const auto& [key, value] : document_.items()) {
      if (std::find(taken_.begin(), taken_.end(), key) == taken_.end()) {
        fail(key, "unknown key" + did_you_mean(key, taken_));
      }
    }
  }

 private:
  const json& take(const std::string& name) {
    taken_.push_back(name);
    const auto found = document_.find(name);
    if (found == document_.end()) fail(name, "is missing");
    return *found;
  }
  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw ConfigError(where_ + ": " + (key.empty() ? "" : printable(key) + ": ") + what);
  }

  const json& document_;
  std::string where_;
  std::vector<std::string> taken_;
};

// The value of a parameter that names a file (file_json).
bool is_file(const json& value) {
  return value.is_object() && value.size() == 2 && value.contains("path") &&
         value["path"].is_string() && value.contains("sha256") && value["sha256"].is_string();
}

void add_files(const std::string& plugin_kind, const PluginUse& use,
               std::vector<GivenFile>* files) {
  for (const auto& [name, value] : use.params.items()) {
    if (const auto environment = environment_in(value))
      add_files("environment", *environment, files);
    if (!is_file(value)) continue;
    const GivenFile file{plugin_kind, use.id, name, path_of_file(value),
                         value.at("sha256").get<std::string>()};
    const auto same = [&](const GivenFile& other) {
      return other.plugin_kind == file.plugin_kind && other.plugin_id == file.plugin_id &&
             other.parameter == file.parameter && other.path == file.path &&
             other.sha256 == file.sha256;
    };
    if (std::none_of(files->begin(), files->end(), same)) files->push_back(file);
  }
}

void forget_paths(json& value) {
  if (is_file(value)) {
    value = json{{"sha256", value["sha256"]}};
    return;
  }
  if (value.is_structured()) {
    for (json& item : value) forget_paths(item);
  }
}

}  // namespace

std::optional<PluginUse> environment_in(const json& value) {
  const bool fits = value.is_object() && value.size() == 2 && value.contains("id") &&
                    value["id"].is_string() && value.contains("params") &&
                    value["params"].is_object();
  if (!fits) return std::nullopt;
  return PluginUse{value["id"].get<std::string>(), value["params"]};
}

std::vector<GivenFile> given_files(const RunSpec& run) {
  std::vector<GivenFile> files;
  add_files("backbone", run.backbone, &files);
  add_files("framework", run.framework, &files);
  add_files("environment", run.reward, &files);
  add_files("environment", run.state, &files);
  add_files("augmenter", run.augment, &files);
  return files;
}

json to_json(const RunSpec& run) {
  json split = section_json(run.split);
  split["path"] = file_json(run.split.path, run.split_sha256);
  return {{"data", section_json(run.data)},
          {"split", split},
          {"train", run.reads_train ? section_json(run.train) : json()},
          {"negatives", run.reads_negatives ? section_json(run.negatives) : json()},
          {"evaluate", section_json(run.evaluate)},
          {"backbone", use_json(run.backbone)},
          {"framework", use_json(run.framework)},
          {"reward", use_json(run.reward)},
          {"state", use_json(run.state)},
          {"state_use", run.state.none() ? json() : section_json(run.state_use)},
          {"augment", use_json(run.augment)},
          {"augment_use", run.augment.none() ? json() : section_json(run.augment_use)},
          {"seed", run.seed}};
}

json with_added_defaults(json document) {
  const auto complete = [&](const char* section, const std::vector<ParamInfo>& infos) {
    const auto found = document.find(section);
    if (found != document.end() && found->is_object()) *found = with_added_defaults(infos, *found);
  };
  complete("data", infos_of<DataSection>());
  complete("split", infos_of<SplitSection>());
  complete("train", infos_of<TrainSection>());
  complete("negatives", infos_of<NegativesSection>());
  complete("evaluate", infos_of<EvaluateSection>());
  complete("state_use", infos_of<StateSection>());
  complete("augment_use", infos_of<AugmentSection>());
  return document;
}

RunSpec run_from_json(const json& document, const std::string& where) {
  RunReader reader(document, where);
  RunSpec run;
  reader.section("data", &run.data, /*optional=*/false);
  reader.section("split", &run.split, /*optional=*/false);
  run.reads_train = reader.section("train", &run.train, /*optional=*/true);
  run.reads_negatives = reader.section("negatives", &run.negatives, /*optional=*/true);
  reader.section("evaluate", &run.evaluate, /*optional=*/false);
  run.backbone = reader.use("backbone");
  run.framework = reader.use("framework");
  run.reward = reader.use("reward");
  run.state = reader.use("state");
  reader.section("state_use", &run.state_use, /*optional=*/true);
  run.augment = reader.use("augment");
  reader.section("augment_use", &run.augment_use, /*optional=*/true);
  run.seed = reader.seed();
  run.split_sha256 = reader.split_sha256();
  reader.refuse_unknown();
  if (run.framework.none()) throw ConfigError(where + ": framework: a run needs one");
  return run;
}

json without_paths(json params) {
  forget_paths(params);
  return params;
}

json essential_settings(json document) {
  const auto forget = [&](const char* section, const char* key) {
    const auto found = document.find(section);
    if (found != document.end() && found->is_object()) found->erase(key);
  };
  forget("data", "path");
  forget("data", "format");
  forget("train", "log_every");
  forget("train", "keep");
  forget("evaluate", "test");
  forget_paths(document);
  return document;
}

bool is_own_seed(const std::string& axis) {
  return axis == kRunSeed || (axis.ends_with(".seed") && axis != kSplitSeed);
}

std::string run_hash(const RunSpec& run) { return sha256(essential_settings(to_json(run)).dump()); }

std::vector<std::string> run_hashes(const RunSpec& run, const std::vector<int64_t>& seeds) {
  // The keys of a document are sorted, so the seed stands between two parts that are always there
  // and that all runs share.
  json settings = essential_settings(to_json(run));
  json before = json::object(), after = json::object();
  for (const auto& [key, value] : settings.items()) {
    if (key != "seed") (key < "seed" ? before : after)[key] = std::move(value);
  }
  std::string head = before.dump(), tail = after.dump();
  head.back() = ',';
  head += "\"seed\":";
  tail.front() = ',';
  std::vector<std::string> hashes;
  hashes.reserve(seeds.size());
  for (const int64_t seed : seeds) hashes.push_back(sha256(head + std::to_string(seed) + tail));
  return hashes;
}

std::string cell_key(const RunSpec& run) { return cell_key(to_json(run)); }

std::string cell_key(const json& document) {
  json settings = essential_settings(document);
  settings.erase("seed");
  return sha256(settings.dump());
}

RunSpec load_run(const std::string& path) {
  const auto source = std::make_shared<const Source>(Source{path, "", 0, true});
  Errors errors;
  const NodePtr root = read_yaml(path, source, errors);
  errors.throw_if_any();
  return run_from_json(plain_json(*root), printable(path));
}

}  // namespace lea::spec
