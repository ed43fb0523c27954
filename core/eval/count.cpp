// Counts the scores around the target's score. This is the inner loop of every evaluation, so it
// makes one pass over a row without a branch.
#include <algorithm>

#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

struct Sums {
  uint32_t above, equal, below;
};

// This function is inlined into each variant below, so that the compiler vectorises it for the
// instructions of that variant. A NaN is neither above, equal nor below. With a NaN the three sums
// therefore do not reach the number of items.
[[gnu::always_inline]] inline Sums sums(const float* scores, int64_t items, float target) {
  uint32_t above = 0, equal = 0, below = 0;
  for (int64_t i = 0; i < items; ++i) {
    above += scores[i] > target;
    equal += scores[i] == target;
    below += scores[i] < target;
  }
  return {above, equal, below};
}

Sums plain(const float* scores, int64_t items, float target) { return sums(scores, items, target); }

#if defined(__x86_64__)
// choose() selects a variant at run time. The attribute target_clones would do so by itself, but it
// needs ifunc, which crashes at start-up under the sanitizers.
[[gnu::target("avx2")]] Sums avx2(const float* scores, int64_t items, float target) {
  return sums(scores, items, target);
}
#ifdef __clang__  // clang has no prefer-vector-width
#define LEA_AVX512 "avx512f,avx512bw,avx512vl"
#else
#define LEA_AVX512 "avx512f,avx512bw,avx512vl,prefer-vector-width=512"
#endif
[[gnu::target(LEA_AVX512)]] Sums avx512(const float* scores, int64_t items, float target) {
  return sums(scores, items, target);
}

using Variant = Sums (*)(const float*, int64_t, float);
Variant choose() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    return avx512;
  }
  return __builtin_cpu_supports("avx2") ? avx2 : plain;
}
#endif

Sums fastest(const float* scores, int64_t items, float target) {
#if defined(__x86_64__)
  static const Variant variant = choose();
  return variant(scores, items, target);
#else
  return plain(scores, items, target);
#endif
}

}  // namespace

bool count_row(const float* scores, int64_t items, int64_t target, Count* count) {
  const Sums found = fastest(scores, items, scores[target]);
  count->above = found.above;
  count->equal = found.equal - 1;  // the target itself does not count
  return int64_t{found.above} + found.equal + found.below == items;
}

int64_t rows_at_a_time(int64_t items) {
  constexpr int64_t kManyItems = 32768, kMostBytes = 256 << 20;
  const int64_t rows = items > kManyItems ? 512 : 256;
  const int64_t fit = kMostBytes / (items * static_cast<int64_t>(sizeof(float)));
  return std::max<int64_t>(1, std::min(rows, fit));
}

}  // namespace lea::eval
