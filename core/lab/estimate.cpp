#include "core/lab/estimate.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/data/dataset.h"
#include "core/run/result.h"
#include "db/store/store.h"

namespace lea::lab {
namespace {

constexpr int64_t kItemsOfUnknownData = 10000;

double items_of(const std::string& lab, const std::string& name) {
  try {
    if (const auto description = data::describe_dataset(lab, name)) {
      const JsonFields counts = JsonFields(*description, "data set " + name).object("counts");
      return static_cast<double>(counts.integer("items"));
    }
  } catch (const Error&) {
    // Opening the data set reports the damage.
  }
  return static_cast<double>(kItemsOfUnknownData);
}

std::string kind_of(const spec::RunSpec& run) {
  return run.data.name + "|" + run.backbone.id + "|" + run.framework.id + "|" + run.reward.id +
         "|" + run.augment.id + "|" + std::to_string(run.train.batch_size) + "|" +
         std::to_string(run.train.threads);
}

std::string kind_at(const std::string& kind, int64_t max_steps) {
  return kind + "|" + std::to_string(max_steps);
}

constexpr double kStartSeconds = 2;  // for starting the worker, loading data, validation and test

}  // namespace

Estimator::Estimator(const std::string& lab) : lab_(lab) {
  if (!db::has_index(lab)) return;
  try {
    const db::Store store(lab, db::Store::Mode::kReadOnly);
    for (const db::RunRow& row : store.runs()) {
      if (row.state != "finished" || row.source != "lealab" || !row.result.is_object()) continue;
      const spec::RunSpec run = spec::run_from_json(row.spec, "run " + row.uuid);
      const run::Result result = run::result_from(row.result, "run " + row.uuid);
      if (!result.training) continue;
      // The wall time is that of the last attempt; the training time is that of all of them.
      const double seconds =
          std::max(result.training->wall_seconds, result.training->train_seconds);
      const int64_t steps = result.training->steps;
      if (seconds <= 0) continue;
      const auto add = [&](const std::string& kind, double value) {
        Measured& entry = measured_[kind];
        entry.seconds += value;
        ++entry.runs;
      };
      // With early stopping, only runs with equal limits have similar durations. Runs with other
      // limits share the duration of a step.
      add(kind_at(kind_of(run), run.train.max_steps), seconds);
      if (steps > 0) add(kind_of(run), seconds / static_cast<double>(steps));
    }
  } catch (const Error&) {
    measured_.clear();  // planning works without estimates; collecting reports a damaged index
  }
}

std::string Estimator::model() {
  return "half of max_steps, each 2 ms plus 0.02 ms for each item of the catalogue in thousands "
         "and each row of the batch; baselines without training 5 s";
}

Estimate Estimator::estimate(const spec::RunSpec& run) const {
  const auto equal = measured_.find(kind_at(kind_of(run), run.train.max_steps));
  if (equal != measured_.end()) {
    return {equal->second.seconds / static_cast<double>(equal->second.runs), true};
  }
  const double steps = static_cast<double>(run.train.max_steps) / 2;
  const auto pace = measured_.find(kind_of(run));
  if (pace != measured_.end()) {
    return {kStartSeconds + steps * pace->second.seconds / static_cast<double>(pace->second.runs),
            true};
  }
  if (!run.reads_train) return {5, false};
  const double step = 2e-3 + 2e-5 * items_of(lab_, run.data.name) / 1000 *
                                 static_cast<double>(run.train.batch_size) /
                                 static_cast<double>(std::max<int64_t>(run.train.threads, 1));
  return {kStartSeconds + steps * step, false};
}

}  // namespace lea::lab
