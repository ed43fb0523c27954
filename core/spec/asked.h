// What an augmenter asks of the environment that its parameter `of` names, beside rewards: what an
// environment that can choose answers (lea::Chooser in core/api/environment.h). Both sides declare
// it, so that a spec is refused while it is read, not when its runs begin.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/spec/plugin_info.h"

namespace lea::spec {

// The functions that can be asked.
inline constexpr const char* kListScores = "list_scores";    // of a list that it reads
inline constexpr const char* kStateScores = "state_scores";  // of the state and each item

struct Asked {
  std::string function;
  // The parameter and its value for which the augmenter asks; both empty when it always does.
  std::string parameter, value;
};

// What an augmenter with these parameters asks, of PluginInfo::asks.
std::vector<Asked> asked_by(const PluginInfo& augmenter, const nlohmann::json& params);

// The most candidates that a list may have which an environment with these parameters reads: the
// number of words in PluginInfo::list_words. Empty when that is not declared.
std::optional<int64_t> longest_list(const PluginInfo& environment, const nlohmann::json& params);

// Throws DataError for declarations that name something that does not exist. `where` names the
// plugin in messages.
void check_asks(const PluginInfo& info, const std::string& where);

}  // namespace lea::spec
