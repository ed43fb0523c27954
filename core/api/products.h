// Float matrix products on the CPU through the loops of wide_tiles.h. Only a process in which
// lea::can_use_wide_products() is true may call them.
#pragma once

#include <cstdint>

namespace lea::kernels {

// A float matrix in memory: element (i, j) is at i * row + j * column. One of the two is 1.
struct Matrix {
  const float* data;
  int64_t row, column;
};

// What a product is added to.
struct Start {
  bool output = false;             // to what stands in the output
  const float* columns = nullptr;  // to this value of each column [n]
};

// out = left [m, k] * right [k, n] (+ start); the rows of `out` are `out_row` apart. Runs on the
// threads of at::get_num_threads() when it is large. The bits of an element do not depend on m, on n
// or on the threads.
void multiply(int64_t m, int64_t n, int64_t k, const Matrix& left, const Matrix& right, float* out,
              int64_t out_row, const Start& start = {});

// The same on the calling thread.
void multiply_here(int64_t m, int64_t n, int64_t k, const Matrix& left, const Matrix& right,
                   float* out, int64_t out_row, const Start& start = {});

}  // namespace lea::kernels
