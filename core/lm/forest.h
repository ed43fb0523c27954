// Prompts that share beginnings: what several have in common is computed once, and every prompt
// reads exactly as if it had been computed alone.
//
//   Forest forest;
//   const int64_t header = forest.add(Forest::kStart, header_ids);
//   const int64_t history = forest.add(header, history_ids);
//   forest.read(history);                                   // row 0: the state after the history
//   for (const auto& action : action_ids)
//     forest.read(forest.add(history, action));             // rows 1, 2, ...: one for each action
//   const at::Tensor states = hidden_states(decoder, forest, item_tokens);
//
// A prompt is the path from a start to a row. Branches may leave a run at any of its rows.
// Gradients flow to what requires one: free vectors, or the tensors of an adapter that the decoder
// carries (adapter.h). The model's own weights never do, and nothing is kept for them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"
#include "core/lm/layout.h"

namespace lea::lm {

class LEA_LM_API Forest {
 public:
  static constexpr int64_t kStart = -1;

  // Goes on behind row `after`, or starts a tree, with at least one id: a token below the model's
  // vocabulary size V, or V + j for free vector j. Rows count up in the order in which they are
  // added; the result is that of the last id, and those of the others stand before it.
  int64_t add(int64_t after, const std::vector<int64_t>& ids);

  // Asks for what follows the last norm at a row. The result says which row of hidden_states()
  // that will be: 0, 1, 2, ...
  int64_t read(int64_t row);

  int64_t rows() const { return static_cast<int64_t>(ids_.size()); }
  int64_t depth() const;  // of the longest prompt, in rows
  int64_t largest_id() const { return largest_id_; }

  // The same rows, ordered so that runs of one shape form a block.
  struct Arranged {
    at::Tensor ids;   // int64 [rows]
    at::Tensor read;  // int64 [reads], rows of `ids`
    Layout layout;
  };
  Arranged arrange(at::Device device) const;

 private:
  struct Run {
    int64_t after = kStart, first = 0, length = 0, depth = 0;  // depth: of its first row
  };
  std::vector<int64_t> path_to(const Run& run) const;
  size_t run_of(int64_t row) const;

  std::vector<int64_t> ids_, read_;
  std::vector<Run> runs_;
  int64_t largest_id_ = -1;
};

// [reads, D] in the decoder's type. `vectors` [M, D], of any floating type; undefined when no id
// names one. Throws DataError for a prompt longer than the model's context and for ids beyond the
// vocabulary and the vectors, std::invalid_argument for no rows and for vectors of another width.
// `dropout`: of an adapter, while it is trained.
LEA_LM_API at::Tensor hidden_states(const Decoder& decoder, const Forest& forest,
                                    const at::Tensor& vectors = {}, double dropout = 0);

}  // namespace lea::lm
