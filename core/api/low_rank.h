// The leading singular values and vectors of a sparse matrix.
#pragma once

#include <functional>
#include <optional>

#include "core/api/tfidf.h"

namespace lea {

// A ~ left diag(values) right^T. Of each left vector the element of greatest magnitude is positive;
// of several it is the first.
struct LowRank {
  Tensor left;    // double [rows, k], orthonormal columns
  Tensor values;  // double [k], descending
  Tensor right;   // double [columns, k], orthonormal columns

  // Row i is row i of left diag(values)^power, float [rows, width]. Beyond k, and for singular values
  // that are 0 but for rounding, the numbers are 0.
  LEA_API Tensor row_vectors(int64_t width, double power) const;
  // The share of the matrix's sum of squares that the k values hold; 1 for a matrix of zeros.
  LEA_API double explained(const SparseRows& matrix) const;
};

// Subspace iteration from a random start (Halko, Martinsson, Tropp 2011, Algorithm 4.4). k is `rank`,
// or the smaller side of the matrix where that is less. The result depends on the arguments alone,
// and is exact when the matrix has fewer than rank + 32 rows or columns.
//
// `stop` is told the progress (done, total). When it returns true there is no result.
LEA_API std::optional<LowRank> low_rank(const SparseRows& matrix, int64_t rank, uint64_t seed,
                                        const std::function<bool(int64_t, int64_t)>& stop);

// Returns the rows divided by their lengths. A row that is very short beside the longest one holds
// only rounding errors, so it becomes 0.
LEA_API Tensor unit_vectors(const Tensor& vectors);

// How many multiplications and additions low_rank() is, for Preparer::count.
LEA_API double low_rank_cost(int64_t rows, int64_t columns, double entries, int64_t rank);

}  // namespace lea
