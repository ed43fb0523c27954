// What an experiment plans: the file lab/experiments/NAME.json, written by `lealab run` before the
// first run begins.
//
//   {"name", "created", "axes": [...], "spec": {...}, "cells": [{"hash", "seed", "labels"}, ...]}
//
// The key `cells` is older than the words of today: each element is a run, and its `hash` is the
// run's.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/spec/experiment.h"

namespace lea::run {

struct ExperimentPlan {
  struct Run {
    std::string hash;
    int64_t seed = 0;
    std::map<std::string, std::string> labels;  // axis -> label
  };
  std::string name;
  std::string created;            // UTC and a digest: another plan has another text
  std::vector<std::string> axes;  // in the order of the spec
  nlohmann::json spec;            // the spec with all that it extends
  std::vector<Run> runs;          // in grid order; no two have the same hash and seed
};

// lab/experiments/NAME.json. The name must be one (is_name of core/base/text.h).
std::string plan_file(const std::string& lab, const std::string& name);

// The plan files of the lab, sorted.
std::vector<std::string> plan_files(const std::string& lab);

// Writes the plan of an experiment. The same plan again leaves the file as it is. Throws
// ConfigError for a name that cannot be a file's.
void save_plan(const std::string& lab, const spec::Experiment& experiment);

// Throws DataError that names the file and the key.
ExperimentPlan read_plan(const std::string& path);

}  // namespace lea::run
