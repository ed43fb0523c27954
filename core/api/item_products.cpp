#include "core/api/item_products.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "core/api/wide_tiles.h"
#include "core/base/fast_math.h"

namespace lea::kernels {

#if defined(__x86_64__)
namespace {

using namespace wide;

// Items whose logits of a panel are kept in the cache at a time: 120 * 64 floats are 30 KiB. It is a
// multiple of the rows of every tile but one.
constexpr int64_t kItems = 120;

// All exponentials of some panels are kept until their sums are known. More panels at a time update
// the gradient of the weights less often; but what leaves the last-level cache costs more.
constexpr int64_t kKeptBytes = 16 << 20;
constexpr int64_t kLeastPanels = 2;

constexpr float kNone = -std::numeric_limits<float>::infinity();

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Room = std::unique_ptr<float[], Free>;

Room room(int64_t floats) {
  const size_t bytes = (static_cast<size_t>(floats) * sizeof(float) + 63) / 64 * 64;
  auto* memory = static_cast<float*>(std::aligned_alloc(64, std::max<size_t>(bytes, 64)));
  if (memory == nullptr) throw std::bad_alloc();
  return Room(memory);
}

int vectors_of(int64_t rows) { return static_cast<int>((rows + kLanes - 1) / kLanes); }

// Keeps the greatest logit of each lane and its column.
template <int V>
struct Best {
  const float* bias;
  float* greatest;  // [V * kLanes]
  int32_t* column;  // [V * kLanes]
  int32_t at;       // the column of row 0

  template <int R>
  LEA_WIDE_INLINE void begin(int64_t first, __m512 (&sum)[R][V]) const {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = _mm512_set1_ps(bias[first + i]);
    }
  }
  template <int R>
  LEA_WIDE_INLINE void end(int64_t first, const __m512 (&sum)[R][V]) const {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      __m512 most = _mm512_load_ps(greatest + v * kLanes);
      __m512i where = _mm512_load_si512(column + v * kLanes);
#pragma GCC unroll 14
      for (int i = 0; i < R; ++i) {
        const __mmask16 more = _mm512_cmp_ps_mask(sum[i][v], most, _CMP_GT_OQ);
        most = _mm512_mask_mov_ps(most, more, sum[i][v]);
        where = _mm512_mask_set1_epi32(where, more, at + static_cast<int32_t>(first) + i);
      }
      _mm512_store_ps(greatest + v * kLanes, most);
      _mm512_store_si512(column + v * kLanes, where);
    }
  }
};

// Stores the logits and keeps the greatest of each lane.
template <int V, bool kRelu>
struct Logits {
  const float* bias;
  float* out;       // [kItems, V * kLanes]
  float* greatest;  // [V * kLanes]

  template <int R>
  LEA_WIDE_INLINE void begin(int64_t first, __m512 (&sum)[R][V]) const {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = _mm512_set1_ps(bias[first + i]);
    }
  }
  template <int R>
  LEA_WIDE_INLINE void end(int64_t first, const __m512 (&sum)[R][V]) const {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      __m512 most = _mm512_load_ps(greatest + v * kLanes);
#pragma GCC unroll 14
      for (int i = 0; i < R; ++i) {
        __m512 x = sum[i][v];
        // The second operand is the result when one is NaN: a NaN stays here and is left out there.
        if (kRelu) x = _mm512_maskz_max_ps(0xffff, _mm512_setzero_ps(), x);
        most = _mm512_maskz_max_ps(0xffff, x, most);
        _mm512_store_ps(out + ((first + i) * V + v) * kLanes, x);
      }
      _mm512_store_ps(greatest + v * kLanes, most);
    }
  }
};

// Adds to a matrix of whole vectors.
template <int V>
struct Add {
  float* out;
  int64_t row;
  __mmask16 last;
  bool fresh;  // nothing stands there yet

