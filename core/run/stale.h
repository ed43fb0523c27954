// When a finished run is stale: made with something that computes otherwise than what is installed
// now. It stays, and is shown; it is made again on request only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/run/result.h"
#include "core/spec/made_with.h"

namespace lea::run {

using InstalledPlugins = std::map<std::string, spec::PluginBuild>;  // by "KIND ID"

// What made the result and is another now, one phrase each: "framework lea.snqn 1.0.0 (now 1.1.0)".
// Empty when the result is not stale. spec::computes_the_same compares plugins; one that is not
// installed is not compared.
// Imported ranks are never stale.
std::vector<std::string> outdated_parts(const Result& result, const InstalledPlugins& installed);

// Counts stale runs, and says all of it in one line.
class StaleRuns {
 public:
  void add(const std::vector<std::string>& parts);  // of one run; nothing when it is empty
  size_t count() const { return count_; }
  // "3 runs are stale: made with framework lea.snqn 1.0.0 (now 1.1.0)". Empty when none is.
  std::string line() const;

 private:
  size_t count_ = 0;
  std::map<std::string, size_t> runs_;  // by part
};

}  // namespace lea::run
