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

// A few rows go through some panels before the next rows do. So the output is written in pieces of a
// KiB, and its rows, each in a page of its own when there are many columns, are in the first-level
// cache of page addresses. The number of rows is a multiple of those of every tile but one.
constexpr int64_t kPanels = 4, kRows = 48;

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
LEA_WIDE void tiles(int64_t m, const Operands& o, bool by_rows, float* out, int64_t out_row,
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

// A panel of the right operand, where the loops can read it.
struct Panel {
  const float* data;
  int64_t row;  // rows are so far apart
  int64_t columns;
  int vectors() const { return static_cast<int>((columns + kLanes - 1) / kLanes); }
};

// Copies the panel into `room` where that pays.
LEA_WIDE Panel ready(const Matrix& right, int64_t depth, int64_t columns, int64_t rows,
                     float* room) {
  Panel panel{room, 0, columns};
  panel.row = panel.vectors() * kLanes;
  if (right.column != 1) {
    transpose_panel(right.data, right.column, columns, depth, panel.vectors(), room);
  } else if (columns % kLanes == 0 && (right.row <= kPanel || rows < 8)) {
    return {right.data, right.row, columns};
  } else {
    copy_panel(right, depth, columns, panel.vectors(), room);
  }
  return panel;
}

void multiply_panel(int64_t rows, const Matrix& left, int64_t depth, const Panel& right, float* out,
                    int64_t out_row, bool add, const float* values) {
  const bool by_rows = left.column == 1;
  const Operands o{left.data, by_rows ? left.row : left.column, right.data, right.row, depth};
  switch (right.vectors()) {
    case 1:
      return tiles<1>(rows, o, by_rows, out, out_row, right.columns, add, values);
    case 2:
      return tiles<2>(rows, o, by_rows, out, out_row, right.columns, add, values);
    case 3:
      return tiles<3>(rows, o, by_rows, out, out_row, right.columns, add, values);
    default:
      return tiles<4>(rows, o, by_rows, out, out_row, right.columns, add, values);
  }
}

}  // namespace

void multiply_here(int64_t m, int64_t n, int64_t k, const Matrix& left, const Matrix& right,
                   float* out, int64_t out_row, const Start& start) {
  alignas(64) float room[kPanels][kDepth * kPanel];
  for (int64_t j = 0; j < n; j += kPanels * kPanel) {
    const int64_t width = std::min(kPanels * kPanel, n - j);
    for (int64_t d = 0; d < k || d == 0; d += kDepth) {
      const int64_t depth = std::min(kDepth, k - d);
      Panel panels[kPanels];
      int64_t count = 0;
      for (int64_t at = 0; at < width; at += kPanel) {
        const Matrix part{right.data + d * right.row + (j + at) * right.column, right.row,
                          right.column};
        panels[count] = ready(part, depth, std::min(kPanel, width - at), m, room[count]);
        ++count;
      }
      const bool add = start.output || d > 0;
      for (int64_t i = 0; i < m; i += kRows) {
        const Matrix rows{left.data + i * left.row + d * left.column, left.row, left.column};
        for (int64_t p = 0; p < count; ++p) {
          const int64_t column = j + p * kPanel;
          const float* values = add || start.columns == nullptr ? nullptr : start.columns + column;
          multiply_panel(std::min(kRows, m - i), rows, depth, panels[p], out + i * out_row + column,
                         out_row, add, values);
        }
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
