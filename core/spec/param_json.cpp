#include "core/spec/param_json.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/text.h"

namespace lea::spec {
namespace {

using nlohmann::json;

constexpr size_t kShownBytes = 60;  // how much of a wrong value an error shows

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

std::string bounds(const Range& range) {
  const bool low = std::isfinite(range.min), high = std::isfinite(range.max);
  if (low && high) return " from " + number(range.min) + " to " + number(range.max);
  if (low) return " of at least " + number(range.min);
  if (high) return " of at most " + number(range.max);
  return "";
}

bool inside(const Range& range, double value) {
  return std::isfinite(value) && value >= range.min && value <= range.max;
}

// Whether a JSON value is an integer that fits into int64_t. get<int64_t> would wrap a larger one.
bool is_int64(const json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>() <= uint64_t{INT64_MAX};
  return value.is_number_integer();
}

bool is_file(const json& value) {
  if (value.is_string()) return true;
  return value.is_object() && value.size() == 2 && value.contains("path") &&
         value["path"].is_string() && value.contains("sha256") && value["sha256"].is_string();
}

bool is_environment(const json& value) {
  return value.is_object() && value.size() == 2 && value.contains("id") &&
         value["id"].is_string() && value.contains("params") && value["params"].is_object();
}

template <class Test>
bool all(const json& value, Test test) {
  return value.is_array() && std::all_of(value.begin(), value.end(), test);
}

bool fits(const ParamInfo& info, const json& value) {
  const auto integer = [&](const json& v) {
    return is_int64(v) && inside(info.range, static_cast<double>(v.get<int64_t>()));
  };
  const auto real = [&](const json& v) {
    return v.is_number() && inside(info.range, v.get<double>());
  };
  switch (info.type) {
    case ParamType::kBool:
      return value.is_boolean();
    case ParamType::kInteger:
      return integer(value);
    case ParamType::kReal:
      return real(value);
    case ParamType::kText:
      return value.is_string();
    case ParamType::kChoice:
      return value.is_string() && std::find(info.choices.begin(), info.choices.end(),
                                            value.get<std::string>()) != info.choices.end();
    case ParamType::kFile:
      return is_file(value);
    case ParamType::kModel:
      return is_file(value) && !path_of_file(value).empty();
    case ParamType::kEnvironment:
      return is_environment(value);
    case ParamType::kIntegers:
      return all(value, integer);
    case ParamType::kReals:
      return all(value, real);
  }
  return false;
}

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + "...";
  return printable(text);
}

}  // namespace

std::string expected(const ParamInfo& info) {
  switch (info.type) {
    case ParamType::kBool:
      return "true or false";
    case ParamType::kInteger:
      return "an integer" + bounds(info.range);
    case ParamType::kReal:
      return "a number" + bounds(info.range);
    case ParamType::kText:
      return "text";
    case ParamType::kChoice:
      return "one of " + joined(info.choices);
    case ParamType::kFile:
      return "the path of a file";
    case ParamType::kModel:
      return "the folder of a language model, or its name in the lab's models";
    case ParamType::kEnvironment:
      return "the name of an environment";
    case ParamType::kIntegers:
      return "a list of integers" +
             (bounds(info.range).empty() ? "" : ", each" + bounds(info.range));
    case ParamType::kReals:
      return "a list of numbers" +
             (bounds(info.range).empty() ? "" : ", each" + bounds(info.range));
  }
  return "";
}

std::string problem_with(const ParamInfo& info, const json& value) {
  if (fits(info, value)) return "";
  std::string problem = "must be " + expected(info) + ", but is " + shown(value);
  if (info.type == ParamType::kChoice && value.is_string()) {
    problem += did_you_mean(value.get<std::string>(), info.choices);
  }
  return problem;
}

std::string problem_of_order(const ParamInfo& info, const json& document) {
  const auto low = document.find(info.name), high = document.find(info.not_above);
  if (info.not_above.empty() || low == document.end() || high == document.end()) return "";
  if (low->get<double>() <= high->get<double>()) return "";
  return "must not be above " + printable(info.not_above) + " (" + shown(*high) + "), but is " +
         shown(*low);
}

json to_json(const ParamValue& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

ParamValue value_of(const ParamInfo& info, const json& value) {
  switch (info.type) {
    case ParamType::kBool:
      return value.get<bool>();
    case ParamType::kInteger:
      return value.get<int64_t>();
    case ParamType::kReal:
      return value.get<double>();
    case ParamType::kText:
    case ParamType::kChoice:
      return value.get<std::string>();
    case ParamType::kFile:
    case ParamType::kModel:
      return path_of_file(value);
    case ParamType::kEnvironment:
      return value.dump();
    case ParamType::kIntegers:
      return value.get<std::vector<int64_t>>();
    case ParamType::kReals:
      return value.get<std::vector<double>>();
  }
  return false;
}

json without_added_defaults(const std::vector<ParamInfo>& infos, json values) {
  for (const ParamInfo& info : infos) {
    const auto value = values.find(info.name);
    if (info.added && value != values.end() && *value == to_json(info.default_value)) {
      values.erase(value);
    }
  }
  return values;
}

json with_added_defaults(const std::vector<ParamInfo>& infos, json values) {
  for (const ParamInfo& info : infos) {
    if (info.added && !values.contains(info.name)) values[info.name] = to_json(info.default_value);
  }
  return values;
}

std::vector<std::string> names_of(const std::vector<ParamInfo>& infos) {
  std::vector<std::string> names;
  for (const ParamInfo& info : infos) names.push_back(info.name);
  return names;
}

json file_json(const std::string& path, const std::string& sha256) {
  if (path.empty()) return "";
  return {{"path", path}, {"sha256", sha256}};
}

std::string path_of_file(const json& value) {
  return value.is_string() ? value.get<std::string>() : value["path"].get<std::string>();
}

}  // namespace lea::spec