  template <int R>
  LEA_WIDE_INLINE void begin(int64_t first, __m512 (&sum)[R][V]) const {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        sum[i][v] = fresh ? _mm512_setzero_ps()
                          : _mm512_maskz_loadu_ps(v == V - 1 ? last : 0xffff,
                                                  out + (first + i) * row + v * kLanes);
    }
  }
  template <int R>
  LEA_WIDE_INLINE void end(int64_t first, const __m512 (&sum)[R][V]) const {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v)
        _mm512_mask_storeu_ps(out + (first + i) * row + v * kLanes, v == V - 1 ? last : 0xffff,
                              sum[i][v]);
    }
  }
};

// exp_negative() of fast_math.h for 16 numbers.
LEA_WIDE_INLINE __m512 exp_negative_16(__m512 x) {
  const __m512 to_integer = _mm512_set1_ps(12582912.0f), least = _mm512_set1_ps(-87.0f);
  // A NaN passes, because it is the second operand.
  const __m512 clamped = _mm512_maskz_max_ps(0xffff, least, x);
  const __m512 shifted = _mm512_fmadd_ps(clamped, _mm512_set1_ps(1.44269504f), to_integer);
  const __m512 k = _mm512_sub_ps(shifted, to_integer);
  __m512 r = _mm512_fnmadd_ps(k, _mm512_set1_ps(0.693359375f), clamped);
  r = _mm512_fmadd_ps(k, _mm512_set1_ps(2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.9875691500e-4f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.3981999507e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
  const __m512i exponent =
      _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_castps_si512(to_integer));
  const __m512 power = _mm512_castsi512_ps(
      _mm512_maskz_slli_epi32(0xffff, _mm512_add_epi32(exponent, _mm512_set1_epi32(127)), 23));
  const __mmask16 above = _mm512_cmp_ps_mask(x, least, _CMP_NLT_UQ);
  return _mm512_maskz_mul_ps(above, p, power);
}

// The sum of the lanes, in a fixed order.
LEA_WIDE_INLINE float sum_of(__m512 x) {
  alignas(64) float lane[kLanes];
  _mm512_store_ps(lane, x);
  float sum = 0;
  for (const float value : lane) sum += value;
  return sum;
}

// Up to 64 rows of the batch, which are lanes of vectors.
struct Panel {
  int64_t first = 0, rows = 0;
  int vectors = 0;
  float* state = nullptr;     // [width, lanes]
  float* kept = nullptr;      // [items, lanes], exponentials
  float* greatest = nullptr;  // [lanes], of the logits so far
  float* sum = nullptr;       // [lanes], of exp(logit - greatest)
  float* reference =
      nullptr;  // [blocks, lanes], what `greatest` was for the exponentials of a block
  float* to_state = nullptr;  // [width, lanes], of the sums' logarithms, still without 1 / sum
  float* part = nullptr;      // [width, lanes], what a block adds to it
  std::vector<std::pair<int64_t, int64_t>>
      wanted;  // targets - 1, ascending, and places in `result`
  int64_t lanes() const { return vectors * kLanes; }
};

std::vector<Panel> panels_of(int64_t rows) {
  std::vector<Panel> panels;
  for (int64_t first = 0; first < rows; first += kPanel) {
    Panel panel;
    panel.first = first;
    panel.rows = std::min(kPanel, rows - first);
    panel.vectors = vectors_of(panel.rows);
    panels.push_back(std::move(panel));
  }
  return panels;
}

// The items [begin, begin + items) of one panel: logits, their exponentials relative to the greatest
// logit so far, and what these add to the gradient of the state.
template <int V, bool kRelu>
LEA_WIDE void exponential_block(const ItemLayer& layer, const ItemEntropy& task, Panel& panel,
                                int64_t begin, size_t& next, float* block) {
  constexpr int64_t kAll = V * kLanes;
  const int64_t items = std::min(kItems, layer.items - begin), width = layer.width;
  const float* weight = layer.weight + begin * width;
  alignas(64) float before[kAll];
  for (int v = 0; v < V; ++v)
    _mm512_store_ps(before + v * kLanes, _mm512_load_ps(panel.greatest + v * kLanes));
  multiply_rows<V, Left::kRows>(items, {weight, width, panel.state, kAll, width},
                                Logits<V, kRelu>{layer.bias + begin, block, panel.greatest});

  for (; next < panel.wanted.size() && panel.wanted[next].first < begin + items; ++next) {
    const auto [item, place] = panel.wanted[next];
    task.result[place] = block[(item - begin) * kAll + place / task.targets - panel.first];
  }

  // What earlier blocks have summed is relative to the greatest logit until then: `before` becomes the
  // factor that makes it relative to the greatest logit until now.
  __m512 sum[V], greatest[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; ++v) {
    const __m512 old = _mm512_load_ps(before + v * kLanes);
    greatest[v] = _mm512_load_ps(panel.greatest + v * kLanes);
    const __mmask16 changed = _mm512_cmp_ps_mask(old, greatest[v], _CMP_NEQ_UQ);
    _mm512_store_ps(before + v * kLanes,
                    _mm512_mask_mov_ps(_mm512_set1_ps(1.0f), changed,
                                       exp_negative_16(_mm512_sub_ps(old, greatest[v]))));
    sum[v] = _mm512_setzero_ps();
  }
  for (int64_t i = 0; i < items; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      float* at = block + (i * V + v) * kLanes;
      const __m512 x = _mm512_load_ps(at);
      const __m512 e = exp_negative_16(_mm512_sub_ps(x, greatest[v]));
      sum[v] = _mm512_add_ps(sum[v], e);
      if (kRelu) {
        const __mmask16 clamped = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LE_OQ);
        _mm512_store_ps(at, _mm512_mask_mov_ps(e, clamped, _mm512_setzero_ps()));
      } else {
        _mm512_store_ps(at, e);
      }
    }
  }
  // Sums of a block are added to the sums of the blocks, which rounds less than one long sum.
  for (int v = 0; v < V; ++v) {
    float* at = panel.sum + v * kLanes;
    _mm512_store_ps(
        at, _mm512_fmadd_ps(_mm512_load_ps(at), _mm512_load_ps(before + v * kLanes), sum[v]));
  }
  if (panel.to_state == nullptr) return;

  float* reference = panel.reference + begin / kItems * kAll;
  for (int v = 0; v < V; ++v) _mm512_store_ps(reference + v * kLanes, greatest[v]);
  multiply_rows<V, Left::kColumns>(width, {weight, width, block, kAll, items},
                                   Add<V>{panel.part, kAll, 0xffff, /*fresh=*/true});
  for (int64_t d = 0; d < width; ++d) {
    for (int v = 0; v < V; ++v) {
      const int64_t place = (d * V + v) * kLanes;
      _mm512_store_ps(
          panel.to_state + place,
          _mm512_fmadd_ps(_mm512_load_ps(panel.to_state + place),
                          _mm512_load_ps(before + v * kLanes), _mm512_load_ps(panel.part + place)));
    }
  }
}

