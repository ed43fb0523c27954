// How long a run will take.
#pragma once

#include <map>
#include <string>

#include "core/spec/run_spec.h"

namespace lea::lab {

struct Estimate {
  double seconds = 0;
  bool measured = false;
};

// Prefers what the lab has measured: the mean duration of finished runs with the same backbone,
// framework and data set, scaled by the limit on steps when that differs.
class Estimator {
 public:
  explicit Estimator(const std::string& lab);
  Estimate estimate(const spec::RunSpec& run) const;
  // The rough model in words, for whoever reads the plan.
  static std::string model();

 private:
  struct Measured {
    double seconds = 0;
    int64_t runs = 0;
  };
  std::string lab_;
  std::map<std::string, Measured> measured_;
};

}  // namespace lea::lab
