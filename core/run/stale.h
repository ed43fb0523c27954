// Stale runs: finished runs of plugins or numerics that differ from those installed now. Stale runs
// are kept and shown. `lealab run` repeats them only on request (--redo-stale).
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/run/result.h"
#include "core/spec/made_with.h"

namespace lea::run {

using InstalledPlugins = std::map<std::string, spec::PluginBuild>;  // by "KIND ID"

// The plugins (by spec::computes_the_same) and the numerics that differ from those installed now,
// one phrase each: "framework lea.snqn 1.0.0 (now 1.1.0)". Empty when the result is not stale. A
// plugin that is not installed is skipped. Imported ranks are never stale.
std::vector<std::string> outdated_parts(const Result& result, const InstalledPlugins& installed);

// Counts stale runs and summarizes them in one line.
class StaleRuns {
 public:
  // Adds one run with the result of outdated_parts. Does nothing when `parts` is empty.
  void add(const std::vector<std::string>& parts);
  size_t count() const { return count_; }
  // "3 runs are stale: made with framework lea.snqn 1.0.0 (now 1.1.0)". Empty when no run is stale.
  std::string line() const;

 private:
  size_t count_ = 0;
  std::set<std::string> parts_;  // of all of them
};

}  // namespace lea::run
