#include "core/lab/estimate.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/json_field.h"
#include "core/data/dataset.h"

namespace lea::lab {
namespace {

constexpr int64_t kItemsOfUnknownData = 10000;

double items_in(const std::string& lab, const std::string& name) {
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

void Estimator::add(const spec::RunSpec& run, const run::Training& training) {
  // The wall time is that of the last attempt; the training time is that of all of them.
  const double seconds = std::max(training.wall_seconds, training.train_seconds);
  const auto steps = static_cast<double>(training.steps);
  if (seconds <= 0) return;
  const auto count = [&](const std::string& kind, double value) {
    Measured& entry = measured_[kind];
    entry.seconds += value;
    entry.steps += steps;
    ++entry.runs;
  };
  // With early stopping, only runs with equal limits have similar durations. Runs with other limits
  // share the duration of a step.
  const std::string kind = kind_of(run);
  count(kind_at(kind, run.train.max_steps), seconds);
  if (steps > 0) count(kind, seconds / steps);
}

std::string Estimator::model() {
  return "half of max_steps, each 2 ms plus 0.02 ms for each item of the catalogue in thousands "
         "and each row of the batch; baselines without training 5 s";
}

double Estimator::items_of(const std::string& data) {
  const auto [found, added] = items_.try_emplace(data);
  if (added) found->second = items_in(lab_, data);
  return found->second;
}

Estimate Estimator::estimate(const spec::RunSpec& run, int64_t steps_done) {
  const std::string kind = kind_of(run);
  const double done = static_cast<double>(std::max<int64_t>(steps_done, 0));
  // Where early stopping ends the run is unknown, so every step up to the limit is equally likely.
  const double half = std::max(static_cast<double>(run.train.max_steps) - done, 0.0) / 2;
  const auto equal = measured_.find(kind_at(kind, run.train.max_steps));
  if (equal != measured_.end()) {
    const Measured& entry = equal->second;
    const auto runs = static_cast<double>(entry.runs);
    const double seconds = entry.seconds / runs, steps = entry.steps / runs;
    if (done == 0 || steps <= 0) return {seconds, true};
    const double start = std::min(kStartSeconds, seconds);
    const double left = done < steps ? steps - done : half;
    return {start + (seconds - start) * left / steps, true};
  }
  const auto pace = measured_.find(kind);
  if (pace != measured_.end()) {
    return {kStartSeconds + half * pace->second.seconds / static_cast<double>(pace->second.runs),
            true};
  }
  if (!run.reads_train) return {5, false};
  const double step = 2e-3 + 2e-5 * items_of(run.data.name) / 1000 *
                                 static_cast<double>(run.train.batch_size) /
                                 static_cast<double>(std::max<int64_t>(run.train.threads, 1));
  return {kStartSeconds + half * step, false};
}

}  // namespace lea::lab
