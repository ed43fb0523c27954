#include "core/spec/plugin_info.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <tuple>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/artefact_json.h"
#include "core/spec/asked.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 10> kTypeNames = {"bool",   "integer", "real",        "text",
                                                    "choice", "file",    "environment", "integers",
                                                    "reals",  "model"};
constexpr std::array<const char*, 3> kRowNames = {"", "events", "histories"};

std::string last_part(const std::string& id) {
  const size_t dot = id.rfind('.');
  return dot == std::string::npos ? id : id.substr(dot + 1);
}

bool is_number(const ParamInfo& info) {
  return info.type == ParamType::kInteger || info.type == ParamType::kReal;
}

void check_order(const ParamInfo& low, const std::vector<ParamInfo>& infos,
                 const std::string& where) {
  if (low.not_above.empty()) return;
  const auto high = std::find_if(infos.begin(), infos.end(),
                                 [&](const ParamInfo& i) { return i.name == low.not_above; });
  if (high != infos.end() && is_number(low) && is_number(*high)) return;
  throw DataError(where + ": parameter " + in_backticks(low.name) + ": not_above: this and " +
                  in_backticks(low.not_above) + " must both be declared as numbers");
}

// Null stands for infinity, which JSON does not have.
json bound_json(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

json param_json(const ParamInfo& info) {
  return {{"name", info.name},
          {"type", kTypeNames.at(static_cast<size_t>(info.type))},
          {"default", to_json(info.default_value)},
          {"min", bound_json(info.range.min)},
          {"max", bound_json(info.range.max)},
          {"choices", info.choices},
          {"meaning", info.meaning},
          {"required", info.required},
          {"not_above", info.not_above},
          {"added", info.added},
          {"rows", kRowNames.at(static_cast<size_t>(info.rows))}};
}

// `plugin` and `place` name the parameter in messages until its own name is known.
ParamInfo param_from_json(const json& document, const std::string& plugin,
                          const std::string& place) {
  ParamInfo info;
  info.name = JsonFields(document, plugin + ": " + place).text("name");
  const JsonFields fields(document, plugin + ": parameter " + in_backticks(info.name));
  const std::string type = fields.text("type");
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), type);
  if (found == kTypeNames.end()) fields.fail("type", "is unknown: " + in_backticks(type));
  info.type = static_cast<ParamType>(found - kTypeNames.begin());
  info.range.min = fields.number("min", -std::numeric_limits<double>::infinity());
  info.range.max = fields.number("max", std::numeric_limits<double>::infinity());
  info.choices = fields.texts("choices");
  info.meaning = fields.text("meaning");
  info.required = fields.boolean("required", false);
  info.not_above = fields.text("not_above");
  info.added = fields.boolean("added", false);
  const std::string rows = fields.text("rows", "");
  const auto known_rows = std::find(kRowNames.begin(), kRowNames.end(), rows);
  if (known_rows == kRowNames.end()) fields.fail("rows", "is unknown: " + in_backticks(rows));
  info.rows = static_cast<FileRows>(known_rows - kRowNames.begin());
  // These are always required, so nothing reads their default.
  const bool without_default =
      info.type == ParamType::kEnvironment || info.type == ParamType::kModel;
  if (info.added && (info.required || without_default)) {
    const bool environment = info.type == ParamType::kEnvironment;
    fields.fail("added", std::string("is declared for ") +
                             (environment ? "an environment" : "a required parameter") +
                             ", but only a parameter with a default can be added after a release");
  }
  if (without_default) {
    info.default_value = std::string();
    return info;
  }
  const json& value = fields.at("default");
  const std::string problem = problem_with(info, value);
  if (!problem.empty()) fields.fail("default", problem);
  info.default_value = value_of(info, value);
  return info;
}

}  // namespace

std::string why_refused(const std::vector<RefusedLibrary>& refused, const std::string& kind,
                        const std::string& name) {
  const auto named = [&](const PluginName& plugin) {
    return (kind.empty() || plugin.kind == kind) &&
           (equal_without_case(plugin.id, name) || equal_without_case(last_part(plugin.id), name));
  };
  for (const RefusedLibrary& library : refused) {
    const bool provides =
        library.provides.empty()
            ? equal_without_case(std::filesystem::path(library.file).stem().string(),
                                 last_part(name))
            : std::any_of(library.provides.begin(), library.provides.end(), named);
    if (!provides) continue;
    const std::string file = printable(library.file);
    return library.reason.starts_with(file) ? library.reason : file + ": " + library.reason;
  }
  return "";
}

PluginCatalogue::PluginCatalogue(std::vector<PluginInfo> plugins,
                                 std::vector<RefusedLibrary> refused)
    : plugins_(std::move(plugins)), refused_(std::move(refused)) {
  std::stable_sort(plugins_.begin(), plugins_.end(), [](const PluginInfo& a, const PluginInfo& b) {
    return std::tie(a.kind, a.id) < std::tie(b.kind, b.id);
  });
}

