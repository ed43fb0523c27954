// What a run was planned as: the file cell.json, written when its folder is made.
//
//   {"uuid", "experiment", "hash", "seed", "labels": {axis: label}, "axes": [axis, ...],
//    "created", "source"}
//
// The file's name is older than the words of today: it describes a run, and its `hash` is the
// run's.
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
  std::string experiment;  // that the run was first planned for
  std::string hash;        // spec::run_hash; of imported ranks, of their content
  std::string created;     // UTC
  int64_t seed = 0;
  std::map<std::string, std::string> labels;  // axis -> label
  std::vector<std::string> axes;              // in the order of the spec, without the seed
  std::string source = "lealab";              // or "imported": ranks of another system
};

// A header with a new uuid and the time of now.
Header new_header(const spec::Experiment& experiment, const spec::PlannedRun& run);

nlohmann::json to_json(const Header& header);

// Throws DataError that names the file and the key.
Header read_header(const Folder& run);

}  // namespace lea::run
