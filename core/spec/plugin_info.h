// What is known of a plugin without loading it. The worker probes a library and writes this as
// JSON; the programs that load no plugin read it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/spec/artefact.h"
#include "core/spec/params.h"

namespace lea::spec {

// One registered plugin. A library may register several.
struct PluginInfo {
  std::string id;    // vendor.name
  std::string kind;  // backbone, framework, environment or augmenter
  std::string version;
  std::string summary;
  std::vector<ParamInfo> params;
  // Frameworks: what it reads, of backbone, reward, state, augment, negatives and train.
  std::vector<std::string> uses;
  int64_t min_negatives = 0;  // frameworks: it cannot train with fewer sampled items for each step
  bool gives_state = false;   // environments
  bool needs_pool = false;    // environments: no reward for a sampled item outside the pool
  bool chooses = false;       // environments: it can choose from a list (lea::Chooser)
  // Environments that choose: the text parameter that lists, with | between them, one word for each
  // candidate that a list may have. Empty: how long a list may be is not declared.
  std::string list_words = {};
  // Augmenters: what they ask of the environment that the parameter `of` names (core/spec/asked.h).
  // "list_scores if select=labels" is asked only where the parameter `select` has this value.
  std::vector<std::string> asks = {};
  std::vector<Artefact> artefacts;
  std::string file;    // the library
  std::string sha256;  // of the library
};

// A plugin by its kind and id, where nothing else of it is known.
struct PluginName {
  std::string kind, id;
};

// A library whose plugins are not used: it was refused, failed its trial, or is in conflict.
struct RefusedLibrary {
  std::string file;
  std::string reason;                // whole sentences, for people
  std::vector<PluginName> provides;  // as its manifest says; empty when that could not be read
};

// Why a plugin of this name is not used: "FILE: REASON" of the first library that provides it, or that
// is named like it and whose manifest could not be read. Empty when there is none. Any kind for "".
std::string why_refused(const std::vector<RefusedLibrary>& refused, const std::string& kind,
                        const std::string& name);

// The plugins of an installation. A plugin is found by its full id, or by the last part of its id
// if no other plugin of that kind has the same. The case of letters counts only where a name is
// spelled like one of several plugins.
class PluginCatalogue {
 public:
  PluginCatalogue() = default;
  // `refused` are the libraries that are not used, for an error about an unknown plugin.
  explicit PluginCatalogue(std::vector<PluginInfo> plugins,
                           std::vector<RefusedLibrary> refused = {});

  // Null when there is none. Throws ConfigError when `name` can mean several plugins.
  const PluginInfo* find(const std::string& kind, const std::string& name) const;
  std::vector<std::string> names(const std::string& kind) const;  // full ids, sorted
  const std::vector<PluginInfo>& all() const { return plugins_; }
  const std::vector<RefusedLibrary>& refused() const { return refused_; }

 private:
  std::vector<PluginInfo> plugins_;  // sorted by kind, then id
  std::vector<RefusedLibrary> refused_;
};

// A plugin in the JSON of the worker's probe, and back. plugin_from_json checks every field and
// throws DataError, which names the plugin and the field, because any program may have written the
// JSON.
nlohmann::json to_json(const PluginInfo& info);
PluginInfo plugin_from_json(const nlohmann::json& document);

// The values that a plugin is made with, from the JSON of a resolved run. The value of an
// environment parameter is the text of its {"id", "params"} object. A parameter that `params` lacks
// keeps its default. Throws ConfigError for an unknown name, a wrong type, a value out of range, or
// a required parameter that is missing; `where` names the plugin in the message.
ParamValues to_values(const std::vector<ParamInfo>& infos, const nlohmann::json& params,
                      const std::string& where);

}  // namespace lea::spec
