// Reads arrays by name from a file: safetensors, which is mapped, or NumPy's npz, which is unpacked.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/api/types.h"

namespace lea {

class LEA_API ArrayFile {
 public:
  // Whether the file begins as one of the two formats do. Its name does not matter, because the name
  // of a file is no part of a run's hash. False for a file that cannot be read.
  static bool recognises(const std::string& path);

  // Reads what arrays there are. Throws DataError when the file is missing or damaged.
  explicit ArrayFile(const std::string& path);

  std::vector<std::string> names() const;
  bool has(const std::string& name) const;

  // The methods below throw DataError when there is no array of this name.

  // F32, F64, BF16, I64 and so on, as safetensors names them.
  std::string dtype(const std::string& name) const;
  std::vector<int64_t> shape(const std::string& name) const;
  // The array, on the CPU and contiguous; float, double, bfloat16, float16, int64 or int32. It is
  // valid as long as it is referred to, and must not be written to. Throws DataError when it has
  // another type or is damaged.
  Tensor read(const std::string& name) const;

 private:
  struct File;
  std::shared_ptr<const File> file_;
};

}  // namespace lea
