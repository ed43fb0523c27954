#include "core/api/types.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lea {
namespace {

// The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
uint64_t scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// The sequence that holds `event`.
int64_t sequence_index(const int64_t* offset, int64_t sequences, int64_t event) {
  return std::upper_bound(offset, offset + sequences + 1, event) - offset - 1;
}

// The last sequence whose first place is not after `place`. Sequence s begins at place first[s] + s.
int64_t sequence_at(const int64_t* first, int64_t sequences, int64_t place) {
  int64_t low = 0, high = sequences;
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (first[middle] + middle <= place ? low : high) = middle;
  }
  return low;
}

}  // namespace

uint64_t mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  uint64_t hash = 0;
  for (const uint64_t word : {a, b, c, d}) hash = scramble(hash + word + 0x9e3779b97f4a7c15ULL);
  return hash;
}

double unit(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

double Step::uniform(uint64_t stream) const {
  // A constant of its own keeps these numbers apart from the host's own uses of (seed, step).
  return unit(mix(seed, static_cast<uint64_t>(index), stream, 0x66726d776b2d7531ULL));
}

History TrainingData::histories(const Tensor& events) const {
  return histories_at(events.to(at::kCPU, at::kLong) + sequence_of(events));
}

History TrainingData::histories_at(const Tensor& places) const {
  const Tensor wanted = places.to(at::kCPU, at::kLong).contiguous();
  const int64_t rows = wanted.size(0);
  History result{at::zeros({rows, history}, at::kLong), at::empty({rows}, at::kLong),
                 at::empty({rows}, at::kLong), wanted};
  const int64_t* place = wanted.const_data_ptr<int64_t>();
  const int64_t* first = offset.const_data_ptr<int64_t>();
  const int32_t* logged = item.const_data_ptr<int32_t>();
  int64_t* items = result.items.mutable_data_ptr<int64_t>();
  int64_t* length = result.length.mutable_data_ptr<int64_t>();
  int64_t* event = result.event.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t sequence = sequence_at(first, sequences(), place[row]);
    const int64_t end = place[row] - sequence;
    const int64_t from = std::max(first[sequence], end - history);
    length[row] = end - from;
    event[row] = end < first[sequence + 1] ? end : -1;
    std::copy(logged + from, logged + end, items + row * history);
  }
  return result;
}

Tensor TrainingData::sequence_of(const Tensor& events) const {
  const Tensor wanted = events.to(at::kCPU, at::kLong).contiguous();
  Tensor result = at::empty_like(wanted);
  const int64_t* event = wanted.const_data_ptr<int64_t>();
  const int64_t* first = offset.const_data_ptr<int64_t>();
  int64_t* sequence = result.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < wanted.size(0); ++row) {
    sequence[row] = sequence_index(first, offset.size(0) - 1, event[row]);
  }
  return result;
}

}  // namespace lea
