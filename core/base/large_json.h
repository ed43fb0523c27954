// Reads JSON files that grow with the number of runs.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace lea {

// As read_json (core/base/json_field.h), for the files that lealab writes with an element for each
// run or artefact of a grid: plans, grids, and its questions to the worker. read_json would take
// the many small values of 60,000 runs for an attempt to exhaust memory. This takes up to 256 MiB,
// and values that need at most 1 GiB: several times what the largest grid has (100,000 runs).
std::optional<nlohmann::json> read_large_json(const std::string& path);

}  // namespace lea
