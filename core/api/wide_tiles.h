// Matrix products in registers of 512 bits. A tile is a few rows of a product and V vectors of its
// columns, whose sums stay in registers while the loop runs over the depth. The callers decide what
// happens before and after that loop, so a product and what follows it share one pass.
//
// Every element is summed in the order of the depth, whatever the tile, so its bits depend on the
// operands alone.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>

#define LEA_WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define LEA_WIDE_INLINE LEA_WIDE __attribute__((always_inline)) inline

namespace lea::kernels::wide {

constexpr int64_t kLanes = 16;   // floats in a vector
constexpr int kMostVectors = 4;  // of a tile
constexpr int64_t kPanel = kLanes * kMostVectors;

// Rows of a tile: with its vectors of the right operand and one of the left they fill the 32
// registers, and there are at least twice as many multiplications as loads.
constexpr int rows_of(int vectors) {
  constexpr int kRows[] = {0, 14, 12, 8, 6};
  return kRows[vectors];
}

// How the left operand lies in memory: element (i, k) is at i * stride + k, or at k * stride + i.
enum class Left { kRows, kColumns };

struct Operands {
  const float* left;
  int64_t left_stride;
  const float* right;  // [depth, V * kLanes], rows right_stride apart
  int64_t right_stride;
  int64_t depth;
};

template <int R, int V, Left kLeft>
LEA_WIDE_INLINE void accumulate(const Operands& o, const float* left, __m512 (&sum)[R][V]) {
  const int64_t stride = o.left_stride, right_stride = o.right_stride, depth = o.depth;
  const float* right = o.right;
  for (int64_t k = 0; k < depth; ++k, right += right_stride) {
    __m512 column[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) column[v] = _mm512_loadu_ps(right + v * kLanes);
#pragma GCC unroll 14
    for (int i = 0; i < R; ++i) {
      const __m512 row =
          _mm512_set1_ps(kLeft == Left::kRows ? left[i * stride + k] : left[k * stride + i]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[i][v] = _mm512_fmadd_ps(row, column[v], sum[i][v]);
    }
  }
}

template <int R, int V, Left kLeft, class Ends>
LEA_WIDE_INLINE void tile(int64_t first, const Operands& o, const Ends& ends) {
  __m512 sum[R][V];
  ends.begin(first, sum);
  accumulate<R, V, kLeft>(o, o.left + (kLeft == Left::kRows ? first * o.left_stride : first), sum);
  ends.end(first, sum);
}

template <int R, int V, Left kLeft, class Ends>
LEA_WIDE_INLINE void last_rows(int64_t first, int64_t rows, const Operands& o, const Ends& ends) {
  if constexpr (R > 0) {
    if (rows == R) {
      tile<R, V, kLeft>(first, o, ends);
    } else {
      last_rows<R - 1, V, kLeft>(first, rows, o, ends);
    }
  }
}

// `rows` rows of the product, V vectors wide. `ends` has begin(i, sum) and end(i, sum) for a tile
// whose first row is i; both are templates over the sizes of `sum`, __m512 [R][V].
template <int V, Left kLeft, class Ends>
LEA_WIDE void multiply_rows(int64_t rows, const Operands& o, const Ends& ends) {
  constexpr int kRows = rows_of(V);
  int64_t i = 0;
  for (; i + kRows <= rows; i += kRows) tile<kRows, V, kLeft>(i, o, ends);
  last_rows<kRows - 1, V, kLeft>(i, rows - i, o, ends);
}

LEA_WIDE_INLINE __mmask16 mask_of(int64_t lanes) {
  return static_cast<__mmask16>(lanes >= kLanes ? 0xffff : (1u << (lanes > 0 ? lanes : 0)) - 1);
}

// to[j * to_stride + i] = from[i * from_stride + j] for i < rows and j < columns, both at most 16;
// rows of `to` are written whole, with zeros after the first `rows` elements.
LEA_WIDE_INLINE void transpose_16(const float* from, int64_t from_stride, int64_t rows,
                                  int64_t columns, float* to, int64_t to_stride) {
  __m512 r[16], t[16];
  const __mmask16 mask = mask_of(columns);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    r[i] = i < rows ? _mm512_maskz_loadu_ps(mask, from + i * from_stride) : _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_maskz_unpacklo_ps(0xffff, r[i], r[i + 1]);
    t[i + 1] = _mm512_maskz_unpackhi_ps(0xffff, r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_castpd_ps(
        _mm512_maskz_unpacklo_pd(0xff, _mm512_castps_pd(t[i]), _mm512_castps_pd(t[i + 2])));
    r[i + 1] = _mm512_castpd_ps(
        _mm512_maskz_unpackhi_pd(0xff, _mm512_castps_pd(t[i]), _mm512_castps_pd(t[i + 2])));
    r[i + 2] = _mm512_castpd_ps(
        _mm512_maskz_unpacklo_pd(0xff, _mm512_castps_pd(t[i + 1]), _mm512_castps_pd(t[i + 3])));
    r[i + 3] = _mm512_castpd_ps(
        _mm512_maskz_unpackhi_pd(0xff, _mm512_castps_pd(t[i + 1]), _mm512_castps_pd(t[i + 3])));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_maskz_shuffle_f32x4(0xffff, r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_maskz_shuffle_f32x4(0xffff, r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_maskz_shuffle_f32x4(0xffff, r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_maskz_shuffle_f32x4(0xffff, r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm512_maskz_shuffle_f32x4(0xffff, t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_maskz_shuffle_f32x4(0xffff, t[i], t[i + 8], 0xdd);
  }
#pragma GCC unroll 16
  for (int j = 0; j < 16; ++j) {
    if (j < columns) _mm512_storeu_ps(to + j * to_stride, r[j]);
  }
}

// The rows [first, first + rows) of `from` [*, depth] as columns: to [depth, vectors * kLanes], with
// zeros in the columns beyond `rows`.
LEA_WIDE inline void transpose_panel(const float* from, int64_t from_stride, int64_t rows,
                                     int64_t depth, int vectors, float* to) {
  const int64_t lanes = vectors * kLanes;
  for (int64_t k = 0; k < depth; k += 16) {
    const int64_t columns = depth - k < 16 ? depth - k : 16;
    for (int64_t i = 0; i < lanes; i += 16) {
      const int64_t left = rows - i < 0 ? 0 : rows - i < 16 ? rows - i : 16;
      transpose_16(from + i * from_stride + k, from_stride, left, columns, to + k * lanes + i,
                   lanes);
    }
  }
}

}  // namespace lea::kernels::wide
#endif
