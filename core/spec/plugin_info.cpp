#include "core/spec/plugin_info.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 9> kTypeNames = {
    "bool", "integer", "real", "text", "choice", "file", "environment", "integers", "reals"};

std::string last_part(const std::string& id) {
  const size_t dot = id.rfind('.');
  return dot == std::string::npos ? id : id.substr(dot + 1);
}

// Fields of a document that another program wrote: each is checked before it is used.
class Document {
 public:
  Document(const json& document, std::string what) : document_(document), what_(std::move(what)) {
    if (!document.is_object()) fail("must be an object");
  }
  const json& field(const char* name) const {
    const auto found = document_.find(name);
    if (found == document_.end()) fail(std::string("lacks `") + name + "`");
    return *found;
  }
  std::string text(const char* name) const {
    const json& value = field(name);
    if (!value.is_string()) fail(std::string("`") + name + "` must be text");
    return value.get<std::string>();
  }
  bool boolean(const char* name) const {
    const json& value = field(name);
    if (!value.is_boolean()) fail(std::string("`") + name + "` must be true or false");
    return value.get<bool>();
  }
  std::vector<std::string> texts(const char* name) const {
    const json& value = field(name);
    const bool fits = value.is_array() && std::all_of(value.begin(), value.end(),
                                                      [](const json& v) { return v.is_string(); });
    if (!fits) fail(std::string("`") + name + "` must be a list of texts");
    return value.get<std::vector<std::string>>();
  }
  int64_t count(const char* name) const {
    const json& value = field(name);
    if (!value.is_number_unsigned() || value.get<uint64_t>() > uint64_t{INT64_MAX})
      fail(std::string("`") + name + "` must be an integer of at least 0");
    return value.get<int64_t>();
  }
  // Null stands for infinity, which JSON does not have.
  double bound(const char* name, double infinity) const {
    const json& value = field(name);
    if (value.is_null()) return infinity;
    if (!value.is_number()) fail(std::string("`") + name + "` must be a number or null");
    return value.get<double>();
  }
  [[noreturn]] void fail(const std::string& problem) const {
    throw ConfigError("the description of a " + what_ + " " + printable(problem));
  }

 private:
  const json& document_;
  std::string what_;
};

bool is_number(const ParamInfo& info) {
  return info.type == ParamType::kInteger || info.type == ParamType::kReal;
}

void check_order(const ParamInfo& low, const std::vector<ParamInfo>& infos,
                 const Document& document) {
  if (low.not_above.empty()) return;
  const auto high = std::find_if(infos.begin(), infos.end(),
                                 [&](const ParamInfo& i) { return i.name == low.not_above; });
  if (high != infos.end() && is_number(low) && is_number(*high)) return;
  document.fail("orders `" + low.name + "` and `" + low.not_above +
                "`, which are not both declared as numbers");
}

json bound_json(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

}  // namespace

PluginCatalogue::PluginCatalogue(std::vector<PluginInfo> plugins) : plugins_(std::move(plugins)) {
  std::stable_sort(plugins_.begin(), plugins_.end(), [](const PluginInfo& a, const PluginInfo& b) {
    return std::tie(a.kind, a.id) < std::tie(b.kind, b.id);
  });
}

const PluginInfo* PluginCatalogue::find(const std::string& kind, const std::string& name) const {
  std::vector<const PluginInfo*> short_matches;
  for (const PluginInfo& plugin : plugins_) {
    if (plugin.kind != kind) continue;
    if (plugin.id == name) return &plugin;
    if (last_part(plugin.id) == name) short_matches.push_back(&plugin);
  }
  if (short_matches.size() > 1) {
    std::vector<std::string> ids;
    for (const PluginInfo* plugin : short_matches) ids.push_back(plugin->id);
    throw ConfigError(in_backticks(name) + " is ambiguous: it can be " + joined(ids) +
                      "; write the full id");
  }
  return short_matches.empty() ? nullptr : short_matches.front();
}

std::vector<std::string> PluginCatalogue::names(const std::string& kind) const {
  std::vector<std::string> names;
  for (const PluginInfo& plugin : plugins_) {
    if (plugin.kind == kind) names.push_back(plugin.id);
  }
  return names;
}

