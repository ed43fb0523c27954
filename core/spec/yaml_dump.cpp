// Writes YAML: a JSON document in block style, which parse_yaml and plain_json give back, and a Node
// on one line.
#include <algorithm>

#include "core/spec/run_spec.h"
#include "core/spec/yaml.h"

namespace lea::spec {
namespace {

using nlohmann::json;

// Whether every YAML reader takes the text without quotes for this very text, and for nothing else.
bool reads_as_text(const std::string& text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-';
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), plain)) return false;
  const char first = text[0];
  if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/')) {
    return false;  // it could be a number, a date, `-` or `...`
  }
  static const char* const kWords[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower;
  for (const char c : text) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return std::none_of(std::begin(kWords), std::end(kWords),
                      [&](const char* word) { return lower == word; });
}

// JSON's strings are double-quoted scalars of YAML, and its numbers and words are those of YAML.
std::string in_quotes(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string scalar(const json& value) {
  if (value.is_string() && reads_as_text(value.get<std::string>())) return value.get<std::string>();
  return in_quotes(value);
}

void write(const json& value, size_t indent, std::string* out) {
  const std::string space(indent, ' ');
  const auto write_value = [&](const json& item) {
    if (item.is_structured() && !item.empty()) {
      *out += '\n';
      write(item, indent + 2, out);
    } else {
      *out += ' ' + scalar(item) + '\n';
    }
  };
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      *out += space + scalar(key) + ':';
      write_value(item);
    }
  } else {
    for (const json& item : value) {
      *out += space + '-';
      write_value(item);
    }
  }
}

// Whether a scalar without quotes keeps its meaning in brackets.
bool fits_in_flow(const std::string& text) {
  return text.find_first_of(",[]{}?\n") == std::string::npos && !text.empty() &&
         text.back() != ':' && text != "-";
}

}  // namespace

std::string key_in_flow(const std::string& key) { return scalar(key); }

std::string in_flow(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return node.plain && fits_in_flow(node.text) ? node.text : in_quotes(node.text);
    case Node::Kind::kList:
      for (const NodePtr& item : node.items) text += (text.empty() ? "" : ", ") + in_flow(*item);
      return "[" + text + "]";
    case Node::Kind::kMap:
      for (const Entry& entry : node.entries) {
        text += (text.empty() ? "" : ", ") + key_in_flow(entry.key) + ": " + in_flow(*entry.value);
      }
      return "{" + text + "}";
  }
  return text;
}

std::string dump_yaml(const json& document) {
  if (!document.is_structured() || document.empty()) return scalar(document) + '\n';
  std::string out;
  write(document, 0, &out);
  return out;
}

}  // namespace lea::spec
