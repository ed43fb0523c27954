#include "gui/model/form_outline.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/default_label.h"
#include "core/spec/param_json.h"
#include "core/spec/resolver.h"
#include "core/spec/run_spec.h"
#include "core/spec/yaml_places.h"

namespace lea::gui {
namespace {

constexpr const char* kAnyFile = "spec";

bool is_list(const ParamInfo& info) {
  return info.type == ParamType::kIntegers || info.type == ParamType::kReals;
}

std::string listed(const std::vector<spec::NodePtr>& items) {
  std::vector<std::string> words;
  for (const spec::NodePtr& item : items) words.push_back(spec::in_flow(*item));
  return words.empty() ? "" : joined(words);
}

std::string first_of(const spec::Errors& errors) {
  const std::vector<spec::Diagnostic> found = errors.sorted();
  return found.empty() ? "" : found.front().text;
}

bool same_place(const spec::Location& a, const spec::Location& b) {
  return a.source && b.source && a.source->name == b.source->name && a.line == b.line &&
         a.column == b.column;
}

// What an error says, without its place and key.
std::string reason_in(const spec::Diagnostic& error) {
  std::string text = error.text;
  for (const std::string& head : {error.location.text() + ": ", error.key + ": "}) {
    if (head.size() > 2 && text.starts_with(head)) text.erase(0, head.size());
  }
  return text;
}

bool is_about(const std::string& key, const std::string& group) {
  return key == group || (key.starts_with(group) && key.size() > group.size() &&
                          (key[group.size()] == '.' || key[group.size()] == '['));
}

bool give(const spec::Diagnostic& error, FormOutline* outline) {
  const std::string reason = reason_in(error);
  for (const bool by_place : {true, false}) {
    for (FormGroup& group : outline->groups) {
      for (FormField& field : group.fields) {
        const bool meant =
            by_place ? field.origin == Origin::kHere && same_place(field.at, error.location)
                     : field.key == error.key;
        if (!meant) continue;
        if (field.error.empty()) field.error = reason;
        return true;
      }
    }
    for (FormAxis& axis : outline->axes) {
      const std::string key =
          axis.kind == FormAxis::Kind::kSeeds || axis.kind == FormAxis::Kind::kPresets
              ? axis.key
              : "grid." + axis.key;
      const bool meant = by_place ? same_place(axis.at, error.location)
                                  : is_about(error.key, key) || error.key == axis.key;
      if (!meant) continue;
      if (axis.error.empty()) axis.error = reason;
      return true;
    }
  }
  for (FormGroup& group : outline->groups) {
    if (!is_about(error.key, group.id)) continue;
    if (group.error.empty()) group.error = reason;
    return true;
  }
  return false;
}

// What the text extends, without the text.
spec::NodePtr below(const FormOutline& outline, const std::string& path) {
  const spec::Entry* extends = outline.own->find("extends");
  spec::Errors ignored;
  spec::NodePtr root;
  if (extends) {
    const std::string text = "extends: " + spec::in_flow(*extends->value) + "\n";
    root = spec::load_layers(path, {}, {{path, text}}, ignored).root;
  }
  return root ? root : spec::make_map({}, outline.own->at);
}

}  // namespace

bool FormField::differs() const {
  if (place.kind == FieldPlace::Kind::kPlugin) return origin != Origin::kDefault;
  return origin != Origin::kDefault && value != default_text(info);
}

size_t FormAxis::checked() const {
  return static_cast<size_t>(
      std::count_if(items.begin(), items.end(), [](const AxisItem& item) { return item.checked; }));
}

const FormField* FormOutline::field(const std::string& key) const {
  for (const FormGroup& group : groups) {
    for (const FormField& field : group.fields) {
      if (field.key == key) return &field;
    }
  }
  return nullptr;
}

const FormAxis* FormOutline::axis(const std::string& key) const {
  const auto found =
      std::find_if(axes.begin(), axes.end(), [&](const FormAxis& axis) { return axis.key == key; });
  return found == axes.end() ? nullptr : &*found;
}

FormOutline read_form(const SpecText& spec) {
  FormOutline outline;
  spec::Errors errors;
  const std::string path = spec.path.empty() ? kAnyFile : spec.path;
  const auto source = std::make_shared<const spec::Source>(
      spec::Source{path, std::filesystem::path(path).parent_path().string(), 0, true});
  const bool has_content = spec::skip_space(spec.text, 0) < spec.text.size();
  outline.own = has_content ? spec::parse_yaml(spec.text, source, errors)
                            : spec::make_map({}, spec::Location{source});
  if (outline.own && !outline.own->is_map())
    errors.add(outline.own->at, "", "must be a map of settings, such as `name: my_experiment`");
  if (!errors.empty()) {
    outline.problem = first_of(errors);
    return outline;
  }
  outline.merged = outline.own;
  outline.source = source;
  if (has_content) {
    spec::Errors of_files;  // whoever checks the spec reports them
    const spec::Layers layers = spec::load_layers(path, {}, {{path, spec.text}}, of_files);
    if (layers.root && layers.spec) {
      outline.merged = layers.root;
      outline.source = layers.spec;
    } else {
      outline.problem = first_of(of_files);
      if (!outline.problem.empty()) return outline;
    }
  }
  outline.below = below(outline, path);
  if (const spec::Entry* declared = outline.merged->find("environments")) {
    for (const spec::Entry& entry : declared->value->entries)
      outline.environments.push_back(entry.key);
  }
  outline.groups = read_groups(outline, *spec.facts);
  outline.axes = read_axes(outline, *spec.facts);
  return outline;
}

std::vector<spec::Diagnostic> take_errors(const std::vector<spec::Diagnostic>& errors,
                                          FormOutline* outline) {
  std::vector<spec::Diagnostic> others;
  for (const spec::Diagnostic& error : errors) {
    if (!give(error, outline)) others.push_back(error);
  }
  return others;
}

spec::NodePtr value_at(const spec::NodePtr& document, const spec::Path& path) {
  spec::NodePtr node = document;
  for (const spec::Step& step : path) {
    if (!node) return nullptr;
    if (const size_t* index = std::get_if<size_t>(&step)) {
      if (*index >= node->items.size()) return nullptr;
      node = node->items[*index];
    } else {
      const spec::Entry* entry = node->find(std::get<std::string>(step));
      if (!entry) return nullptr;
      node = entry->value;
    }
  }
  return node;
}

std::string field_text(const ParamInfo& info, const spec::Node& value) {
  if (value.is_scalar()) return value.text;
  if (is_list(info) && value.is_list()) return listed(value.items);
  return value.is_null() ? "" : spec::in_flow(value);
}

std::string default_text(const ParamInfo& info) {
  if (info.required) return "";
  const nlohmann::json value = spec::to_json(info.default_value);
  if (!value.is_array()) return spec::value_label(value);
  std::vector<std::string> words;
  for (const nlohmann::json& item : value) words.push_back(item.dump());
  return words.empty() ? "" : joined(words);
}

std::string field_yaml(const ParamInfo& info, const std::string& text) {
  switch (info.type) {
    case ParamType::kBool:
    case ParamType::kInteger:
    case ParamType::kReal:
      return text;
    case ParamType::kIntegers:
    case ParamType::kReals:
      return "[" + text + "]";
    case ParamType::kEnvironment:
      if (text.starts_with('{')) return text;  // one that is spelt out
      break;
    default:
      break;
  }
  return yaml_text(text);
}

std::string yaml_text(const std::string& text) {
  spec::Errors ignored;
  const auto source = std::make_shared<const spec::Source>();
  const spec::NodePtr node = spec::parse_yaml(spec::dump_yaml(text), source, ignored);
  return node ? spec::in_flow(*node) : "\"\"";
}

std::string bracketed(const std::string& yaml) { return "[" + yaml + "]"; }
std::string braced(const std::string& yaml) { return "{" + yaml + "}"; }

std::string value_problem(const ParamInfo& info, const std::string& text) {
  if (info.required && text.empty()) return "must be " + spec::expected(info);
  spec::Errors errors;
  const auto source = std::make_shared<const spec::Source>(spec::Source{"form", "", 0, false});
  const spec::NodePtr node = spec::parse_yaml(field_yaml(info, text), source, errors);
  const bool spelt_out = node && node->is_map() && info.type == ParamType::kEnvironment;
  if (node && !spelt_out) spec::scalar_value(info, *node, "value", errors);
  return errors.empty() ? "" : reason_in(errors.sorted().front());
}

Origin origin_of(const FormOutline& outline, const spec::Location& at) {
  return at.source == outline.source ? Origin::kHere : Origin::kBelow;
}

std::string file_of(const spec::Location& at) {
  return at.source ? std::filesystem::path(at.source->name).filename().string() : "";
}

}  // namespace lea::gui
