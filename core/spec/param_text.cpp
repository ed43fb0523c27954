#include "core/spec/param_text.h"

#include <sstream>

#include "core/base/text.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

const char* type_text(ParamType type) {
  switch (type) {
    case ParamType::kBool:
      return "true or false";
    case ParamType::kInteger:
      return "integer";
    case ParamType::kReal:
      return "number";
    case ParamType::kText:
      return "text";
    case ParamType::kChoice:
      return "choice";
    case ParamType::kFile:
      return "file";
    case ParamType::kModel:
      return "model";
    case ParamType::kEnvironment:
      return "environment";
    case ParamType::kIntegers:
      return "list of integers";
    case ParamType::kReals:
      return "list of numbers";
  }
  return "?";
}

std::string range_text(const ParamInfo& info) {
  if (!info.choices.empty()) return printable(joined(info.choices, " | "));
  std::string text;
  const bool low = info.range.min > std::numeric_limits<double>::lowest();
  const bool high = info.range.max < std::numeric_limits<double>::max();
  if (low && high) text = number(info.range.min) + " to " + number(info.range.max);
  if (low && !high) text = "at least " + number(info.range.min);
  if (high && !low) text = "at most " + number(info.range.max);
  if (!info.not_above.empty())
    text += (text.empty() ? "" : ", ") + ("not above " + printable(info.not_above));
  return text.empty() ? "-" : text;
}

std::string default_text(const ParamInfo& info) {
  const std::string value = info.required ? "(required)" : to_json(info.default_value).dump();
  return printable(value) + (info.added ? " (added)" : "");
}

}  // namespace lea::spec
