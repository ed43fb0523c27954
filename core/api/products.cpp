#include "core/api/products.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "core/api/wide_tiles.h"

namespace lea::kernels {

#if defined(__x86_64__)
namespace {

using namespace wide;

// How much of the depth is multiplied at a time, so that a panel of the right operand stays in the
// first-level cache: 128 * 64 floats are 32 KiB.
constexpr int64_t kDepth = 128;

// Loads a tile from the output or from the columns' values, and stores it.
template <int V>
struct Store {
  float* out;
  int64_t row;
  __mmask16 last;        // of the last vector
  bool add;              // to what stands in the output
  const float* columns;  // may be null

  template <int R>
  LEA_WIDE_INLINE void begin(int64_t first, __m512 (&sum)[R][V]) const {
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const __mmask16 mask = v == V - 1 ? last : 0xffff;
        const float* from = add ? out + (first + i) * row + v * kLanes : columns + v * kLanes;
        sum[i][v] =
            add || columns != nullptr ? _mm512_maskz_loadu_ps(mask, from) : _mm512_setzero_ps();
      }
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

template <int V>
LEA_WIDE void panel(int64_t m, const Operands& o, bool by_rows, float* out, int64_t out_row,
                    int64_t columns, bool add, const float* start) {
  const Store<V> store{out, out_row, mask_of(columns - (V - 1) * kLanes), add, start};
  if (by_rows) {
    multiply_rows<V, Left::kRows>(m, o, store);
  } else {
    multiply_rows<V, Left::kColumns>(m, o, store);
  }
}

// Rows of `right` as they are, with zeros after the last column.
LEA_WIDE void copy_panel(const Matrix& right, int64_t depth, int64_t columns, int vectors,
                         float* to) {
  for (int64_t k = 0; k < depth; ++k) {
    for (int v = 0; v < vectors; ++v) {
      _mm512_storeu_ps(to, _mm512_maskz_loadu_ps(mask_of(columns - v * kLanes),
                                                 right.data + k * right.row + v * kLanes));
      to += kLanes;
    }
  }
}

}  // namespace

LEA_WIDE void multiply_here(int64_t m, int64_t n, int64_t k, const Matrix& left,
                            const Matrix& right, float* out, int64_t out_row, const Start& start) {
  alignas(64) float room[kDepth * kPanel];
  const bool by_rows = left.column == 1;
  for (int64_t j = 0; j < n; j += kPanel) {
    const int64_t columns = std::min(kPanel, n - j);
    const int vectors = static_cast<int>((columns + kLanes - 1) / kLanes);
    for (int64_t d = 0; d < k || d == 0; d += kDepth) {
      const int64_t depth = std::min(kDepth, k - d);
      const Matrix part{right.data + d * right.row + j * right.column, right.row, right.column};
      Operands o{left.data + d * left.column, by_rows ? left.row : left.column, room,
                 vectors * kLanes, depth};
      if (right.column != 1) {
        transpose_panel(part.data, part.column, columns, depth, vectors, room);
      } else if (columns % kLanes == 0 && (part.row <= kPanel || m < 8)) {
        o.right = part.data;
        o.right_stride = part.row;
      } else {
        copy_panel(part, depth, columns, vectors, room);
      }
      const bool add = start.output || d > 0;
      const float* values = add || start.columns == nullptr ? nullptr : start.columns + j;
      switch (vectors) {
        case 1:
          panel<1>(m, o, by_rows, out + j, out_row, columns, add, values);
          break;
        case 2:
          panel<2>(m, o, by_rows, out + j, out_row, columns, add, values);
          break;
        case 3:
          panel<3>(m, o, by_rows, out + j, out_row, columns, add, values);
          break;
        default:
          panel<4>(m, o, by_rows, out + j, out_row, columns, add, values);
      }
    }
  }
}

void multiply(int64_t m, int64_t n, int64_t k, const Matrix& left, const Matrix& right, float* out,
              int64_t out_row, const Start& start) {
  constexpr int64_t kWorth = 1 << 20;  // multiplications for which a second thread pays
  const int64_t threads = at::in_parallel_region() ? 1 : at::get_num_threads();
  if (threads == 1 || m * n * k < 2 * kWorth) {
    multiply_here(m, n, k, left, right, out, out_row, start);
  } else if (n >= 4 * kPanel && n > m) {
    const int64_t panels = (n + kPanel - 1) / kPanel;
    at::parallel_for(0, panels, 1, [&](int64_t begin, int64_t end) {
      const int64_t from = begin * kPanel, to = std::min(n, end * kPanel);
      Start here = start;
      if (here.columns != nullptr) here.columns += from;
      multiply_here(m, to - from, k, left,
                    {right.data + from * right.column, right.row, right.column}, out + from,
                    out_row, here);
    });
  } else {
    at::parallel_for(
        0, m, std::max<int64_t>(24, kWorth / (n * k + 1)), [&](int64_t begin, int64_t end) {
          multiply_here(end - begin, n, k, {left.data + begin * left.row, left.row, left.column},
                        right, out + begin * out_row, out_row, start);
        });
  }
}

#else

void multiply_here(int64_t, int64_t, int64_t, const Matrix&, const Matrix&, float*, int64_t,
                   const Start&) {}
void multiply(int64_t, int64_t, int64_t, const Matrix&, const Matrix&, float*, int64_t,
              const Start&) {}

#endif

}  // namespace lea::kernels
