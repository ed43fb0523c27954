// Sparse matrices in safetensors files: the tensors `offset` and `column` are I64 and I32, `value` is
// F32, and `columns` is the number of columns.
#pragma once

#include <string>

#include "core/api/tfidf.h"

namespace lea {

// The file reaches its name whole. Equal matrices give equal bytes. Throws StoreError.
LEA_API void write_sparse_rows(const std::string& path, const SparseRows& matrix);

// Throws StoreError for a file that cannot be read, and DataError for one that holds no such matrix,
// or one of another number of rows.
LEA_API SparseRows read_sparse_rows(const std::string& path, int64_t rows);

}  // namespace lea
