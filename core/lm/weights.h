// The tensors of a Hugging Face folder, mapped into memory: nothing is read before it is used, and
// nothing is copied. No pickle: a folder with only *.bin files is refused.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/safetensors.h"
#include "core/lm/export.h"

namespace lea::lm {

class LEA_LM_API Weights {
 public:
  // FOLDER/model.safetensors, or the files that FOLDER/model.safetensors.index.json names. Throws
  // DataError for a missing, damaged or cut file, a name in two files, and a tensor that the index
  // places where it is not.
  explicit Weights(const std::string& folder);
  ~Weights();
  Weights(Weights&&) noexcept;
  Weights& operator=(Weights&&) noexcept;

  bool has(const std::string& name) const { return entries_.contains(name); }
  const std::map<std::string, SafetensorsEntry>& entries() const { return entries_; }

  uint64_t bytes() const;  // of all tensors
  // Of the tensors that are stored in another type, in the files; and what copies of them in this
  // type would take.
  uint64_t bytes_stored_otherwise(at::ScalarType type) const;
  uint64_t bytes_as(at::ScalarType type) const;
  // dtype -> number of values, of what the files hold.
  std::map<std::string, uint64_t> counts() const;
  size_t files() const;

  // "FOLDER/model.safetensors: model.norm.weight", for messages.
  std::string where(const std::string& name) const;

  // A float32, float16 or bfloat16 tensor on the CPU that must not be written to; the mapping lives
  // as long as it. Throws DataError "model.safetensors: model.norm.weight: must be [576], but is
  // [575]" and for another dtype.
  at::Tensor get(const std::string& name, const std::vector<int64_t>& shape) const;

 private:
  class File;
  void add(const std::string& folder, const std::string& name);

  std::string folder_;
  std::map<std::string, SafetensorsEntry> entries_;
  std::map<std::string, std::shared_ptr<const File>> file_of_;  // tensor -> its file
};

}  // namespace lea::lm