json to_json(const ParamValue& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

json to_json(const ParamInfo& info) {
  return {{"name", info.name},
          {"type", kTypeNames.at(static_cast<size_t>(info.type))},
          {"default", to_json(info.default_value)},
          {"min", bound_json(info.range.min)},
          {"max", bound_json(info.range.max)},
          {"choices", info.choices},
          {"meaning", info.meaning},
          {"required", info.required},
          {"not_above", info.not_above}};
}

json to_json(const PluginInfo& info) {
  json params = json::array();
  for (const ParamInfo& param : info.params) params.push_back(to_json(param));
  return {{"id", info.id},
          {"kind", info.kind},
          {"version", info.version},
          {"summary", info.summary},
          {"params", params},
          {"uses", info.uses},
          {"min_negatives", info.min_negatives},
          {"gives_state", info.gives_state},
          {"file", info.file},
          {"sha256", info.sha256}};
}

ParamInfo param_from_json(const json& document) {
  const Document fields(document, "parameter");
  ParamInfo info;
  info.name = fields.text("name");
  const std::string type = fields.text("type");
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), type);
  if (found == kTypeNames.end()) fields.fail("has the unknown type `" + type + "`");
  info.type = static_cast<ParamType>(found - kTypeNames.begin());
  info.range.min = fields.bound("min", -std::numeric_limits<double>::infinity());
  info.range.max = fields.bound("max", std::numeric_limits<double>::infinity());
  info.choices = fields.texts("choices");
  info.meaning = fields.text("meaning");
  info.required = fields.boolean("required");
  info.not_above = fields.text("not_above");
  const json& value = fields.field("default");
  if (info.type == ParamType::kEnvironment) {
    info.default_value = std::string();  // always required: there is nothing to fall back on
    return info;
  }
  const std::string problem = problem_with(info, value);
  if (!problem.empty()) fields.fail("`" + info.name + "` has a wrong default: it " + problem);
  info.default_value = value_of(info, value);
  return info;
}

PluginInfo plugin_from_json(const json& document) {
  const Document fields(document, "plugin");
  PluginInfo info;
  info.id = fields.text("id");
  info.kind = fields.text("kind");
  info.version = fields.text("version");
  info.summary = fields.text("summary");
  const json& params = fields.field("params");
  if (!params.is_array()) fields.fail("`params` must be a list");
  for (const json& param : params) info.params.push_back(param_from_json(param));
  for (const ParamInfo& param : info.params) check_order(param, info.params, fields);
  info.uses = fields.texts("uses");
  info.min_negatives = fields.count("min_negatives");
  info.gives_state = fields.boolean("gives_state");
  info.file = fields.text("file");
  info.sha256 = fields.text("sha256");
  return info;
}

ParamValues to_values(const std::vector<ParamInfo>& infos, const json& params,
                      const std::string& where) {
  if (!params.is_object()) throw ConfigError(where + ": must be an object of parameters");
  ParamValues values;
  for (const auto& [key, value] : params.items()) {
    const std::string& name = key;  // Clang 14 captures no structured binding
    const auto info = std::find_if(infos.begin(), infos.end(),
                                   [&](const ParamInfo& i) { return i.name == name; });
    if (info == infos.end()) {
      throw ConfigError(where + ": " + printable(name) + ": unknown parameter" +
                        did_you_mean(name, names_of(infos)) + " (it has " +
                        joined(names_of(infos)) + ")");
    }
    const std::string problem = problem_with(*info, value);
    if (!problem.empty()) throw ConfigError(where + ": " + printable(name) + ": " + problem);
    values[name] = value_of(*info, value);
  }
  for (const ParamInfo& info : infos) {
    if (info.required && !values.contains(info.name)) {
      throw ConfigError(where + ": " + info.name + ": is required (" + info.meaning + ")");
    }
    const std::string problem = problem_of_order(info, params);
    if (!problem.empty()) throw ConfigError(where + ": " + info.name + ": " + problem);
  }
  return values;
}

}  // namespace lea::spec
