// The tensors of a Hugging Face folder, mapped into memory: a tensor is read only when it is used,
// and only unaligned tensors are copied. A folder that has only pickles (*.bin files) is refused.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

// The name of a tensor in transformers' classes with a head. Models without a head, as embedding
// models are published, save their tensors without the prefix:
//   layers.0.self_attn.q_proj.weight -> model.layers.0.self_attn.q_proj.weight
LEA_LM_API std::string with_model_prefix(const std::string& name);

class LEA_LM_API Weights {
 public:
  // Opens FOLDER/model.safetensors, or the files that FOLDER/model.safetensors.index.json names.
  // Throws DataError for a file that is missing, damaged or cut short, for a name that is in two
  // files, and for a tensor that is not in the file that the index names.
  explicit Weights(const std::string& folder);
  ~Weights();
  Weights(Weights&&) noexcept;
  Weights& operator=(Weights&&) noexcept;

  // All functions take and return names with the prefix, whether the files have it or not.
  bool has(const std::string& name) const;
  std::vector<std::string> names() const;  // of all tensors, sorted

  uint64_t bytes() const;  // of all tensors
  // Bytes in the files of the tensors that are not stored in this type.
  uint64_t bytes_stored_otherwise(at::ScalarType type) const;
  // Bytes of copies of these tensors in this type.
  uint64_t bytes_as(at::ScalarType type) const;
  // dtype -> number of values in the files.
  std::map<std::string, uint64_t> counts() const;
  size_t files() const;

  // The place of a tensor for messages, with its name in the file:
  // "FOLDER/model.safetensors: model.norm.weight".
  std::string where(const std::string& name) const;

  // Returns a float32, float16 or bfloat16 tensor on the CPU, which must not be written to. The
  // mapping lives as long as the tensor. Throws DataError for a tensor that is missing or has
  // another dtype or shape: "model.safetensors: model.norm.weight: must be [576], but is [575]".
  at::Tensor get(const std::string& name, const std::vector<int64_t>& shape) const;

 private:
  struct Files;  // the mapped files, and where their tensors are
  std::unique_ptr<Files> files_;
};

}  // namespace lea::lm
