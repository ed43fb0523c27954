// A GRU over right-padded histories that computes nothing for padding. The rows are ordered by
// length, and each step runs over the rows that still have an item, as in PyTorch's PackedSequence.
#pragma once

#include <torch/nn/modules/rnn.h>

#include <vector>

#include "core/api/types.h"

namespace lea {

struct PackedHistory {
  Tensor items;  // int64 [P], step by step; an empty history has one padding item
  Tensor last;   // int64 [B], the index in `items` of the last item of each row of the batch
  std::vector<int64_t> rows;  // how many rows each step has; never increases, sums to P
};

LEA_API PackedHistory pack(const History& history);

// The outputs [P, H] of PyTorch's GRU (one direction, with biases) for the inputs [P, D], from a
// zero state. Dropout between layers is active while `gru` is training. Float tensors on the CPU
// run in fused loops, others in LibTorch's own GRU.
LEA_API Tensor run_gru(torch::nn::GRUImpl& gru, const Tensor& input, const PackedHistory& packed);

}  // namespace lea
