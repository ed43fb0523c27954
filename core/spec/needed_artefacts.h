// Which artefacts a run needs, and the keys under which they are stored. Equal keys mean equal files.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/spec/artefact.h"
#include "core/spec/run_spec.h"

namespace lea::spec {

struct NeededArtefact {
  std::string plugin_kind;  // environment or augmenter
  PluginUse use;            // the plugin that makes it, with its parameters
  Artefact artefact;
  std::optional<size_t> after;  // what it is made from: an earlier entry of the same list
  // The slots of the run that need it, also through another plugin or artefact: reward, state,
  // augment.
  std::set<std::string> used_in = {};

  // "rewards of lea.le", for people.
  std::string name() const { return artefact.kind + " of " + use.id; }
};

// The artefacts that a plugin declares, by its kind and full id. Throws for an unknown plugin.
using ArtefactsOf =
    std::function<std::vector<Artefact>(const std::string& kind, const std::string& id)>;

// What the plugins in the slots of a run need, also those that their parameters name. Each artefact
// is there once, after what it is made from. Throws ConfigError when an artefact is made from one
// that the environment does not declare, or when this goes in a circle.
std::vector<NeededArtefact> needed_artefacts(const RunSpec& run, const ArtefactsOf& artefacts_of);

// The sha256 of each sort of data that an artefact reads, by the names of Artefact::reads.
using ReadSums = std::map<std::string, std::string>;

// The key: the sha256 (hex) of "lea-artefact 1", a newline, and the canonical JSON of
//   {"plugin": "KIND ID", "kind", "revision", "params": {name: value}, "reads": {name: sha256},
//    "after": key or ""}
// A parameter counts when the artefact names it and its condition holds (Artefact::params). An
// `added` parameter that has its default is left out. A file or model counts by its content. `after` is the key of what the artefact is made from.
std::string artefact_key(const NeededArtefact& needed, const ReadSums& sums,
                         const std::string& after);

// The keys of a list that needed_artefacts gave, in its order.
std::vector<std::string> artefact_keys(const std::vector<NeededArtefact>& needed,
                                       const ReadSums& sums);

}  // namespace lea::spec
