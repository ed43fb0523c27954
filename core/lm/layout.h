// Describes which rows of a flat token axis attend to which, for a batch of prompts, for trees of
// prompts that share beginnings, and for the continuation of a prompt in a cache.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/lm/export.h"

namespace lea::lm {

// `groups` runs of `queries` rows each. Every run sees `keys` rows, keys >= queries. The last of
// these are the run's own rows, in order; the others precede them in the prompt without a gap. Row
// i of a run attends to the keys up to its own, keys - queries + i, and in a sliding layer only to
// the last `window` of these.
struct AttentionBlock {
  int64_t groups = 0, queries = 0, keys = 0;
  // int64 [groups * keys], rows of the flat axis. Undefined: the keys are the groups * keys
  // consecutive rows that end with the block's last row.
  at::Tensor key;
};

// Longer runs are cut, so that the scores of a block stay small.
inline constexpr int64_t kLongestRun = 256;

struct Layout {
  at::Tensor position;                 // int64 [T]: of each row in its prompt, from 0
  std::vector<AttentionBlock> blocks;  // the queries of all blocks, in order, are all rows
};

// Layout of the next `rows` rows of a prompt after its first `held` rows, which are in a cache.
// Keys are counted from the cache's first row.
LEA_LM_API Layout layout_of_continuation(int64_t held, int64_t rows, at::Device device);

}  // namespace lea::lm
