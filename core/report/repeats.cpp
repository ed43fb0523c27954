#include "core/report/repeats.h"

#include <algorithm>
#include <map>

#include "core/spec/run_spec.h"

namespace lea::report {
namespace {

// Removes each `seed` from the parameters of plugins, also of those that they name.
void forget_seeds(nlohmann::json* value) {
  if (value->is_object()) value->erase("seed");
  if (!value->is_structured()) return;
  for (nlohmann::json& inner : *value) forget_seeds(&inner);
}

bool has_seed(const std::vector<std::string>& axes) {
  return std::find(axes.begin(), axes.end(), spec::kRunSeed) != axes.end();
}

}  // namespace

bool Repeats::covers(const std::string& axis) const {
  return axis == spec::kSplitSeed ? over_splits : own_seeds && spec::is_own_seed(axis);
}

bool seeds_on_an_axis(const std::vector<db::RunRow>& runs,
                      const std::optional<db::ExperimentRow>& plan) {
  return (plan && has_seed(plan->axes)) ||
         std::any_of(runs.begin(), runs.end(),
                     [](const db::RunRow& run) { return has_seed(run.axes); });
}

nlohmann::json without_repeats(nlohmann::json spec, const Repeats& repeats) {
  const auto split = spec.find("split");
  if (repeats.over_splits && split != spec.end() && split->is_object()) split->erase("seed");
  if (!repeats.own_seeds) return spec;
  for (const char* key : {"backbone", "framework", "reward", "state", "augment", "negatives"}) {
    if (const auto found = spec.find(key); found != spec.end()) forget_seeds(&*found);
  }
  return spec;
}

void forget_repeats(const Repeats& repeats, db::RunRow* run) {
  std::erase_if(run->labels, [&](const auto& label) { return repeats.covers(label.first); });
  std::erase_if(run->axes, [&](const std::string& axis) { return repeats.covers(axis); });
}

}  // namespace lea::report
