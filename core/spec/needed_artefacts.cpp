#include "core/spec/needed_artefacts.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/spec/artefact_json.h"

namespace lea::spec {
namespace {

using nlohmann::json;

using Slots = std::vector<std::string>;

bool is_needed_in(const Slots& slots, const Artefact& artefact) {
  const Slots wanted = slots_of(artefact);
  return wanted.empty() || std::find_first_of(slots.begin(), slots.end(), wanted.begin(),
                                              wanted.end()) != slots.end();
}

// The slots of the environment that an augmenter names.
Slots slots_behind(const PluginUse& augmenter) {
  Slots slots = {"augment"};
  for (const auto& [name, value] : augmenter.params.items()) {
    if (value.is_structured()) continue;
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    slots.push_back("augment." + name + "=" + text);
  }
  return slots;
}

class Search {
 public:
  explicit Search(const ArtefactsOf& artefacts_of) : artefacts_of_(artefacts_of) {}

  // Adds what the plugin in this slot of the run needs.
  void visit_slot(const std::string& slot, const std::string& plugin_kind, const PluginUse& use,
                  const Slots& slots) {
    slot_ = slot;
    visit(plugin_kind, use, slots);
  }

  std::vector<NeededArtefact> take() { return std::move(found_); }

 private:
  // Adds what the plugin needs in these slots, and what the environments in its parameters need
  // there.
  void visit(const std::string& plugin_kind, const PluginUse& use, const Slots& slots) {
    if (use.none()) return;
    for (const auto& [name, value] : use.params.items()) {
      if (const auto environment = environment_in(value)) visit("environment", *environment, slots);
    }
    for (const Artefact& artefact : artefacts_of_(plugin_kind, use.id)) {
      if (is_needed_in(slots, artefact)) add(plugin_kind, use, artefact);
    }
  }

  size_t add(const std::string& plugin_kind, const PluginUse& use, const Artefact& artefact) {
    const std::string name = plugin_kind + " " + use.id + " " + artefact.kind;
    const auto same = [&](const NeededArtefact& other) {
      return other.plugin_kind == plugin_kind && other.use.id == use.id &&
             other.artefact.kind == artefact.kind && other.use.params == use.params;
    };
    const auto known = std::find_if(found_.begin(), found_.end(), same);
    if (known != found_.end()) {
      const auto index = static_cast<size_t>(known - found_.begin());
      for (std::optional<size_t> i = index; i; i = found_[*i].after)
        found_[*i].used_in.insert(slot_);
      return index;
    }
    if (++depth_ > kDeepest) throw ConfigError(name + ": is made from itself, in a circle");
    NeededArtefact needed{plugin_kind, use, artefact, std::nullopt, {slot_}};
    if (!artefact.after.empty()) needed.after = earlier(name, plugin_kind, use, artefact.after);
    --depth_;
    found_.push_back(std::move(needed));
    return found_.size() - 1;
  }

  size_t earlier(const std::string& name, const std::string& plugin_kind, const PluginUse& use,
                 const std::string& after) {
    static constexpr std::string_view kOf = "of.";
    const bool of = after.starts_with(kOf);
    const std::string kind = of ? after.substr(kOf.size()) : after;
    const std::string maker_kind = of ? "environment" : plugin_kind;
    const PluginUse maker = of ? environment_in(use.params.at("of")).value() : use;
    std::vector<std::string> kinds;
    for (const Artefact& artefact : artefacts_of_(maker_kind, maker.id)) {
      if (artefact.kind == kind) return add(maker_kind, maker, artefact);
      kinds.push_back(artefact.kind);
    }
    throw ConfigError(name + " is made from the " + printable(kind) + " of " + maker.id +
                      ", which makes " + (kinds.empty() ? "no artefact" : "only " + joined(kinds)) +
                      ". Name another environment in `of`.");
  }

  static constexpr int kDeepest = 100;

  const ArtefactsOf& artefacts_of_;
  std::string slot_;  // of the run, that is searched
  std::vector<NeededArtefact> found_;
  int depth_ = 0;
};

}  // namespace

std::vector<NeededArtefact> needed_artefacts(const RunSpec& run, const ArtefactsOf& artefacts_of) {
  Search search(artefacts_of);
  search.visit_slot("reward", "environment", run.reward, {"reward"});
  search.visit_slot("state", "environment", run.state, {"state"});
  search.visit_slot("augment", "augmenter", run.augment, slots_behind(run.augment));
  return search.take();
}

std::string artefact_key(const NeededArtefact& needed, const ReadSums& sums,
                         const std::string& after) {
  json params = counting_params(needed.artefact, needed.use.params);
  json reads = json::object();
  for (const std::string& name : needed.artefact.reads) reads[name] = sums.at(name);
  const json document = {{"plugin", needed.plugin_kind + " " + needed.use.id},
                         {"kind", needed.artefact.kind},
                         {"revision", needed.artefact.revision},
                         {"params", without_paths(std::move(params))},
                         {"reads", std::move(reads)},
                         {"after", after}};
  return sha256("lea-artefact 1\n" + document.dump());
}

std::vector<std::string> artefact_keys(const std::vector<NeededArtefact>& needed,
                                       const ReadSums& sums) {
  std::vector<std::string> keys;
  for (const NeededArtefact& artefact : needed) {
    keys.push_back(artefact_key(artefact, sums, artefact.after ? keys.at(*artefact.after) : ""));
  }
  return keys;
}

}  // namespace lea::spec
