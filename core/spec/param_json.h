// Parameter values as JSON: the one place that says whether a value fits its declaration, and the
// words in which an error names what is allowed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/spec/params.h"

namespace lea::spec {

// "an integer from 1 to 16", "one of uniform, pool", "true or false" ...
std::string expected(const ParamInfo& info);

// Empty when `value` fits, else "must be an integer from 1 to 16, but is 17".
std::string problem_with(const ParamInfo& info, const nlohmann::json& value);

// Empty unless the value of `info` exceeds that of info.not_above, else "must not be above clip_max
// (2), but is 3". `document` holds values that fit; what it lacks is in order.
std::string problem_of_order(const ParamInfo& info, const nlohmann::json& document);

// Precondition: problem_with(info, value) is empty.
ParamValue value_of(const ParamInfo& info, const nlohmann::json& value);

// The declared names, for near misses and "it has ...".
std::vector<std::string> names_of(const std::vector<ParamInfo>& infos);

// A file in a resolved document: "" for none, else {"path", "sha256"}, so that a hash can depend on
// what the file holds and not on where it lies.
nlohmann::json file_json(const std::string& path, const std::string& sha256);
std::string path_of_file(const nlohmann::json& value);

}  // namespace lea::spec
