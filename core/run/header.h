// The identity of a run: the file cell.json, written when the run's folder is made.
//
//   {"uuid", "experiment", "hash", "seed", "labels": {axis: label}, "axes": [axis, ...],
//    "created", "source", "artefacts": [key, ...]}
//
// The file keeps an old name for compatibility: it describes a run, which is a cell with a seed.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/run/folder.h"
#include "core/spec/experiment.h"

namespace lea::run {

struct Header {
  std::string uuid;
  std::string experiment;  // the experiment that first planned the run
  std::string hash;        // spec::run_hash; for imported ranks: a hash of their content
  std::string created;     // UTC
  int64_t seed = 0;
  std::map<std::string, std::string> labels;  // axis -> label
  std::vector<std::string> axes;              // in the order of the spec, without the seed
  std::string source = "lealab";              // or "imported": ranks of another system
  std::vector<std::string> artefacts = {};    // the keys of those that the run needs
};

// A header with a new uuid and the current time.
Header new_header(const spec::Experiment& experiment, const spec::PlannedRun& run,
                  std::vector<std::string> artefacts = {});

// The labels of a run: "gru4rec snqn"; empty where the spec has no axis but the seed. Printable.
std::string cell_name(const std::vector<std::string>& axes,
                      const std::map<std::string, std::string>& labels);

// Returns the labels and the seed of a run: "gru4rec snqn seed 1". The seed 0 of a run that is not
// trained is not named, so its name is "popularity", or "the run" where there is no label either.
std::string run_name(const std::vector<std::string>& axes,
                     const std::map<std::string, std::string>& labels, int64_t seed);

nlohmann::json to_json(const Header& header);

// Throws DataError that names the file and the key.
Header read_header(const Folder& run);

}  // namespace lea::run
