// The value of a parameter as JSON: whether it fits the declaration, the words for an error, and
// the conversions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/spec/params.h"

namespace lea::spec {

// "an integer from 1 to 16", "one of uniform, pool", "true or false" ...
std::string expected(const ParamInfo& info);

// Empty when `value` fits the declaration, otherwise the reason: "must be an integer from 1 to 16,
// but is 17".
std::string problem_with(const ParamInfo& info, const nlohmann::json& value);

// Whether the value of `info` exceeds that of info.not_above, which it may not: the reason as "must
// not be above clip_max (2), but is 3", otherwise empty. `document` holds the values by name, each
// of which fits its declaration. Empty as well when it lacks one of the two.
std::string problem_of_order(const ParamInfo& info, const nlohmann::json& document);

nlohmann::json to_json(const ParamValue& value);

// Inverse of to_json. Precondition: problem_with(info, value) is empty.
ParamValue value_of(const ParamInfo& info, const nlohmann::json& value);

// Removes the `added` parameters that have their default from `values`, which maps names to values.
// Without this, a parameter that is added after a release would change the hash of every run.
nlohmann::json without_added_defaults(const std::vector<ParamInfo>& infos, nlohmann::json values);

// Inverse of without_added_defaults: gives the `added` parameters that `values` lacks their default.
nlohmann::json with_added_defaults(const std::vector<ParamInfo>& infos, nlohmann::json values);

// The declared names, in their order.
std::vector<std::string> names_of(const std::vector<ParamInfo>& infos);

// How a resolved document states a file or a model: "" for none, otherwise {"path", "sha256"}. A
// hash then depends on what it holds and not on where it lies.
nlohmann::json file_json(const std::string& path, const std::string& sha256);
std::string path_of_file(const nlohmann::json& value);

}  // namespace lea::spec
