// One resolved run: every default spelt out, every name a full id. This is what is hashed, stored
// as run.yaml and handed to a worker.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/spec/sections.h"

namespace lea::spec {

// A plugin with all its parameters. `params` maps every declared name to its value; a parameter of
// type environment holds another {"id", "params"} object, and one of type file is "" or {"path",
// "sha256"}, so that a hash depends on content, never on names or places. An empty id means "none".
struct PluginUse {
  std::string id;
  nlohmann::json params = nlohmann::json::object();
  bool none() const { return id.empty(); }
};

struct RunSpec {
  DataSection data;
  SplitSection split;
  TrainSection train;
  NegativesSection negatives;
  EvaluateSection evaluate;
  PluginUse backbone, framework, reward, state, augment;
  StateSection state_use;      // meaningful when there is a state
  AugmentSection augment_use;  // meaningful when there is an augmenter
  int64_t seed = 1;            // 0 when the framework does not train

  // False when the framework ignores the section; it then holds defaults and is null in the
  // document.
  bool reads_train = true;
  bool reads_negatives = true;
  // Of split.path, empty without one. A worker compares it before it trains.
  std::string split_sha256;
};

// The canonical document of a run: {"data": {...}, ..., "backbone": {"id", "params"} | null,
// "seed": n}. Keys are sorted; whatever the framework ignores is null.
nlohmann::json to_json(const RunSpec& run);

// Inverse of to_json. Throws ConfigError on an unknown key or a wrong type; `where` names the file.
// A parameter of a section that the document lacks (it is older) has its default.
RunSpec run_from_json(const nlohmann::json& document, const std::string& where);

// Hash of a cell: sha256 (hex) of the canonical document without what cannot change a result:
// data.path and data.format (the data set in the lab is what counts; its fingerprint is in the
// result), train.log_every, and the path, but not the sha256, of every file. A lab or a file can
// therefore move without its runs being done again, and a file that changed means other cells. Runs
// with equal hashes are repetitions of each other.
std::string run_hash(const RunSpec& run);
nlohmann::json without_what_changes_no_result(nlohmann::json document);

// The section `evaluate` of a canonical document; what it lacks has its default. Throws ConfigError
// that names `where`.
EvaluateSection evaluate_section(const nlohmann::json& document, const std::string& where);

// run.yaml, written by dump and read back by load. The text is YAML in block style with sorted
// keys.
std::string dump_yaml(const nlohmann::json& document);
RunSpec load_run(const std::string& path);

}  // namespace lea::spec
