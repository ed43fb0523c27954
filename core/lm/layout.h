// Which rows of a flat token axis attend to which: the one description of a batch of prompts, of
// trees of prompts that share beginnings, and of a continuation of what a cache holds.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

// `groups` runs of `queries` rows that each see `keys` rows, keys >= queries. The last rows that a
// run sees are its own, in order; what stands before is what came before, without a gap. Row i of
// a run sees the keys up to its own, keys - queries + i, and of a sliding layer the last `window`
// of these.
struct AttentionBlock {
  int64_t groups = 0, queries = 0, keys = 0;
  // int64 [groups * keys], rows of the flat axis. Undefined: the rows lie together, and end with
  // the block's own.
  at::Tensor key;
};

// Runs of more queries are cut, so that the scores of a block stay small.
inline constexpr int64_t kLongestRun = 256;

struct Layout {
  at::Tensor position;                 // int64 [T], of each row in its own prompt, from 0
  std::vector<AttentionBlock> blocks;  // their queries, one block after another, are all rows
};

// The next `rows` rows of one prompt whose first `held` a cache holds. Keys count from the cache's
// first row.
LEA_LM_API Layout layout_of_continuation(int64_t held, int64_t rows, at::Device device);

}  // namespace lea::lm