const PluginInfo* PluginCatalogue::find(const std::string& kind, const std::string& name) const {
  for (const PluginInfo& plugin : plugins_) {
    if (plugin.kind == kind && plugin.id == name) return &plugin;
  }
  using Same = bool (*)(const std::string& id, const std::string& name);
  constexpr Same kFromStrictToLoose[] = {
      [](const std::string& id, const std::string& name) { return last_part(id) == name; },
      [](const std::string& id, const std::string& name) { return equal_without_case(id, name); },
      [](const std::string& id, const std::string& name) {
        return equal_without_case(last_part(id), name);
      }};
  std::vector<const PluginInfo*> matches;
  for (const Same same : kFromStrictToLoose) {
    for (const PluginInfo& plugin : plugins_) {
      if (plugin.kind == kind && same(plugin.id, name)) matches.push_back(&plugin);
    }
    if (!matches.empty()) break;
  }
  if (matches.size() > 1) {
    std::vector<std::string> ids;
    for (const PluginInfo* plugin : matches) ids.push_back(plugin->id);
    throw ConfigError(in_backticks(name) + " is ambiguous: it can be " + joined(ids) +
                      "; write the full id");
  }
  return matches.empty() ? nullptr : matches.front();
}

std::vector<std::string> PluginCatalogue::names(const std::string& kind) const {
  std::vector<std::string> names;
  for (const PluginInfo& plugin : plugins_) {
    if (plugin.kind == kind) names.push_back(plugin.id);
  }
  return names;
}

json to_json(const PluginInfo& info) {
  json params = json::array(), artefacts = json::array();
  for (const ParamInfo& param : info.params) params.push_back(param_json(param));
  for (const Artefact& artefact : info.artefacts) artefacts.push_back(to_json(artefact));
  return {{"id", info.id},
          {"kind", info.kind},
          {"version", info.version},
          {"summary", info.summary},
          {"params", params},
          {"uses", info.uses},
          {"min_negatives", info.min_negatives},
          {"gives_state", info.gives_state},
          {"needs_pool", info.needs_pool},
          {"chooses", info.chooses},
          {"list_words", info.list_words},
          {"asks", info.asks},
          {"artefacts", artefacts},
          {"file", info.file},
          {"sha256", info.sha256}};
}

PluginInfo plugin_from_json(const json& document) {
  PluginInfo info;
  info.id = JsonFields(document, "a plugin's description").text("id");
  const std::string where = "plugin " + printable(info.id);
  const JsonFields fields(document, where);
  info.kind = fields.text("kind");
  info.version = fields.text("version");
  info.summary = fields.text("summary");
  const json& params = fields.at("params");
  if (!params.is_array()) fields.fail("params", "must be a list");
  for (size_t i = 0; i < params.size(); ++i) {
    info.params.push_back(param_from_json(params[i], where, "params[" + std::to_string(i) + "]"));
  }
  for (const ParamInfo& param : info.params) check_order(param, info.params, where);
  info.uses = fields.texts("uses");
  info.min_negatives = fields.integer("min_negatives");
  if (info.min_negatives < 0) {
    fields.fail("min_negatives",
                "must be at least 0, but is " + std::to_string(info.min_negatives));
  }
  info.gives_state = fields.boolean("gives_state", false);
  info.needs_pool = fields.boolean("needs_pool", false);
  info.chooses = fields.boolean("chooses", false);
  info.list_words = fields.text("list_words", "");
  if (fields.has("asks")) info.asks = fields.texts("asks");
  check_asks(info, where);
  info.artefacts = artefacts_from_json(fields.at("artefacts"), where, info.params);
  info.file = fields.text("file");
  info.sha256 = fields.text("sha256");
  return info;
}

ParamValues to_values(const std::vector<ParamInfo>& infos, const json& params,
                      const std::string& where) {
  if (!params.is_object()) throw ConfigError(where + ": must be an object of parameters");
  ParamValues values;
  for (const auto& [key, value] : params.items()) {
    const std::string& name = key;  // because Clang 14 cannot capture a structured binding
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
  json complete = params;
  for (const ParamInfo& info : infos) {
    if (complete.contains(info.name)) continue;
    if (info.required) {
      throw ConfigError(where + ": " + info.name + ": is required (" + info.meaning + ")");
    }
    complete[info.name] = to_json(info.default_value);
  }
  for (const ParamInfo& info : infos) {
    const std::string problem = problem_of_order(info, complete);
    if (!problem.empty()) throw ConfigError(where + ": " + info.name + ": " + problem);
  }
  return values;
}

}  // namespace lea::spec