template <int V>
LEA_WIDE void exponentials_of(const ItemLayer& layer, const ItemEntropy& task, Panel& panel) {
  transpose_panel(task.state + panel.first * layer.width, layer.width, panel.rows, layer.width, V,
                  panel.state);
  for (int v = 0; v < V; ++v) {
    _mm512_store_ps(panel.greatest + v * kLanes, _mm512_set1_ps(kNone));
    _mm512_store_ps(panel.sum + v * kLanes, _mm512_setzero_ps());
  }
  size_t next = 0;
  alignas(64) float block[kItems * V * kLanes];
  for (int64_t begin = 0; begin < layer.items; begin += kItems) {
    float* out = panel.kept == nullptr ? block : panel.kept + begin * V * kLanes;
    if (task.relu) {
      exponential_block<V, true>(layer, task, panel, begin, next, out);
    } else {
      exponential_block<V, false>(layer, task, panel, begin, next, out);
    }
  }
}

void exponentials(const ItemLayer& layer, const ItemEntropy& task, Panel& panel) {
  switch (panel.vectors) {
    case 1:
      return exponentials_of<1>(layer, task, panel);
    case 2:
      return exponentials_of<2>(layer, task, panel);
    case 3:
      return exponentials_of<3>(layer, task, panel);
    default:
      return exponentials_of<4>(layer, task, panel);
  }
}

