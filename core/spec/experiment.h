// A spec file, checked and expanded into runs.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/spec/plugin_info.h"
#include "core/spec/run_spec.h"

namespace lea::spec {

// One cell of the grid with one seed.
struct PlannedRun {
  RunSpec run;
  std::string hash;  // run_hash(run)
  std::map<std::string, std::string>
      labels;  // axis -> label as the spec wrote it, e.g. framework -> "snqn"
};

struct Experiment {
  std::string name;
  std::string path;
  std::vector<std::string> axes;  // in the order of the spec, "seed" not included
  std::vector<PlannedRun> runs;   // grid order; cells that became equal by ignored axes are merged
  nlohmann::json resolved;        // the spec with `extends` and `--set` applied, for the record
};

// Reads `path`, applies `extends` and the overrides ("train.batch_size=50"), checks everything
// against the sections and the catalogue, expands the grid. Throws ConfigError whose message lists
// every error found, one a line (at most 50), as
//   file:line:col: key: what, why, nearest name
Experiment load_experiment(const std::string& path, const std::vector<std::string>& overrides,
                           const PluginCatalogue& catalogue);

}  // namespace lea::spec
