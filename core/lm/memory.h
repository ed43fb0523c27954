// Estimates how much memory a model needs, from its config and the headers of its files alone, and
// refuses a model for which there is too little.
// LibTorch itself needs about 300 MiB more, which are not included.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

#include "core/lm/config.h"
#include "core/lm/export.h"
#include "core/lm/weights.h"

namespace lea::lm {

// The number of rows that score() computes logits for at a time: logits are its largest tensors.
inline constexpr int64_t kRowsOfLogits = 256;

struct MemoryNeed {
  uint64_t mapped = 0;   // bytes of weights that stay in their files
  uint64_t copied = 0;   // bytes of weights that are copied, into another type or to a device
  uint64_t working = 0;  // bytes of activations and results

  uint64_t taken() const { return copied + working; }  // bytes that must be free
};

// A forward pass over `rows` rows in prompts of at most `prompt` rows.
LEA_LM_API MemoryNeed need_of_inference(const Config& config, const Weights& weights,
                                        at::ScalarType type, int64_t rows, int64_t prompt);

// score() of one prompt of `rows` rows.
LEA_LM_API MemoryNeed need_of_score(const Config& config, const Weights& weights,
                                    at::ScalarType type, int64_t rows);

// generate() for a prompt of `rows` rows and then `more` rows, one by one. The keys and values of
// all rows are kept.
LEA_LM_API MemoryNeed need_of_generation(const Config& config, const Weights& weights,
                                         at::ScalarType type, int64_t rows, int64_t more);

// cross_entropy() of `rows` rows in prompts of `prompt` rows, and its gradient for the free vectors
// in them. It includes what is kept for the gradient.
LEA_LM_API MemoryNeed need_of_input_gradient(const Config& config, const Weights& weights,
                                             at::ScalarType type, int64_t rows, int64_t prompt);

// A training step of an adapter of rank 8 on q_proj, k_proj and v_proj, with `rows` rows in prompts
// of `prompt` rows. It includes what is kept for the gradient, and the adapter with AdamW's
// moments.
LEA_LM_API MemoryNeed need_of_training(const Config& config, const Weights& weights,
                                       at::ScalarType type, int64_t rows, int64_t prompt);

// Throws Error(kEnvironment) when less memory is available (core/base/memory.h) than the model of
// `folder` takes. `dtype` names the type of the weights, and `advice` is the last sentence of the
// message. To be called before the weights are read, because reading them can take minutes.
LEA_LM_API void require_memory(const std::string& folder, const std::string& dtype,
                               const MemoryNeed& need, const std::string& advice);

}  // namespace lea::lm
