// What the torch-free programs know of a plugin: the worker's probe, as data.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/spec/params.h"

namespace lea::spec {

// One registered plugin (a library may register several).
struct PluginInfo {
  std::string id;    // vendor.name
  std::string kind;  // backbone, framework, environment, augmenter
  std::string version;
  std::string summary;
  std::vector<ParamInfo> params;
  // Frameworks only: the slots that it reads, of backbone, reward, state, augment, negatives,
  // train.
  std::vector<std::string> uses;
  int64_t min_negatives = 0;  // frameworks only: fewer than so many sampled items are no input
  bool gives_state = false;   // environments only
  std::string file;           // the library
  std::string sha256;         // of the library
};

// Finds plugins by full id or by a last part that only one plugin of that kind has.
class PluginCatalogue {
 public:
  PluginCatalogue() = default;
  explicit PluginCatalogue(std::vector<PluginInfo> plugins);

  // Null when there is none. Throws ConfigError when the short name is ambiguous.
  const PluginInfo* find(const std::string& kind, const std::string& name) const;
  std::vector<std::string> names(const std::string& kind) const;
  const std::vector<PluginInfo>& all() const { return plugins_; }

 private:
  std::vector<PluginInfo> plugins_;  // sorted by kind, then id
};

// The JSON of the worker's `probe`, and back.
nlohmann::json to_json(const ParamInfo& info);
nlohmann::json to_json(const PluginInfo& info);
ParamInfo param_from_json(const nlohmann::json& document);
PluginInfo plugin_from_json(const nlohmann::json& document);

nlohmann::json to_json(const ParamValue& value);

// Converts checked JSON parameters to what a plugin receives. Environment parameters become the
// compact dump of their {"id", "params"} object. Throws ConfigError for an unknown name, wrong type
// or range.
ParamValues to_values(const std::vector<ParamInfo>& infos, const nlohmann::json& params,
                      const std::string& where);

}  // namespace lea::spec