// For the items [begin, begin + items): adds exponentials^T [items, rows] * (state * factor) of a
// panel to the gradients of the weight and the bias.
LEA_WIDE void weight_block(const ItemLayer& layer, const ItemEntropy& task, const Panel& panel,
                           const float* factor, int64_t begin, bool fresh, float* scaled) {
  const int64_t items = std::min(kItems, layer.items - begin), width = layer.width,
                lanes = panel.lanes();
  const float* reference = panel.reference + begin / kItems * lanes;
  alignas(64) float share[kPanel];
  for (int64_t v = 0; v < panel.vectors; ++v) {
    const __m512 change = _mm512_sub_ps(_mm512_load_ps(reference + v * kLanes),
                                        _mm512_load_ps(panel.greatest + v * kLanes));
    _mm512_store_ps(share + v * kLanes,
                    _mm512_mul_ps(exp_negative_16(change), _mm512_load_ps(factor + v * kLanes)));
  }
  const float* kept = panel.kept + begin * lanes;
  const Operands o{kept, lanes, scaled, kPanel, panel.rows};
  for (int64_t d = 0; d < width; d += kPanel) {
    const int64_t columns = std::min(kPanel, width - d);
    const int vectors = vectors_of(columns);
    const __mmask16 last = mask_of(columns - (vectors - 1) * kLanes);
    for (int64_t b = 0; b < panel.rows; ++b) {
      const __m512 times = _mm512_set1_ps(share[b]);
      const float* row = task.state + (panel.first + b) * width + d;
      for (int v = 0; v < vectors; ++v)
        _mm512_store_ps(scaled + b * kPanel + v * kLanes,
                        _mm512_mul_ps(times, _mm512_maskz_loadu_ps(v == vectors - 1 ? last : 0xffff,
                                                                   row + v * kLanes)));
    }
    float* out = task.to_weight + begin * width + d;
    switch (vectors) {
      case 1:
        multiply_rows<1, Left::kRows>(items, o, Add<1>{out, width, last, fresh});
        break;
      case 2:
        multiply_rows<2, Left::kRows>(items, o, Add<2>{out, width, last, fresh});
        break;
      case 3:
        multiply_rows<3, Left::kRows>(items, o, Add<3>{out, width, last, fresh});
        break;
      default:
        multiply_rows<4, Left::kRows>(items, o, Add<4>{out, width, last, fresh});
    }
  }
  // The bias: 16 items at a time are turned, so that they can be added side by side.
  alignas(64) float turned[16 * kLanes];
  for (int64_t i = 0; i < items; i += 16) {
    const int64_t rows = std::min<int64_t>(16, items - i);
    __m512 sum = _mm512_setzero_ps();
    alignas(64) float partial[16 * kLanes];
    for (int64_t r = 0; r < rows; ++r) {
      __m512 part = _mm512_setzero_ps();
      for (int64_t v = 0; v < panel.vectors; ++v)
        part = _mm512_fmadd_ps(_mm512_load_ps(kept + (i + r) * lanes + v * kLanes),
                               _mm512_load_ps(share + v * kLanes), part);
      _mm512_store_ps(partial + r * kLanes, part);
    }
    transpose_16(partial, kLanes, rows, 16, turned, kLanes);
    for (int j = 0; j < 16; ++j) sum = _mm512_add_ps(sum, _mm512_load_ps(turned + j * kLanes));
    float* out = task.to_bias + begin + i;
    const __mmask16 mask = mask_of(rows);
    if (!fresh) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, out));
    _mm512_mask_storeu_ps(out, mask, sum);
  }
}

// to_state of a panel as rows, times `factor`.
void finish_state(const ItemLayer& layer, const ItemEntropy& task, const Panel& panel,
                  const float* factor) {
  for (int64_t b = 0; b < panel.rows; ++b) {
    float* row = task.to_state + (panel.first + b) * layer.width;
    for (int64_t d = 0; d < layer.width; ++d)
      row[d] = panel.to_state[d * panel.lanes() + b] * factor[b];
  }
}

