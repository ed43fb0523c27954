// The plugins of a cell: finding them, and checking their parameters.
#include "core/spec/resolver.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/model_files.h"
#include "core/spec/param_json.h"

namespace lea::spec {

using nlohmann::json;

namespace {

std::string resolve_path(const Node& node) {
  namespace fs = std::filesystem;
  return (fs::path(node.at.source->folder) / node.text).lexically_normal().string();
}

std::string unknown(const std::string& kind, const std::string& name,
                    const PluginCatalogue& catalogue, const std::vector<std::string>& declared) {
  const std::string refused = why_refused(catalogue.refused(), kind, name);
  if (!refused.empty()) return in_backticks(name) + " cannot be used: " + refused;
  std::vector<std::string> ids = catalogue.names(kind);
  std::vector<std::string> near = declared;
  // A misspelt short name is nearer to a short name than to any full id.
  for (const std::string& id : ids) near.push_back(id.substr(id.rfind('.') + 1));
  near.insert(near.end(), ids.begin(), ids.end());
  ids.insert(ids.begin(), declared.begin(), declared.end());
  std::string text =
      "unknown " + kind + " " + in_backticks(name) + did_you_mean(lower(name), near) +
      (ids.empty() ? " (no " + kind + " is installed)" : " (there are: " + joined(ids) + ")");
  std::vector<std::string> files;
  for (const RefusedLibrary& library : catalogue.refused())
    files.push_back(std::filesystem::path(library.file).filename());
  if (!files.empty()) {
    text += "; not used, for reasons that `lealab plugins` lists: " + printable(joined(files));
  }
  return text;
}

}  // namespace

const PluginInfo* Resolver::plugin(const std::string& kind, const std::string& name,
                                   const Location& at, const std::string& key) {
  if (name.find('/') != std::string::npos || name.ends_with(".so")) {
    errors_.add(at, key,
                in_backticks(name) +
                    " is a path; a plugin is named by its id and loaded from the plugin folders");
    return nullptr;
  }
  try {
    if (const PluginInfo* info = catalogue_.find(kind, name)) return info;
  } catch (const ConfigError& error) {
    errors_.add(at, key, error.what());
    return nullptr;
  }
  errors_.add(at, key, unknown(kind, name, catalogue_, {}));
  return nullptr;
}

std::string Resolver::id_of(const Settings& settings, const std::string& kind,
                            const std::string& name, const Location& at, const std::string& key) {
  std::vector<std::string> names;
  if (kind == "environment") {
    const auto found = declared(settings, name, at, key);
    if (!found || !found->empty()) return found.value_or("");
    for (const auto& [other, setting] : settings.environments) names.push_back(other);
  }
  const bool path_like = name.find('/') != std::string::npos || name.ends_with(".so");
  try {
    if (!path_like && !catalogue_.find(kind, name)) {
      errors_.add(at, key, unknown(kind, name, catalogue_, names));
      return "";
    }
  } catch (const ConfigError&) {
    // The name is ambiguous. plugin() reports it.
  }
  const PluginInfo* info = plugin(kind, name, at, key);
  return info ? info->id : "";
}

std::optional<std::string> Resolver::declared(const Settings& settings, const std::string& name,
                                              const Location& at, const std::string& key) {
  std::vector<std::string> names = declared_environments(settings, name);
  if (names.empty()) return "";
  // A plugin that is spelled exactly like this may be meant as well.
  for (const std::string& id : catalogue_.names("environment")) {
    const bool exact = id == name || id.substr(id.rfind('.') + 1) == name;
    if (exact && names.front() != name) names.push_back(id);
  }
  if (names.size() == 1) return names.front();
  errors_.add(at, key,
              in_backticks(name) + " can mean " + printable(joined(names, " or ")) +
                  "; write one of them exactly");
  return std::nullopt;
}

json Resolver::values(Draft& draft, const std::vector<ParamInfo>& infos,
                      const std::vector<Entry>& entries, const std::string& key,
                      const std::string& owner, const Location& at, Files files) {
  json document = json::object();
  std::set<std::string> stated, refused;
  for (const Entry& entry : entries) {
    const auto info = std::find_if(infos.begin(), infos.end(),
                                   [&](const ParamInfo& i) { return i.name == entry.key; });
    if (info == infos.end()) {
      errors_.add(entry.at, key + "." + entry.key,
                  "unknown key" + did_you_mean(entry.key, names_of(infos)) + " (" + owner +
                      " has: " + joined(names_of(infos)) + ")");
      continue;
    }
    stated.insert(entry.key);
    json checked = value(draft, *info, *entry.value, key + "." + entry.key, files);
    if (checked.is_null()) {
      refused.insert(entry.key);
    } else {
      document[entry.key] = std::move(checked);
    }
  }
  for (const ParamInfo& info : infos) {
    if (document.contains(info.name)) continue;
    if (!info.required) {
      document[info.name] = to_json(info.default_value);
    } else if (!stated.contains(info.name)) {
      errors_.add(at, key + "." + info.name, "is required: " + info.meaning);
    }
  }
  for (const ParamInfo& info : infos) {
    const std::string problem = problem_of_order(info, document);
    if (problem.empty() || refused.contains(info.name) || refused.contains(info.not_above))
      continue;
    const auto of = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) {
      return e.key == info.name || e.key == info.not_above;
    });
    errors_.add(of == entries.end() ? at : of->value->at, key + "." + info.name, problem);
  }
  return document;
}

