// Reads a matrix of numbers from a user's NumPy (npz) or safetensors file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <ATen/ATen.h>

#include "core/api/array_file.h"
#include "core/base/counted.h"
#include "core/base/error.h"

namespace lea {

// The matrix `name`, or `table` as an artefact calls it; a vector is a matrix of one column. It has
// `rows` rows, which `one` describes, and its values are finite. Throws DataError.
inline Tensor read_matrix(const ArrayFile& file, const std::string& path, const std::string& name,
                          int64_t rows, const std::string& one) {
  const std::string found = file.has(name) ? name : "table";
  if (!file.has(found)) {
    std::string names;
    for (const std::string& other : file.names()) names += (names.empty() ? "" : ", ") + other;
    throw DataError(path + ": has no array `" + name +
                    "` or `table` (it has: " + (names.empty() ? "none" : names) + ")");
  }
  const std::string where = path + ": `" + found + "` ";
  const std::vector<int64_t> shape = file.shape(found);
  if (shape.empty() || shape.size() > 2) {
    throw DataError(where + "must be a matrix, but has " + counted(std::ssize(shape), "dimension"));
  }
  if (shape.size() == 2 && shape[1] == 0) throw DataError(where + "has no column");
  if (shape[0] != rows) {
    throw DataError(where + "has " + counted(shape[0], "row") + ", but must have " +
                    std::to_string(rows) + ": one for " + one +
                    ", in the order of the data, so the file belongs to one split");
  }
  const std::string type = file.dtype(found);
  if (type != "F32" && type != "F64" && type != "BF16") {
    throw DataError(where + "must hold floats (F32, F64 or BF16), but holds " + type);
  }
  Tensor values = file.read(found);
  if (values.dim() == 1) values = values.unsqueeze(1);
  // In pieces, because a test of the whole would need memory for a second matrix.
  constexpr int64_t kRows = 4096;
  for (int64_t first = 0; first < rows; first += kRows) {
    const Tensor piece = values.narrow(0, first, std::min(kRows, rows - first));
    if (!at::isfinite(piece).all().item<bool>()) {
      throw DataError(where + "holds a value that is not finite, in the rows from " +
                      std::to_string(first));
    }
  }
  return values;
}

}  // namespace lea