// The part of the gradients that comes from the targets: -scale at the logit of each.
void subtract_targets(const ItemLayer& layer, const ItemEntropy& task, const float* used) {
  const int64_t width = layer.width;
  for (int64_t place = 0; place < task.rows * task.targets; ++place) {
    const int64_t item = task.target[place] - 1;
    if (item < 0) continue;
    const float scale = used[place];
    const float* state = task.state + place / task.targets * width;
    const float* weight = layer.weight + item * width;
    float* to_state = task.to_state + place / task.targets * width;
    float* to_weight = task.to_weight + item * width;
    task.to_bias[item] -= scale;
    for (int64_t d = 0; d < width; ++d) to_weight[d] -= scale * state[d];
    for (int64_t d = 0; d < width; ++d) to_state[d] -= scale * weight[d];
  }
}

void find_targets(const ItemEntropy& task, Panel& panel) {
  for (int64_t place = panel.first * task.targets;
       place < (panel.first + panel.rows) * task.targets; ++place) {
    if (task.target[place] > 0) {
      panel.wanted.emplace_back(task.target[place] - 1, place);
    } else {
      task.result[place] = 0;
    }
  }
  std::sort(panel.wanted.begin(), panel.wanted.end());
}

template <int V>
LEA_WIDE void best_of(const ItemLayer& layer, const float* state, const Panel& panel,
                      int64_t* column) {
  alignas(64) float greatest[V * kLanes];
  alignas(64) int32_t where[V * kLanes];
  transpose_panel(state + panel.first * layer.width, layer.width, panel.rows, layer.width, V,
                  panel.state);
  std::fill(greatest, greatest + V * kLanes, kNone);
  std::fill(where, where + V * kLanes, 0);
  multiply_rows<V, Left::kRows>(layer.items,
                                {layer.weight, layer.width, panel.state, V * kLanes, layer.width},
                                Best<V>{layer.bias, greatest, where, 0});
  std::copy(where, where + panel.rows, column + panel.first);
}

}  // namespace

void best_columns(const ItemLayer& layer, const float* state, int64_t rows, int64_t* column) {
  const std::vector<Panel> panels = panels_of(rows);
  at::parallel_for(0, std::ssize(panels), 1, [&](int64_t begin, int64_t end) {
    const Room turned = room(layer.width * kPanel);
    for (int64_t p = begin; p < end; ++p) {
      Panel panel = panels[p];
      panel.state = turned.get();
      switch (panel.vectors) {
        case 1:
          best_of<1>(layer, state, panel, column);
          break;
        case 2:
          best_of<2>(layer, state, panel, column);
          break;
        case 3:
          best_of<3>(layer, state, panel, column);
          break;
        default:
          best_of<4>(layer, state, panel, column);
      }
    }
  });
}

