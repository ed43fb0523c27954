// A spec file that has been checked and expanded into runs.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/spec/plugin_info.h"
#include "core/spec/run_spec.h"
#include "core/spec/yaml.h"

namespace lea::spec {

// A run: a cell of the grid with a seed.
struct PlannedRun {
  RunSpec run;
  std::string hash;  // run_hash(run)
  // By axis, the label of the run's value as the spec states it, such as framework: "snqn".
  std::map<std::string, std::string> labels;
  // The runs of one cell stand together and have the same number. They differ in the seed alone.
  size_t cell = 0;
};

struct Experiment {
  std::string name;
  std::string path;
  std::vector<std::string> axes;  // in the order of the spec; the seed is none of them
  std::vector<PlannedRun> runs;   // in the order of the grid, each hash once
  PrepareSection prepare;
  nlohmann::json resolved;  // the spec with `extends` and `--set` applied, for the record
};

// Reads `path`, applies `extends` and the overrides ("train.batch_size=50"), checks everything
// against the sections and the catalogue, and expands the grid. Cells that differ only on axes that
// their framework ignores give the same runs, which are listed once. `models` is the folder whose
// entries are language models by their names, such as that of a lab; "" for none. Throws
// ConfigError. Its message lists all errors, one a line and at most 50, as
//   file:line:col: key: what is wrong, what is allowed, the nearest name
// Specs are read from `buffers` where these have them, otherwise from the disk.
Experiment load_experiment(const std::string& path, const std::vector<std::string>& overrides,
                           const PluginCatalogue& catalogue, const std::string& models = "",
                           const Buffers& buffers = {});

// All errors that load_experiment finds in the spec at `path` without overrides, in the same words
// and order, also beyond the first 50. Empty for a spec that can be run. Whatever a text holds, it
// throws nothing. Files and models that parameters name are looked for but not read, because that
// can take minutes: only load_experiment finds one that breaks off, and two values of an axis that
// are different files of equal content. Throws Cancelled alone, as stop_if_cancelled() does
// (core/base/cancel.h).
std::vector<Diagnostic> check_spec(const std::string& path, const Buffers& buffers,
                                   const PluginCatalogue& catalogue,
                                   const std::string& models = "");

}  // namespace lea::spec
