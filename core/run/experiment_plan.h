// The plan of an experiment: the file lab/experiments/NAME.json, which `lealab run` writes before
// the first run begins.
//
//   {"name", "created", "axes": [...], "spec": {...}, "cells": [{"hash", "seed", "labels"}, ...],
//    "artefacts": [key, ...]}
//
// The key `cells` keeps an old name for compatibility. Each of its elements is a planned run, and
// its `hash` is spec::run_hash, which covers the seed. `artefacts` are those that the runs which
// were still to be done needed; the key is left out when there are none.
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
  std::string created;                 // UTC and a digest; two different plans never share it
  std::vector<std::string> axes;       // in the order of the spec
  nlohmann::json spec;                 // the spec, merged with the specs that it extends
  std::vector<Run> runs;               // in grid order; no two have the same hash and seed
  std::vector<std::string> artefacts;  // keys
};

// lab/experiments/NAME.json. Precondition: is_name(name) (core/base/text.h).
std::string plan_file(const std::string& lab, const std::string& name);

// The paths of the lab's plan files, sorted.
std::vector<std::string> plan_files(const std::string& lab);

// Writes the plan of an experiment. Leaves the file unchanged when it already holds the same plan.
// Throws ConfigError when the experiment's name is not a valid file name.
void save_plan(const std::string& lab, const spec::Experiment& experiment,
               const std::vector<std::string>& artefacts = {});

// Throws DataError that names the file and the key.
ExperimentPlan read_plan(const std::string& path);

// ExperimentPlan::created alone, without reading the runs of the plan. Empty when the file is
// damaged, which read_plan reports.
std::string plan_date(const std::string& path);

}  // namespace lea::run
