// The points of a run's curves in the records of its events.jsonl.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "db/store/store.h"

namespace lea::lab {

// A point for each finite number of a record of training or validation; none for other records.
// Training writes NaN as null, which is skipped. `path` names the file in errors. Throws DataError
// for a record without its step.
std::vector<db::CurvePoint> curve_points(const nlohmann::json& record, const std::string& path);

}  // namespace lea::lab
