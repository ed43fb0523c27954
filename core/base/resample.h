// The cluster bootstrap (Davison and Hinkley, Bootstrap Methods and their Application, 1997,
// section 3.8): clusters of values that are not independent, such as the events of a sequence, are
// drawn with replacement, and a figure is computed again for each draw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace lea {

// With one less than a multiple of 40, the limits are order statistics and need no interpolation.
inline constexpr size_t kResamples = 1999;

// Calls visit(drawn) for each resample. `drawn` has as many numbers of clusters, from 0, as there
// are clusters. The draws are the same at each call.
template <class Visit>
void for_each_resample(size_t clusters, const Visit& visit) {
  std::mt19937_64 random(1);
  std::vector<size_t> drawn(clusters);
  for (size_t resample = 0; resample < kResamples; ++resample) {
    for (size_t& one : drawn) {
      // Multiply and shift, because the distributions of the library differ between libraries.
      one = static_cast<size_t>((static_cast<unsigned __int128>(random()) * clusters) >> 64);
    }
    visit(drawn);
  }
}

// The 95 % percentile interval.
struct PercentileInterval {
  double low = 0, high = 0;
};

// Of a figure's value in each resample, [kResamples] in rising order.
inline PercentileInterval percentile_interval(const std::vector<double>& rising) {
  constexpr size_t kTail = (kResamples + 1) / 40;  // 2.5 % on either side
  return {rising[kTail - 1], rising[kResamples - kTail]};
}

}  // namespace lea
