// Estimates how long a run will take.
#pragma once

#include <map>
#include <string>

#include "core/spec/run_spec.h"

namespace lea::lab {

struct Estimate {
  double seconds = 0;
  bool measured = false;  // from earlier runs of the lab; otherwise from the rough model
};

// Estimates from the lab's finished runs of the same kind: the same data set, backbone, framework,
// reward, augmenter, batch size and number of threads. With the same limit on steps it takes their
// mean duration, otherwise half of the limit times their mean duration of a step. Uses a rough
// model when there is no such run.
class Estimator {
 public:
  explicit Estimator(const std::string& lab);
  Estimate estimate(const spec::RunSpec& run) const;
  // A description of the rough model, for printing beside an estimate.
  static std::string model();

 private:
  struct Measured {
    double seconds = 0;
    int64_t runs = 0;
  };
  std::string lab_;
  std::map<std::string, Measured> measured_;  // by kind of run, with and without its limit on steps
};

}  // namespace lea::lab
