#include "core/api/sparse_file.h"

#include <ATen/ATen.h>

#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  return {tensor.const_data_ptr<T>(), tensor.const_data_ptr<T>() + tensor.numel()};
}

// Whether offsets and columns address what is there, so that no look-up leaves the memory.
bool is_valid(const SparseRows& matrix) {
  const int64_t entries = std::ssize(matrix.column);
  if (std::ssize(matrix.value) != entries || matrix.offset.front() != 0 ||
      matrix.offset.back() != entries)
    return false;
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    const int64_t begin = matrix.offset[row], end = matrix.offset[row + 1];
    if (end < begin || end > entries) return false;
    for (int64_t i = begin; i < end; ++i) {
      if (matrix.column[i] < 0 || matrix.column[i] >= matrix.columns) return false;
      if (i > begin && matrix.column[i] <= matrix.column[i - 1]) return false;
    }
  }
  return true;
}

}  // namespace

void write_sparse_rows(const std::string& path, const SparseRows& matrix) {
  write_tensors(path, {{"offset", at::tensor(matrix.offset, at::kLong)},
                       {"column", at::tensor(matrix.column, at::kInt)},
                       {"value", at::tensor(matrix.value, at::kFloat)},
                       {"columns", at::full({1}, matrix.columns, at::kLong)}});
}

SparseRows read_sparse_rows(const std::string& path, int64_t rows) {
  const auto tensors = read_tensors(path);
  const Tensor columns = tensor_of(tensors, "columns", at::kLong, path);
  SparseRows matrix;
  matrix.offset = values_of<int64_t>(tensor_of(tensors, "offset", at::kLong, path));
  matrix.column = values_of<int32_t>(tensor_of(tensors, "column", at::kInt, path));
  matrix.value = values_of<float>(tensor_of(tensors, "value", at::kFloat, path));
  matrix.columns = columns.numel() == 1 ? columns.item<int64_t>() : -1;
  if (matrix.rows() != rows)
    throw DataError(printable(path) + ": must hold a matrix of " + counted(rows, "row") +
                    ", but holds one of " + std::to_string(matrix.rows()));
  if (!is_valid(matrix))
    throw DataError(printable(path) + ": holds no sparse matrix: its offsets or columns are wrong");
  return matrix;
}

}  // namespace lea
