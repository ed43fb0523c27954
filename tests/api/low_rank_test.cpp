// The truncated decomposition against LAPACK's of the dense matrix, and sparse matrices in files.
#include "core/api/low_rank.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "core/api/sparse_file.h"
#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

// rows x columns with about a fifth of the places filled, whose singular values fall off.
SparseRows random_matrix(int64_t rows, int64_t columns) {
  SparseRows matrix;
  matrix.columns = columns;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const uint64_t bits = mix(7, uint64_t(r), uint64_t(c));
      if (bits % 5 != 0) continue;
      matrix.column.push_back(int32_t(c));
      matrix.value.push_back(float(unit(mix(bits, 1)) * std::exp(-0.02 * double(r + c))));
    }
    matrix.offset.push_back(std::ssize(matrix.column));
  }
  return matrix;
}

Tensor dense(const SparseRows& matrix) {
  const Tensor result = at::zeros({matrix.rows(), matrix.columns}, at::kDouble);
  for (int64_t r = 0; r < matrix.rows(); ++r) {
    for (int64_t i = matrix.offset[r]; i < matrix.offset[r + 1]; ++i)
      result[r][matrix.column[i]] = matrix.value[i];
  }
  return result;
}

const auto never = [](int64_t, int64_t) { return false; };

double greatest(const Tensor& difference) { return difference.abs().max().item<double>(); }

TEST(LowRank, EqualsTheDecompositionOfTheDenseMatrix) {
  const std::vector<std::pair<int64_t, int64_t>> shapes = {{200, 150}, {90, 300}, {9, 30}};
  for (const auto& [rows, columns] : shapes) {
    SCOPED_TRACE(rows);
    const int64_t rank = std::min<int64_t>(rows, 12);
    const SparseRows matrix = random_matrix(rows, columns);
    const LowRank found = *low_rank(matrix, 12, 1, never);
    const auto [left, values, right] = at::linalg_svd(dense(matrix), /*full_matrices=*/false);
    EXPECT_LT(greatest(found.values - values.narrow(0, 0, rank)), 1e-9);
    // Vectors are equal up to their sign.
    const Tensor product = at::matmul(found.left.t(), left.narrow(1, 0, rank));
    EXPECT_LT(greatest(product.abs() - at::eye(rank, at::kDouble)), 1e-6);
    EXPECT_LT(greatest(at::matmul(dense(matrix), found.right) - found.left * found.values), 1e-9);
    const Tensor largest = found.left.abs().argmax(0, /*keepdim=*/true);
    EXPECT_TRUE(found.left.gather(0, largest).gt(0).all().item<bool>()) << "the rule for signs";
    EXPECT_NEAR(found.explained(matrix),
                (values.narrow(0, 0, rank).square().sum() / values.square().sum()).item<double>(),
                1e-9);
  }
}

TEST(LowRank, DoesNotDependOnItsStartAndRepeatsItsBits) {
  const SparseRows matrix = random_matrix(120, 100);
  const LowRank first = *low_rank(matrix, 5, 1, never), again = *low_rank(matrix, 5, 1, never),
                other = *low_rank(matrix, 5, 2, never);
  EXPECT_TRUE(again.left.equal(first.left) && again.values.equal(first.values));
  EXPECT_LT(greatest(other.left - first.left), 1e-6);
}

TEST(LowRank, PadsWhatTheMatrixDoesNotHaveWithZeros) {
  SparseRows matrix;  // rank 1: rows (2, 0), (0, 0), (1, 0)
  matrix.columns = 2;
  matrix.offset = {0, 1, 1, 2};
  matrix.column = {0, 0};
  matrix.value = {2, 1};
  const Tensor rows = low_rank(matrix, 4, 1, never)->row_vectors(4, 1);
  ASSERT_EQ(rows.sizes(), (std::vector<int64_t>{3, 4}));
  EXPECT_NEAR(rows[0][0].item<double>(), 2, 1e-6);
  EXPECT_NEAR(rows[1][0].item<double>(), 0, 1e-6);
  EXPECT_NEAR(rows[2][0].item<double>(), 1, 1e-6);
  EXPECT_TRUE(rows.narrow(1, 1, 3).eq(0).all().item<bool>()) << rows;
}

TEST(LowRank, OfAnEmptyMatrixIsZeros) {
  SparseRows zeros;
  zeros.columns = 3;
  zeros.offset = {0, 0, 0};
  const LowRank found = *low_rank(zeros, 2, 1, never);
  EXPECT_TRUE(found.row_vectors(2, 0.5).eq(0).all().item<bool>());
  EXPECT_EQ(found.explained(zeros), 1);
  zeros.columns = 0;
  EXPECT_TRUE(low_rank(zeros, 2, 1, never)->row_vectors(2, 0.5).eq(0).all().item<bool>());
}

TEST(LowRank, HasNoResultAfterAStop) {
  const auto stop = [](int64_t done, int64_t) { return done == 3; };
  EXPECT_FALSE(low_rank(random_matrix(9, 9), 2, 1, stop).has_value());
}

class SparseFile : public ScratchTest {
 protected:
  std::string error_of(const std::map<std::string, Tensor>& tensors, int64_t rows = 2) {
    write_tensors(path("matrix"), tensors);
    try {
      read_sparse_rows(path("matrix"), rows);
    } catch (const DataError& error) {
      return std::string(error.what()).substr(path("matrix").size());
    }
    return "nothing thrown";
  }
  static Tensor longs(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }
  static Tensor ints(std::vector<int32_t> values) { return at::tensor(values, at::kInt); }
};

TEST_F(SparseFile, ComesBackAsItWas) {
  const SparseRows matrix = random_matrix(20, 30);
  write_sparse_rows(path("matrix"), matrix);
  const SparseRows back = read_sparse_rows(path("matrix"), 20);
  EXPECT_EQ(back.offset, matrix.offset);
  EXPECT_EQ(back.column, matrix.column);
  EXPECT_EQ(back.value, matrix.value);
  EXPECT_EQ(back.columns, 30);
}

TEST_F(SparseFile, IsRefusedWhenItWouldReadOutsideTheMemory) {
  const std::map<std::string, Tensor> good = {{"offset", longs({0, 1, 2})},
                                              {"column", ints({0, 2})},
                                              {"value", at::ones({2})},
                                              {"columns", longs({3})}};
  EXPECT_EQ(error_of(good), "nothing thrown");
  EXPECT_EQ(error_of(good, 3), ": must hold a matrix of 3 rows, but holds one of 2");
  const std::string wrong = ": holds no sparse matrix: its offsets or columns are wrong";
  const auto with = [&](const std::string& name, const Tensor& tensor) {
    auto tensors = good;
    tensors[name] = tensor;
    return error_of(tensors);
  };
  EXPECT_EQ(with("offset", longs({0, 1, 3})), wrong);
  EXPECT_EQ(with("offset", longs({0, -1, 2})), wrong);
  EXPECT_EQ(with("offset", longs({1, 1, 2})), wrong);
  EXPECT_EQ(with("offset", longs({0, 2, 2})), "nothing thrown");
  EXPECT_EQ(with("column", ints({0, 3})), wrong);
  EXPECT_EQ(with("column", ints({-1, 2})), wrong);
  EXPECT_EQ(with("value", at::ones({1})), wrong);
  EXPECT_EQ(with("columns", longs({3, 3})), wrong);
  EXPECT_EQ(with("column", longs({0, 2})), ": the tensor `column` must be I32, but is I64");
  auto missing = good;
  missing.erase("value");
  EXPECT_EQ(error_of(missing), ": has no tensor `value`");
}

}  // namespace
}  // namespace lea
