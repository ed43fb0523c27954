// Selects the best step, and decides when to stop, by one validation metric.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/spec/sections.h"

namespace lea::train {

class EarlyStop {
 public:
  explicit EarlyStop(const spec::TrainSection& train)
      : patience_(train.patience), min_steps_(train.min_steps) {}

  // Records the metric's value at `step`. Returns whether it is the best so far; with an equal
  // value the earlier step stays the best.
  bool observe(int64_t step, double value) {
    const bool better = value > best_;
    if (better) {
      best_ = value;
      best_step_ = step;
      since_best_ = 0;
    } else if (step >= min_steps_) {
      ++since_best_;
    }
    return better;
  }
  // Whether there were `patience` validations, from min_steps on, since the best one.
  bool should_stop() const { return since_best_ >= patience_; }
  int64_t best_step() const { return best_step_; }

  nlohmann::json save() const {
    return {{"best", best_}, {"best_step", best_step_}, {"since_best", since_best_}};
  }
  void load(const nlohmann::json& saved) {
    best_ = saved.at("best").get<double>();
    best_step_ = saved.at("best_step").get<int64_t>();
    since_best_ = saved.at("since_best").get<int64_t>();
  }

 private:
  int64_t patience_, min_steps_;
  double best_ = -1;  // below any metric, and finite for JSON
  int64_t best_step_ = 0, since_best_ = 0;
};

}  // namespace lea::train
