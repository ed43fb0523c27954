// Which rows of a flat token axis attend to which: the one description of a batch of prompts, of a
// tree of prompts that share beginnings, and of a continuation of what a cache holds.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

// G groups of Q queries that each see K keys, K >= Q. The last Q keys of a group are its queries'
// own rows, in order; what stands before is what came before, without a gap. Query i sees the keys
// up to its own, K - Q + i, and of a sliding layer the last `window` of these.
struct AttentionBlock {
  at::Tensor query;  // int64 [G, Q], rows of the flat axis
  at::Tensor key;    // int64 [G, K]
};

struct Layout {
  at::Tensor position;                 // int64 [T], of each row in its own prompt, from 0
  std::vector<AttentionBlock> blocks;  // every row is a query of exactly one
};

// The next `rows` rows of one prompt whose first `held` a cache holds. Keys count from the cache's
// first row.
LEA_LM_API Layout layout_of_continuation(int64_t held, int64_t rows, at::Device device);

// Prompts one after another on the flat axis, each of its natural length (at least 1); those of one
// length share a block.
LEA_LM_API Layout layout_of_prompts(const std::vector<int64_t>& lengths, at::Device device);

}  // namespace lea::lm
