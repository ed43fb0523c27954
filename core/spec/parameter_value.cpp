// Checks a value of a spec against the declaration of its parameter.
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/param_json.h"
#include "core/spec/resolver.h"

namespace lea::spec {
namespace {

using nlohmann::json;

constexpr const char* kQuotes = "it is text in quotes; remove the quotes";

std::string shown(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "empty";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMap:
      return "a map";
    case Node::Kind::kScalar:
      break;
  }

  return in_backticks(node.text);
}

class ValueReader {
 public:
  ValueReader(const ParamInfo& info, const std::string& key, Errors& errors)
      : info_(info), key_(key), errors_(errors) {}

  json read(const Node& node) {
    switch (info_.type) {
      case ParamType::kBool:
        return boolean(node);
      case ParamType::kInteger:
        return checked(node, integer(node));
      case ParamType::kReal:
        return checked(node, real(node));
      case ParamType::kText:
      case ParamType::kChoice:
      case ParamType::kFile:
      case ParamType::kModel:
      case ParamType::kEnvironment:
        return text(node);
      case ParamType::kIntegers:
        return list(node, &ValueReader::integer);
      case ParamType::kReals:
        return list(node, &ValueReader::real);
    }
    return nullptr;
  }

 private:
  json refuse(const Node& node, const std::string& why = "") {
    errors_.add(
        node.at, key_,
        "must be " + expected(info_) + ", but is " + shown(node) + (why.empty() ? "" : ": " + why));
    return nullptr;
  }
  json boolean(const Node& node) {
    const bool word = node.is_scalar() && (node.text == "true" || node.text == "false");
    if (word && !node.plain) return refuse(node, kQuotes);
    return word ? json(node.text == "true") : refuse(node);
  }
  bool is_number_like(const Node& node, json* refused) {
    if (!node.is_scalar()) {
      *refused = refuse(node);
      return false;
    }
    if (!node.plain) {
      *refused = refuse(node, kQuotes);
      return false;
    }
    return true;
  }
  json integer(const Node& node) {
    json refused;
    if (!is_number_like(node, &refused)) return refused;
    int64_t value = 0;
    const std::string problem = parse_integer(node.text, &value);
    return problem.empty() ? json(value) : refuse(node, problem);
  }
  json real(const Node& node) {
    json refused;
    if (!is_number_like(node, &refused)) return refused;
    double value = 0;
    const std::string problem = parse_real(node.text, &value);
    return problem.empty() ? json(value) : refuse(node, problem);
  }
  json text(const Node& node) {
    if (!node.is_scalar()) return refuse(node);
    const bool any = info_.type != ParamType::kChoice && info_.type != ParamType::kModel;
    if (any) return node.text;
    return checked(node, node.text);
  }
  json list(const Node& node, json (ValueReader::*element)(const Node&)) {
    if (!node.is_list()) {
      return refuse(node, node.is_scalar() ? "write [" + printable(node.text) + "]" : "");
    }
    json values = json::array();
    for (const NodePtr& item : node.items) {
      json value = (this->*element)(*item);
      if (value.is_null()) return nullptr;
      values.push_back(std::move(value));
    }
    return checked(node, values);
  }
  json checked(const Node& node, json value) {
    if (value.is_null()) return value;
    const std::string problem = problem_with(info_, value);
    if (problem.empty()) return value;
    if (!node.is_scalar()) {
      errors_.add(node.at, key_, problem);
      return nullptr;
    }
    // The error shows the text of the spec, such as 1e12, instead of the number that it stands for.
    errors_.add(node.at, key_,
                "must be " + expected(info_) + ", but is " + shown(node) +
                    did_you_mean(node.text, info_.choices));
    return nullptr;
  }

  const ParamInfo& info_;
  const std::string& key_;
  Errors& errors_;
};

}  // namespace

json scalar_value(const ParamInfo& info, const Node& node, const std::string& key, Errors& errors) {
  return ValueReader(info, key, errors).read(node);
}

}  // namespace lea::spec
