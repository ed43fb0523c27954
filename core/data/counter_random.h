// A counter-based random generator: number n of a seed is a pure function of (seed, n). The
// standard library's shuffle and distributions differ between implementations, but a split must
// not.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace lea::data {

class CounterRandom {
 public:
  explicit CounterRandom(uint64_t seed) : key_(mix(seed + kGolden)) {}

  uint64_t next() { return mix(key_ + kGolden * ++counter_); }

  // Uniform over 0 .. bound - 1, without bias: values below 2^64 mod bound are drawn again.
  uint64_t below(uint64_t bound) {
    const uint64_t skip = (0 - bound) % bound;
    uint64_t value = next();
    while (value < skip) value = next();
    return value % bound;
  }

  // Fisher-Yates, from the last place down.
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  static constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
  // SplitMix64's finaliser (Steele, Lea, Flood 2014).
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace lea::data
