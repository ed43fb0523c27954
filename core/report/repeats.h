// Which runs repeat one row of a table, beside those of other seeds.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "db/store/store.h"

namespace lea::report {

// What the runs of one row may differ in, beside their own seed.
struct Repeats {
  bool over_splits = false;  // the seed of the split
  bool own_seeds = false;    // seeds of plugins and of the pool: `seed` is an axis of a zip

  // Whether runs of one row may differ on this axis, or in this setting.
  bool covers(const std::string& axis) const;
};

// Whether the experiment pairs the seeds of its runs with other seeds.
bool seeds_on_an_axis(const std::vector<db::RunRow>& runs,
                      const std::optional<db::ExperimentRow>& plan);

// The resolved spec of a run without what is covered.
nlohmann::json without_repeats(nlohmann::json spec, const Repeats& repeats);

// Removes the labels and axes that do not tell rows apart.
void forget_repeats(const Repeats& repeats, db::RunRow* run);

}  // namespace lea::report
