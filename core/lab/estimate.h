// Estimates how long a run will take.
#pragma once

#include <map>
#include <string>

#include "core/run/result.h"
#include "core/spec/run_spec.h"

namespace lea::lab {

struct Estimate {
  double seconds = 0;
  bool measured = false;  // from earlier runs of the lab; otherwise from the rough model
};

// Estimates from finished runs of the same kind: the same data set, backbone, framework, reward,
// augmenter, batch size and number of threads. With the same limit on steps it takes their mean
// duration, otherwise half of the limit times their mean duration of a step, because early stopping
// may end the run at any step. Uses a rough model when there is no such run.
class Estimator {
 public:
  explicit Estimator(std::string lab) : lab_(std::move(lab)) {}

  // Adds a finished run.
  void add(const spec::RunSpec& run, const run::Training& training);

  // The duration of what is left when the first `steps_done` steps need not be done again: the
  // steps that the finished runs took on average, less those that are done. Beyond that average,
  // and without such runs, half of the steps up to the limit.
  Estimate estimate(const spec::RunSpec& run, int64_t steps_done = 0);

  // A description of the rough model, for printing beside an estimate.
  static std::string model();

 private:
  struct Measured {
    double seconds = 0;
    double steps = 0;
    int64_t runs = 0;
  };
  double items_of(const std::string& data);

  std::string lab_;
  std::map<std::string, Measured> measured_;  // by kind of run, with and without its limit on steps
  std::map<std::string, double> items_;       // by data set
};

}  // namespace lea::lab
