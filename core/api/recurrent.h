// A GRU over right-padded histories that computes nothing for padding: rows are ordered by length
// and steps run over the rows that still have an item (the layout of PyTorch's PackedSequence).
#pragma once

#include <torch/nn/modules/rnn.h>

#include <vector>

#include "core/api/types.h"

namespace lea {

struct PackedHistory {
  Tensor items;  // int64 [P], step by step; an empty history holds one padding item
  Tensor last;   // int64 [B], where in [P] the last item of each row of the batch stands
  std::vector<int64_t> rows;  // rows of each step, not increasing; they sum to P
};

LEA_API PackedHistory pack(const History& history);

// Outputs [P, H] of PyTorch's GRU (one direction, with biases) for inputs [P, D], from a zero
// state. Dropout between layers follows the module. Float on the CPU runs in fused loops, all else
// in LibTorch's own GRU.
LEA_API Tensor run_gru(torch::nn::GRUImpl& gru, const Tensor& input, const PackedHistory& packed);

}  // namespace lea
