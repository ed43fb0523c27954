// The artefacts of a plugin as JSON in the worker's probe, and back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/spec/artefact.h"
#include "core/spec/params.h"

namespace lea::spec {

nlohmann::json to_json(const Artefact& artefact);

// The words of Artefact::slot; none when the artefact is needed in any slot.
std::vector<std::string> slots_of(const Artefact& artefact);

// An element of Artefact::params: a parameter, and when it counts.
struct CountedParam {
  std::string name;
  std::string other, value;  // of a condition; empty without one
  bool unless = false;       // it counts where `other` has another value
};
CountedParam counted_param(const std::string& text);

// Whether its condition holds for these parameters; true without one.
bool condition_holds(const CountedParam& counted, const nlohmann::json& params);

// What is wrong with the condition of `text`, the source of `counted`, in a plugin with these
// parameters. Empty when nothing is, or when there is no condition.
std::string problem_of_condition(const CountedParam& counted, const std::string& text,
                                 const std::vector<ParamInfo>& params);

// "`word` PROBLEM, did you mean `other`? (there are: ...)".
std::string unknown_word(const std::string& word, const std::string& problem,
                         const std::vector<std::string>& known);

// The parameters among `params` that count for the artefact.
nlohmann::json counting_params(const Artefact& artefact, const nlohmann::json& params);

// Reads the list of a plugin with the parameters `params`. `where` names the plugin in messages.
// Throws DataError when a declaration names something that does not exist: a parameter, a kind of
// artefact, a sort of data or a slot.
std::vector<Artefact> artefacts_from_json(const nlohmann::json& list, const std::string& where,
                                          const std::vector<ParamInfo>& params);

}  // namespace lea::spec
