// A spec file that was cut off.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/spec/experiment.h"

namespace lea::spec {

// The hash of each run in order, or nothing where the spec is refused. A hash stands for all that
// can change the result of its run.
template <class Load>
std::optional<std::vector<std::string>> run_hashes(const Load& load) {
  try {
    std::vector<std::string> hashes;
    for (const PlannedRun& planned : load().runs) hashes.push_back(planned.hash);
    return hashes;
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

// Cuts `text` after each of its bytes from `first` on. Each cut must be refused, or mean the runs
// of the whole. `load` reads a text as an Experiment.
template <class Load>
void expect_every_cut_is_seen(const std::string& text, size_t first, const Load& load) {
  const auto whole = run_hashes([&] { return load(text); });
  ASSERT_TRUE(whole.has_value());
  size_t refused = 0;
  for (size_t cut = first; cut < text.size(); ++cut) {
    const auto rest = run_hashes([&] { return load(text.substr(0, cut)); });
    if (!rest) {
      ++refused;
      continue;
    }
    EXPECT_EQ(*rest, *whole) << "cut to " << cut << " of " << text.size()
                             << " bytes, it is another experiment: " << text.substr(0, cut);
  }
  EXPECT_GT(refused, 0u) << "no cut did any harm: the test proves nothing";
}

}  // namespace lea::spec
