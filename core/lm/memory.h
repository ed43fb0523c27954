// How much memory a model needs, from its config and the headers of its files alone. Beside it a
// process needs what LibTorch itself takes, some 300 MiB.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>

#include "core/lm/config.h"
#include "core/lm/export.h"
#include "core/lm/weights.h"

namespace lea::lm {

// Rows whose logits are computed at a time: they are the largest tensors of a score.
inline constexpr int64_t kRowsOfLogits = 256;

struct MemoryNeed {
  uint64_t mapped = 0;   // bytes of weights that stay in their files
  uint64_t copied = 0;   // bytes of weights that are copied, into another type or to a device
  uint64_t working = 0;  // bytes of what is computed

  uint64_t taken() const { return copied + working; }  // what must be free
};

// A forward pass of `rows` rows in prompts of at most `prompt` rows.
LEA_LM_API MemoryNeed need_of_inference(const Config& config, const Weights& weights,
                                        at::ScalarType type, int64_t rows, int64_t prompt);

// One prompt of `rows` rows, with logits for some of them at a time.
LEA_LM_API MemoryNeed need_of_score(const Config& config, const Weights& weights,
                                    at::ScalarType type, int64_t rows);

// One prompt of `rows` rows and then `more` rows, one by one; the keys and values of all are held.
LEA_LM_API MemoryNeed need_of_generation(const Config& config, const Weights& weights,
                                         at::ScalarType type, int64_t rows, int64_t more);

// A step of an adapter of rank 8 on q_proj, k_proj and v_proj: `rows` rows in prompts of `prompt`
// rows, what is kept for the gradient, and the adapter with AdamW's moments.
LEA_LM_API MemoryNeed need_of_training(const Config& config, const Weights& weights,
                                       at::ScalarType type, int64_t rows, int64_t prompt);

}  // namespace lea::lm
