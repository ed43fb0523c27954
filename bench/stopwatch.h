// Measures CPU time of the process: on a shared machine it is stable to about 5 %, wall time is
// not.
#pragma once

#include <time.h>

#include <algorithm>
#include <vector>

namespace lea::bench {

inline double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

struct Times {
  double best = 0, median = 0;  // ms of CPU time
  size_t count = 0;
};

// Calls `body` twice to warm up, then at least `least` times and until `seconds` of CPU time are
// spent.
template <class Body>
Times measure(double seconds, size_t least, Body body) {
  for (int i = 0; i < 2; ++i) body();
  std::vector<double> times;
  const double end = cpu_ms() + 1e3 * seconds;
  while (times.size() < least || cpu_ms() < end) {
    const double start = cpu_ms();
    body();
    times.push_back(cpu_ms() - start);
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.size()};
}

}  // namespace lea::bench
