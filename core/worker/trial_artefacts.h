// Makes the artefacts of a plugin from data in memory, for trials and tests.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/api/plugin.h"

namespace lea::worker {

struct TrialData {
  TrainingData training;
  std::vector<std::pair<std::string, std::vector<std::string>>> texts;  // columns with their names
  Tensor pool;                                                          // int64 [E, P]
};

// The artefacts of one plugin with one set of parameters, in a temporary folder that is removed with
// this object.
class TrialArtefacts {
 public:
  // Makes all of them, in the order that `after` asks for. `data` must live as long as this call.
  // Throws what the plugin throws; PluginError when it reads what it does not declare, or makes an
  // artefact from one of another plugin, which no trial has; StoreError without a temporary folder.
  TrialArtefacts(const PluginEntry& entry, const ParamValues& values, const TrialData& data);
  ~TrialArtefacts();
  TrialArtefacts(const TrialArtefacts&) = delete;
  TrialArtefacts& operator=(const TrialArtefacts&) = delete;

  // The folder of an artefact. Throws PluginError for a kind that the plugin does not declare.
  std::string folder(const std::string& kind) const;
  // What `prepare` recorded of an artefact.
  const std::map<std::string, double>& quality(const std::string& kind) const;

 private:
  std::string root_;
  std::map<std::string, std::map<std::string, double>> quality_;  // by kind; complete ones alone
};

// Makes one artefact in `folder`, which exists. `earlier` is the folder of the artefact that it is
// made from. Of the calls of stop() the one with the number `stop_at` returns true; -1: none does.
// Returns what was recorded.
std::map<std::string, double> make_artefact(const PluginEntry& entry, const ParamValues& values,
                                            const Artefact& artefact, const TrialData& data,
                                            const std::string& folder, const std::string& earlier,
                                            int64_t stop_at = -1);

// What the plugin counts for the making of one artefact.
Counts count_artefact(const PluginEntry& entry, const ParamValues& values, const Artefact& artefact,
                      const TrialData& data);

}  // namespace lea::worker