void item_entropy(const ItemLayer& layer, const ItemEntropy& task) {
  const bool train = task.to_state != nullptr;
  const int64_t items = layer.items, width = layer.width, blocks = (items + kItems - 1) / kItems;
  std::vector<Panel> panels = panels_of(task.rows);
  const int64_t together = train
                               ? std::max<int64_t>(kKeptBytes / (4 * kPanel * items), kLeastPanels)
                               : std::ssize(panels);
  const int64_t most = std::min<int64_t>(together, std::ssize(panels));
  const int64_t small = 3 * width * kPanel + (2 + blocks) * kPanel + kPanel;
  const Room memory = room(most * (small + (train ? items * kPanel : 0)));
  std::vector<float> used(task.scale, task.scale + (train ? task.rows * task.targets : 0));

  for (int64_t group = 0; group < std::ssize(panels); group += together) {
    const int64_t count = std::min<int64_t>(together, std::ssize(panels) - group);
    std::vector<float*> factors(count);
    at::parallel_for(0, count, 1, [&](int64_t from, int64_t to) {
      for (int64_t p = from; p < to; ++p) {
        Panel& panel = panels[group + p];
        float* at = memory.get() + p * small;
        const auto take = [&at](int64_t floats) { return std::exchange(at, at + floats); };
        panel.state = take(width * kPanel);
        panel.greatest = take(kPanel);
        panel.sum = take(kPanel);
        factors[p] = take(kPanel);
        if (train) {
          panel.to_state = take(width * kPanel);
          std::fill(panel.to_state, panel.to_state + width * kPanel, 0.0f);
          panel.part = take(width * kPanel);
          panel.reference = take(blocks * kPanel);
          panel.kept = memory.get() + most * small + p * items * kPanel;
        }
        find_targets(task, panel);
        exponentials(layer, task, panel);
        std::fill(factors[p], factors[p] + kPanel, 0.0f);
        for (int64_t b = 0; b < panel.rows; ++b) {
          const int64_t row = panel.first + b;
          const float log_sum = panel.greatest[b] + std::log(panel.sum[b]);
          float total = 0;
          for (int64_t place = row * task.targets; place < (row + 1) * task.targets; ++place) {
            total += task.scale[place];
            if (task.target[place] == 0) continue;
            if (train && task.relu && !(task.result[place] > 0)) used[place] = 0;
            task.result[place] = log_sum - task.result[place];
          }
          factors[p][b] = total / panel.sum[b];
        }
        if (train) finish_state(layer, task, panel, factors[p]);
      }
    });
    if (!train) continue;
    at::parallel_for(0, blocks, 8, [&](int64_t from, int64_t to) {
      const Room scaled = room(kPanel * kPanel);
      for (int64_t block = from; block < to; ++block) {
        for (int64_t p = 0; p < count; ++p)
          weight_block(layer, task, panels[group + p], factors[p], block * kItems,
                       group == 0 && p == 0, scaled.get());
      }
    });
  }
  if (train) subtract_targets(layer, task, used.data());
}

LEA_WIDE void picked_logits(const ItemLayer& layer, const PickedLogits& task, float* value) {
  const int64_t width = layer.width;
  for (int64_t place = 0; place < task.rows * task.count; ++place) {
    const float* state = task.state + place / task.count * width;
    const float* weight = layer.weight + task.item[place] * width;
    __m512 sum = _mm512_setzero_ps();
    for (int64_t d = 0; d < width; d += kLanes) {
      const __mmask16 mask = mask_of(width - d);
      sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, state + d),
                            _mm512_maskz_loadu_ps(mask, weight + d), sum);
    }
    const float logit = sum_of(sum) + layer.bias[task.item[place]];
    value[place] = task.relu && logit < 0 ? 0 : logit;
  }
}

LEA_WIDE void picked_gradients(const ItemLayer& layer, const PickedLogits& task, const float* value,
                               const float* outer, float* to_state, float* to_weight,
                               float* to_bias) {
  const int64_t width = layer.width;
  std::fill(to_state, to_state + task.rows * width, 0.0f);
  for (int64_t place = 0; place < task.rows * task.count; ++place) {
    if (task.relu && value[place] <= 0) continue;
    const int64_t row = place / task.count, item = task.item[place];
    const float* state = task.state + row * width;
    const float* weight = layer.weight + item * width;
    float* into_state = to_state + row * width;
    float* into_weight = to_weight + item * width;
    const __m512 factor = _mm512_set1_ps(outer[place]);
    to_bias[item] += outer[place];
    for (int64_t d = 0; d < width; d += kLanes) {
      const __mmask16 mask = mask_of(width - d);
      const __m512 w = _mm512_maskz_loadu_ps(mask, weight + d),
                   h = _mm512_maskz_loadu_ps(mask, state + d),
                   from = _mm512_maskz_loadu_ps(mask, into_state + d),
                   sum = _mm512_maskz_loadu_ps(mask, into_weight + d);
      _mm512_mask_storeu_ps(into_state + d, mask, _mm512_fmadd_ps(factor, w, from));
      _mm512_mask_storeu_ps(into_weight + d, mask, _mm512_fmadd_ps(factor, h, sum));
    }
  }
}

#else

void picked_logits(const ItemLayer&, const PickedLogits&, float*) {}
void picked_gradients(const ItemLayer&, const PickedLogits&, const float*, const float*, float*,
                      float*, float*) {}
void best_columns(const ItemLayer&, const float*, int64_t, int64_t*) {}
void item_entropy(const ItemLayer&, const ItemEntropy&) {}

#endif

}  // namespace lea::kernels
