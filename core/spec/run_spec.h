// One resolved run: every default spelt out, every plugin named by its full id. It is what is
// hashed, stored as run.yaml and handed to a worker.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/spec/sections.h"

namespace lea::spec {

// A plugin with its parameters. `params` maps each declared name to its value, except `added`
// parameters that have their default (core/spec/params.h). The value of an environment parameter is
// another {"id", "params"} object. That of a file is "" or {"path", "sha256"}, and that of a model
// {"path", "sha256"} (core/spec/model_files.h). An empty id means that the slot is empty.
struct PluginUse {
  std::string id;
  nlohmann::json params = nlohmann::json::object();
  bool none() const { return id.empty(); }
};

// The environment that the value of a parameter states. Empty for any other value.
std::optional<PluginUse> environment_in(const nlohmann::json& value);

// A file that a run was given by a parameter of a plugin.
struct GivenFile {
  std::string plugin_kind, plugin_id;
  std::string parameter;
  std::string path, sha256;
};

struct RunSpec {
  DataSection data;
  SplitSection split;
  TrainSection train;
  NegativesSection negatives;
  EvaluateSection evaluate;
  PluginUse backbone, framework, reward, state, augment;
  StateSection state_use;      // has a meaning when there is a state
  AugmentSection augment_use;  // has a meaning when there is an augmenter
  int64_t seed = 1;            // 0 when the framework does not train

  // False when nothing in the run reads the section. It then holds defaults, and the document has
  // null in its place.
  bool reads_train = true;
  bool reads_negatives = true;
  // The sha256 of the file split.path, empty without one. A worker compares it before it trains.
  std::string split_sha256;
};

// The files in the parameters of all plugins of the run, also of inner environments, each once.
std::vector<GivenFile> given_files(const RunSpec& run);

// The canonical document of a run, with sorted keys:
//   {"data": {...}, ..., "backbone": {"id": ..., "params": {...}}, "reward": null, ..., "seed": 1}
// A section or slot that nothing in the run reads is null.
nlohmann::json to_json(const RunSpec& run);

// A canonical document with every setting of its sections, also the `added` ones that it lacks
// because they have their default. For people: a hash is never taken of it. The `added` parameters
// of plugins stay away, because only the plugins declare them.
nlohmann::json with_added_defaults(nlohmann::json document);

// Inverse of to_json. Throws ConfigError on an unknown key or a wrong type; `where` names the file.
// A parameter of a section that the document lacks has its default: the document is older than the
// parameter, or the parameter is `added`.
RunSpec run_from_json(const nlohmann::json& document, const std::string& where);

// Parameters without the path of every file and model, also of those in inner environments:
// {"sha256"} stays.
nlohmann::json without_paths(nlohmann::json params);

// A canonical document without the settings that cannot change a result. It is left without
//   data.path, data.format    the data set in the lab counts, and its fingerprint is in the result
//   train.log_every
//   train.keep                says what stays when the run has ended
//   evaluate.test             says which parts are ranked, and not how
//   the path of every file    its sha256 counts, and stays; models too
// so that a lab or a file can move without its runs being done again. The seed stays.
nlohmann::json essential_settings(nlohmann::json document);

// The setting that gives one data set several splits. As an axis of an experiment it repeats each
// cell, as the seeds do, and tables take the mean over its values.
inline constexpr const char* kSplitSeed = "split.seed";
// The axis of a zip that pairs the seeds of runs with those of plugins. Runs that differ on it and on
// such an axis repeat a cell, too, and tables take one mean over them.
inline constexpr const char* kRunSeed = "seed";
// Whether it is kRunSeed, or an axis of a seed that it may be paired with.
bool is_own_seed(const std::string& axis);

// The sha256 (hex) of the essential settings of a run. Runs with equal hashes repeat each other.
std::string run_hash(const RunSpec& run);

// run_hash of the run with each of the seeds, without writing its document anew for each.
std::vector<std::string> run_hashes(const RunSpec& run, const std::vector<int64_t>& seeds);

// The same without the seed: the runs of one cell share it. `document` is the canonical one.
std::string cell_key(const RunSpec& run);
std::string cell_key(const nlohmann::json& document);

// run.yaml: YAML in block style with sorted keys. load_run reads what dump_yaml has written.
std::string dump_yaml(const nlohmann::json& document);
RunSpec load_run(const std::string& path);

}  // namespace lea::spec
