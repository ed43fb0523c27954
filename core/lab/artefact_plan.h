// Which artefacts the planned runs need, and which of them must be made first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/run/artefact_folder.h"
#include "core/spec/experiment.h"
#include "core/spec/needed_artefacts.h"

namespace lea::lab {

struct PlannedArtefact {
  spec::NeededArtefact needed;
  std::string key;              // empty while the lab lacks the data set
  spec::ReadSums reads;         // of what it reads; empty without a key
  std::optional<size_t> after;  // what it is made from: an earlier entry of the plan
  bool done = false;
  bool running = false;  // a worker makes it now
  std::string note;      // of one to make: why the last making failed
  // `finished_at` of the failed result that the plan has seen. A grid takes any later failure for its
  // own.
  std::string judged;
  size_t run = 0;                     // a run that needs it: an index into Experiment::runs
  size_t users = 0;                   // how many runs that need work need it
  std::optional<run::Making> making;  // of a finished one
  std::optional<double> seconds;      // estimated, of one to make; empty: unknown
  // Of one to make, as its plugin counts them; 0: unknown.
  int64_t bytes = 0;      // of its files
  int64_t memory = 0;     // bytes that must be free for the making
  std::string refused;    // of one to make: the bad input for which the making would fail
  std::string no_memory;  // of one to make: why this machine has too little memory for it
  // Whether a run that needs work joins as it is what may be these states (ArtefactPlan::raw_states).
  bool joined_raw = false;
  // The width of the environment's states, of one to make or joined raw, as its plugin counts it; 0:
  // unknown, or it holds none.
  int64_t state_width = 0;
};

struct ArtefactPlan {
  std::vector<PlannedArtefact> artefacts;  // each after what it is made from
  // For each of the runs asked for, the artefacts that it needs: indices into `artefacts`.
  std::vector<std::vector<size_t>> needs;
  // For each of these runs, the artefacts that it needs in its slot `state`, when it joins that state
  // as it is (core/spec/wide_state.h): indices into `artefacts`.
  std::vector<std::vector<size_t>> raw_states;
};

// For the runs with these indices. Each artefact is there once. Opens the data sets, but only when a
// run needs an artefact. Throws ConfigError when a plugin's artefacts cannot be made with the spec:
// texts that the data set lacks, or a pool that the spec does not state.
ArtefactPlan plan_artefacts(const std::string& lab, const spec::Experiment& experiment,
                            const spec::PluginCatalogue& catalogue,
                            const std::vector<size_t>& runs);

// The artefacts that the plugins of the catalogue declare; none for an unknown plugin. Keeps a
// reference to the catalogue.
spec::ArtefactsOf artefacts_in(const spec::PluginCatalogue& catalogue);

// The keys of some of the artefacts of a plan.
std::vector<std::string> keys_of(const std::vector<PlannedArtefact>& artefacts,
                                 const std::vector<size_t>& indices);

// What a grid writes when it makes the artefact. Precondition: its key is known.
run::ArtefactHeader header_of(const std::vector<PlannedArtefact>& artefacts, size_t artefact,
                              const spec::Experiment& experiment);

}  // namespace lea::lab
