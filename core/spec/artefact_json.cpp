#include "core/spec/artefact_json.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

using nlohmann::json;
using Words = std::vector<std::string>;

const Words& known_reads() {
  static const Words words = {"texts", "training", "history", "pool"};
  return words;
}

const Words& known_slots() {
  static const Words words = {"state", "reward", "augment"};
  return words;
}

constexpr size_t kMostArtefacts = 100;  // of one plugin
constexpr const char* kOf = "of.";  // stands before the kind of an artefact of another environment

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_kind(const std::string& kind) {
  return !kind.empty() && std::all_of(kind.begin(), kind.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Whether the word has the form augment.PARAMETER=VALUE. The augmenters are not known here, so a
// parameter that none of them has is not seen.
bool is_augmenter_value(const std::string& slot) {
  static constexpr std::string_view kAugment = "augment.";
  const size_t equals = slot.find('=');
  return slot.starts_with(kAugment) && equals != std::string::npos && equals > kAugment.size() &&
         equals + 1 < slot.size();
}

// The value that a condition states, as JSON: text where it is nothing that fits better.
json value_in(const std::string& text, const ParamInfo& info) {
  if (info.type == ParamType::kChoice || info.type == ParamType::kText) return text;
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? json(text) : value;
}

bool has_value(const json& value, const std::string& text) {
  if (value.is_string()) return value.get<std::string>() == text;
  return value.is_primitive() && value == json::parse(text, nullptr, /*allow_exceptions=*/false);
}

// Whether a condition may name it: its value is one word, and every resolved run states it.
bool can_decide(const ParamInfo& info) {
  switch (info.type) {
    case ParamType::kBool:
    case ParamType::kInteger:
    case ParamType::kReal:
    case ParamType::kText:
    case ParamType::kChoice:
      return !info.added;
    default:
      return false;
  }
}

Artefact artefact_from_json(const json& document, const std::string& where) {
  const JsonFields fields(document, where);
  return {fields.text("kind"),   fields.text("after"), fields.texts("params"),
          fields.texts("reads"), fields.text("slot"),  fields.integer("revision")};
}

const ParamInfo* find_param(const std::vector<ParamInfo>& params, const std::string& name) {
  const auto found = std::find_if(params.begin(), params.end(),
                                  [&](const ParamInfo& info) { return info.name == name; });
  return found == params.end() ? nullptr : &*found;
}

constexpr const char* kNoParameter = "is no parameter of the plugin";

class Check {
 public:
  Check(const std::vector<Artefact>& artefacts, const std::vector<ParamInfo>& params,
        const std::string& where)
      : artefacts_(artefacts), params_(params), where_(where) {}

  void all() const {
    for (const Artefact& artefact : artefacts_) {
      kind(artefact);
      for (const std::string& text : artefact.params) param(artefact, text);
      for (const std::string& name : artefact.reads) {
        if (!contains(known_reads(), name)) {
          refuse(artefact, "reads", name, "is no data that an artefact reads", known_reads());
        }
      }
      for (const std::string& slot : slots_of(artefact)) {
        if (!contains(known_slots(), slot) && !is_augmenter_value(slot)) {
          refuse(artefact, "slot", slot, "is no slot of an environment", known_slots());
        }
      }
      if (artefact.revision < 1) fail(artefact, "revision", "must be at least 1");
      after(artefact);
    }
  }

 private:
  const Artefact* find(const std::string& kind) const {
    const auto found = std::find_if(artefacts_.begin(), artefacts_.end(),
                                    [&](const Artefact& other) { return other.kind == kind; });
    return found == artefacts_.end() ? nullptr : &*found;
  }

  void param(const Artefact& artefact, const std::string& text) const {
    const CountedParam counted = counted_param(text);
    if (!counted.name.empty() && !find_param(params_, counted.name))
      refuse(artefact, "params", counted.name, kNoParameter, names_of(params_));
    const std::string problem = problem_of_condition(counted, text, params_);
    if (!problem.empty()) fail(artefact, "params", problem);
  }

  void kind(const Artefact& artefact) const {
    if (!is_kind(artefact.kind)) {
      fail(artefact, "kind", "must be a word of lower-case letters, digits and underscores");
    }
    if (find(artefact.kind) != &artefact) fail(artefact, "kind", "is declared twice");
  }

  void after(const Artefact& artefact) const {
    const std::string& after = artefact.after;
    if (after.empty()) return;
    if (after.starts_with(kOf)) {
      const ParamInfo* of = find_param(params_, "of");
      if (!of || of->type != ParamType::kEnvironment) {
        fail(artefact, "after",
             in_backticks(after) + " needs a parameter `of` that names an environment");
      }
      if (!is_kind(after.substr(3))) {
        fail(artefact, "after", in_backticks(after) + " names no kind of artefact after `of.`");
      }
      return;
    }
    const Artefact* earlier = &artefact;
    for (size_t steps = 0; earlier && !earlier->after.empty(); ++steps) {
      if (steps == artefacts_.size()) {
        fail(artefact, "after", "goes in a circle: " + in_backticks(after));
      }
      if (earlier->after.starts_with(kOf)) return;
      earlier = find(earlier->after);
    }
    if (!earlier) {
      Words kinds;
      for (const Artefact& other : artefacts_) kinds.push_back(other.kind);
      refuse(artefact, "after", after, "is no artefact of the plugin", kinds);
    }
  }

  [[noreturn]] void refuse(const Artefact& artefact, const char* key, const std::string& word,
                           const std::string& problem, const Words& allowed) const {
    fail(artefact, key, unknown_word(word, problem, allowed));
  }
  [[noreturn]] void fail(const Artefact& artefact, const char* key,
                         const std::string& problem) const {
    throw DataError(where_ + ": artefact " + in_backticks(artefact.kind) + ": " + key + ": " +
                    problem);
  }

  const std::vector<Artefact>& artefacts_;
  const std::vector<ParamInfo>& params_;
  const std::string& where_;
};

}  // namespace

std::vector<std::string> slots_of(const Artefact& artefact) {
  std::istringstream text(artefact.slot);
  return {std::istream_iterator<std::string>(text), {}};
}

CountedParam counted_param(const std::string& text) {
  for (const bool unless : {false, true}) {
    const std::string word = unless ? " unless " : " if ";
    const size_t at = text.find(word), other = at + word.size();
    if (at == std::string::npos) continue;
    const size_t equals = text.find('=', other);
    if (equals == std::string::npos || equals == other) continue;
    return {text.substr(0, at), text.substr(other, equals - other), text.substr(equals + 1),
            unless};
  }
  return {text, "", "", false};
}

bool condition_holds(const CountedParam& counted, const json& params) {
  if (counted.other.empty()) return true;
  const auto other = params.find(counted.other);
  const bool equal = other != params.end() && has_value(*other, counted.value);
  return equal != counted.unless;
}

std::string problem_of_condition(const CountedParam& counted, const std::string& text,
                                 const std::vector<ParamInfo>& params) {
  if (counted.other.empty()) return "";
  const ParamInfo* other = find_param(params, counted.other);
  if (!other) return unknown_word(counted.other, kNoParameter, names_of(params));
  if (!can_decide(*other)) {
    return in_backticks(text) + ": " + in_backticks(other->name) +
           " cannot decide: it was added after a release, or is no choice, text, number or boolean";
  }
  const std::string problem = problem_with(*other, value_in(counted.value, *other));
  return problem.empty() ? "" : in_backticks(text) + ": " + other->name + " " + problem;
}

std::string unknown_word(const std::string& word, const std::string& problem,
                         const std::vector<std::string>& known) {
  return in_backticks(word) + " " + problem + did_you_mean(word, known) +
         " (there are: " + joined(known) + ")";
}

json counting_params(const Artefact& artefact, const json& params) {
  json counting = json::object();
  for (const std::string& text : artefact.params) {
    const CountedParam counted = counted_param(text);
    const auto found = params.find(counted.name);
    if (found == params.end()) continue;
    if (condition_holds(counted, params)) counting[counted.name] = *found;
  }
  return counting;
}

json to_json(const Artefact& artefact) {
  return {{"kind", artefact.kind},   {"after", artefact.after}, {"params", artefact.params},
          {"reads", artefact.reads}, {"slot", artefact.slot},   {"revision", artefact.revision}};
}

std::vector<Artefact> artefacts_from_json(const json& list, const std::string& where,
                                          const std::vector<ParamInfo>& params) {
  if (!list.is_array()) throw DataError(where + ": artefacts: must be a list");
  if (list.size() > kMostArtefacts) {
    throw DataError(where + ": artefacts: are " + std::to_string(list.size()) +
                    ", but a plugin has at most " + std::to_string(kMostArtefacts));
  }
  std::vector<Artefact> artefacts;
  for (size_t i = 0; i < list.size(); ++i) {
    artefacts.push_back(
        artefact_from_json(list[i], where + ": artefacts[" + std::to_string(i) + "]"));
  }
  Check(artefacts, params, where).all();
  return artefacts;
}

}  // namespace lea::spec
