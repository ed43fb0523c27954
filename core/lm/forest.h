// A batch of prompts that share beginnings. A shared beginning is computed once, and each prompt
// gives the same result as alone.
//
//   Forest forest;
//   const int64_t header = forest.add(Forest::kStart, header_ids);
//   const int64_t history = forest.add(header, history_ids);
//   forest.read(history);                                   // row 0: the state after the history
//   for (const auto& action : action_ids)
//     forest.read(forest.add(history, action));             // rows 1, 2, ...: one for each action
//   const at::Tensor states = hidden_states(decoder, forest, item_tokens);
//
// A prompt is the path from a start to a row. A branch may begin after any row. Gradients flow to
// free vectors and to the tensors of an attached adapter (adapter.h), if these require gradients.
// The model's own weights get no gradient, and nothing is kept for one.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"
#include "core/lm/layout.h"

namespace lea::lm {

class LEA_LM_API Forest {
 public:
  static constexpr int64_t kStart = -1;

  // Appends rows after row `after`, or as the start of a tree (kStart): one for each id, and at
  // least one. An id below the model's vocabulary size V is a token; id V + j is free vector j.
  // Rows are numbered in the order in which they are added. Returns the row of the last id; the
  // rows of the other ids precede it. Throws std::invalid_argument for no ids, a negative id or an
  // unknown row.
  int64_t add(int64_t after, const std::vector<int64_t>& ids);

  // Like add(), but rows that an earlier call of add_shared() added for the same arguments are used
  // again. A caller need not remember where the header of its prompts stands.
  int64_t add_shared(int64_t after, const std::vector<int64_t>& ids);

  // Requests the output of the last norm at a row. Returns the row of hidden_states() that will
  // hold it: 0, 1, 2, ...
  int64_t read(int64_t row);

  // The rows of the prompt that ends with this row, from its start. Throws std::invalid_argument for
  // an unknown row.
  std::vector<int64_t> path(int64_t row) const;

  int64_t rows() const { return static_cast<int64_t>(ids_.size()); }
  int64_t depth() const;  // rows of the longest prompt
  int64_t largest_id() const { return largest_id_; }

  // The same rows in another order, in which runs with equal numbers of queries and keys form one
  // attention block.
  struct Arranged {
    at::Tensor ids;   // int64 [rows]
    at::Tensor read;  // int64 [reads], indices into `ids`
    Layout layout;
  };
  Arranged arrange(at::Device device) const;

 private:
  struct Run {
    int64_t after = kStart, first = 0, length = 0, depth = 0;  // depth: position of its first row
  };
  std::vector<int64_t> path_to(const Run& run) const;
  size_t run_of(int64_t row) const;

  std::vector<int64_t> ids_, read_;
  std::vector<Run> runs_;
  std::map<std::pair<int64_t, std::vector<int64_t>>, int64_t> shared_;  // (after, ids) -> last row
  int64_t largest_id_ = -1;
};

// Computes the requested rows: [reads, D] in the decoder's type. `vectors` [M, D] are the free
// vectors, of any floating type; they may be undefined if no id names one. `dropout` is that of an
// adapter in training. Throws DataError for a prompt that is longer than the model's context and
// for an id beyond the vocabulary and the vectors, and std::invalid_argument for a forest without
// rows and for vectors of another width.
LEA_LM_API at::Tensor hidden_states(const Decoder& decoder, const Forest& forest,
                                    const at::Tensor& vectors = {}, double dropout = 0);

}  // namespace lea::lm
