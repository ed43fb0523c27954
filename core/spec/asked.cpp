#include "core/spec/asked.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/artefact_json.h"

namespace lea::spec {
namespace {

const ParamInfo* find_param(const PluginInfo& info, const std::string& name, ParamType type) {
  const auto found = std::find_if(
      info.params.begin(), info.params.end(),
      [&](const ParamInfo& param) { return param.name == name && param.type == type; });
  return found == info.params.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Asked> asked_by(const PluginInfo& augmenter, const nlohmann::json& params) {
  std::vector<Asked> asked;
  for (const std::string& text : augmenter.asks) {
    const CountedParam counted = counted_param(text);
    if (!condition_holds(counted, params)) continue;
    asked.push_back(
        {counted.name, counted.unless ? "" : counted.other, counted.unless ? "" : counted.value});
  }
  return asked;
}

std::optional<int64_t> longest_list(const PluginInfo& environment, const nlohmann::json& params) {
  const auto words = params.find(environment.list_words);
  if (environment.list_words.empty() || words == params.end() || !words->is_string()) return {};
  return std::ssize(between_bars(words->get<std::string>()));
}

void check_asks(const PluginInfo& info, const std::string& where) {
  const auto fail = [&](const char* key, const std::string& problem) {
    throw DataError(where + ": " + key + ": " + problem);
  };
  if (!info.list_words.empty()) {
    if (!find_param(info, info.list_words, ParamType::kText))
      fail("list_words", in_backticks(info.list_words) + " is no text parameter of the plugin");
    if (!info.chooses)
      fail("list_words", "is declared, but the environment cannot choose from a list");
  }
  if (info.asks.empty()) return;
  if (!find_param(info, "of", ParamType::kEnvironment))
    fail("asks", "needs a parameter `of` that names an environment");
  for (const std::string& text : info.asks) {
    const CountedParam counted = counted_param(text);
    const std::vector<std::string> known = {kListScores, kStateScores};
    if (std::find(known.begin(), known.end(), counted.name) == known.end()) {
      fail("asks",
           unknown_word(counted.name, "is no function of an environment that chooses", known));
    }
    const std::string problem = problem_of_condition(counted, text, info.params);
    if (!problem.empty()) fail("asks", problem);
  }
}

}  // namespace lea::spec
