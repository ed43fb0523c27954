// A lab whose index has many runs, as years of work would leave it. Its run folders are gone, as after
// they were moved elsewhere; the index keeps what it has.
#pragma once

#include <cstdint>
#include <string>

namespace lea::bench {

// The experiment with the most runs: three in ten of all.
inline constexpr const char* kWide = "wide";

// Fills the lab, which it makes. Each run has the spec and the result of a real one, 18 results, and
// 82 points of curves: 10 million rows for 100,000 runs. Throws Error.
void make_lab_of_runs(const std::string& lab, int64_t runs);

// The lab's first run of `experiments/industry_baselines` in a lab of its own, for copies of it.
void import_one_run(const std::string& lab);

}  // namespace lea::bench