json Resolver::value(Draft& draft, const ParamInfo& info, const Node& node, const std::string& key,
                     Files files) {
  if (info.type == ParamType::kEnvironment) {
    const auto setting = parse_use("environment", std::make_shared<const Node>(node), key, errors_);
    if (!setting) return nullptr;
    const PluginUse use = environment(draft, *setting, key);
    return {{"id", use.id}, {"params", use.params}};
  }
  const json checked = scalar_value(info, node, key, errors_);
  if (info.type == ParamType::kModel && !checked.is_null()) return model(node, key);
  if (info.type != ParamType::kFile || checked.is_null() || node.text.empty()) return checked;
  const std::string path = resolve_path(node);
  if (files == Files::kPath) return path;
  return file_json(path, file_sum(path, node.at, key));
}

json Resolver::model(const Node& node, const std::string& key) {
  try {
    const std::string path = find_model(node.text, node.at.source->folder, models_);
    const auto known = sums_.find(path);
    if (known != sums_.end()) return file_json(path, known->second);
    if (contents_ == Contents::kFound) require_model(path);
    return file_json(path, sums_[path] = contents_ == Contents::kFound ? path : model_sum(path));
  } catch (const Error& error) {
    errors_.add(node.at, key, error.what());
    return nullptr;
  }
}

std::string Resolver::file_sum(const std::string& path, const Location& at,
                               const std::string& key) {
  const auto known = sums_.find(path);
  if (known != sums_.end()) return known->second;
  try {
    if (contents_ == Contents::kFound) require_regular_file(path);
    return sums_[path] = contents_ == Contents::kFound ? path : sha256_file(path);
  } catch (const StoreError& error) {
    errors_.add(at, key, error.what());
    return "";
  }
}

PluginUse Resolver::plugin_use(Draft& draft, const std::string& kind, const UseSetting& setting,
                               const std::string& key) {
  const PluginInfo* info = plugin(kind, setting.name, setting.at, key);
  if (!info) return {};
  json params = values(draft, info->params, setting.params, key + "." + setting.name, info->id,
                       setting.at, Files::kSum);
  return {info->id, without_added_defaults(info->params, std::move(params))};
}

PluginUse Resolver::environment(Draft& draft, const UseSetting& setting, const std::string& key) {
  const auto name = declared(draft.settings, setting.name, setting.at, key);
  if (!name) return {};
  if (name->empty()) {
    if (id_of(draft.settings, "environment", setting.name, setting.at, key).empty()) return {};
    return plugin_use(draft, "environment", setting, key);
  }
  if (!setting.params.empty()) {
    errors_.add(setting.params.front().at, key + "." + setting.name,
                "is declared under `environments`; state its parameters there");
    return {};
  }
  const auto open = std::find(draft.chain.begin(), draft.chain.end(), *name);
  if (open != draft.chain.end()) {
    std::string circle;
    for (auto inner = open; inner != draft.chain.end(); ++inner) circle += *inner + " -> ";
    errors_.add(setting.at, key, "environments go in a circle: " + printable(circle + *name));
    return {};
  }
  PluginUse& use = draft.out.used_environments[*name];
  draft.chain.push_back(*name);
  // A declaration names a plugin, never a declared environment. So `le: {le: {...}}` is no circle.
  use = plugin_use(draft, "environment", draft.settings.environments.at(*name),
                   "environments." + *name);
  draft.chain.pop_back();
  return use;
}

void Resolver::check_environment(const Settings& settings, const std::string& name) {
  Draft draft{settings, {}, {}};
  UseSetting use;
  use.name = name;
  use.at = settings.environments.at(name).at;
  environment(draft, use, "environments." + name);
}

PluginUse Resolver::slot_use(Draft& draft, const std::string& slot) {
  const auto found = draft.settings.slots.find(slot);
  if (found == draft.settings.slots.end() || found->second.none()) return {};
  const std::string kind = kind_of(slot);
  return kind == "environment" ? environment(draft, found->second, slot)
                               : plugin_use(draft, kind, found->second, slot);
}

}  // namespace lea::spec
