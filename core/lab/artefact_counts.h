// What plugins say of artefacts before they are made: the work, memory and disk that the making
// takes, or why it would be refused. A worker asks them. Counts are cached; a refusal is not.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/artefact_plan.h"
#include "core/run/stale.h"

namespace lea::lab {

using Amounts = std::map<std::string, double>;  // by sort; see Counts (core/api/preparer.h)

struct CountOptions {
  std::string lab;
  std::vector<std::string> plugin_dirs;
  run::InstalledPlugins installed;
  bool only_known = false;  // asks no worker: what is not in the cache stays unknown
  // Called when the worker ended before it had answered about all artefacts, with how it ended.
  std::function<void(const std::string&)> on_uncounted = {};
};

struct ArtefactAnswer {
  Amounts counts;         // empty: unknown
  std::string refused;    // the bad input for which the making would fail
  std::string no_memory;  // why the work could not be counted
};

// The answers about those that are to be made or joined raw, and have a key, by index. Throws
// StoreError when no temporary file can be written.
std::map<size_t, ArtefactAnswer> ask_about_artefacts(const CountOptions& options,
                                                     const spec::Experiment& experiment,
                                                     const std::vector<PlannedArtefact>& artefacts);

// The name under which the counts of an artefact are cached. Beside its key it depends on all
// parameters of its plugin, on the device and on the plugin's build, because `count` may refuse
// parameters that do not change the artefact, and a rebuilt plugin may count otherwise.
std::string counts_key(const run::ArtefactHeader& header, const spec::PluginBuild& plugin);

// The object `key` of a worker's answer. Throws DataError.
Amounts amounts_in(const nlohmann::json& answer, const char* key);

// The file of this name in a folder of the user's cache; empty when there is no cache.
std::string cache_file(const std::string& folder, const std::string& name);

// A worker's answer in such a file. What cannot be read or written is left out.
std::optional<Amounts> cached_amounts(const std::string& file, const char* key);
void cache_answer(const std::string& file, const nlohmann::json& answer);

}  // namespace lea::lab
