// Look-up tables: one float matrix in a safetensors file, written in order, chunk by chunk, and read
// by mapping the file. A matrix in a NumPy file (npz) can be read as a table, too. The states and rewards that an environment makes as artefacts are tables.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/api/types.h"

namespace lea {

// The name of the tensor in the file.
inline constexpr const char* kTableTensor = "table";

// Writes a table. Killed at any moment, a new writer of the same file continues after the last chunk
// that is known to be on the disk.
class LEA_API TableWriter {
 public:
  // `rows` x `width` values of `type`: float, or bfloat16 to halve the file. The unfinished table is
  // PATH.part. Throws StoreError, and DataError when PATH.part belongs to a table of another shape.
  TableWriter(std::string path, int64_t rows, int64_t width, at::ScalarType type = at::kFloat);
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  // The rows that are written. The next chunk begins with this row.
  int64_t done() const;
  // Appends a chunk, float [n, width], finite. It is on the disk when this returns.
  void append(const Tensor& chunk);
  // Gives the complete table its name. Throws PluginError when rows are missing.
  void finish();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

// A table that is read. Its memory is that of the safetensors file, shared by all processes that map
// it; a matrix of an npz file is unpacked.
class LEA_API Table {
 public:
  // Reads the tensor `name`, a matrix, or a vector as a matrix of width 1; F32, BF16 or F64. Throws
  // DataError when the file is missing, damaged, or holds another shape or type.
  explicit Table(const std::string& path, const std::string& name = kTableTensor);

  int64_t rows() const { return values_.size(0); }
  int64_t width() const { return values_.size(1); }
  // The rows with these numbers, as float [B, width] on the CPU. `rows` int64 [B]; a row of -1 gives
  // zeros.
  Tensor at(const Tensor& rows) const;
  // The whole matrix in its own type, without a copy. It must not be written to. The mapping lives as
  // long as the tensor.
  const Tensor& values() const { return values_; }

 private:
  Tensor values_;  // keeps the mapping
};

}  // namespace lea
