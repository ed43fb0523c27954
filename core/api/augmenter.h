// An augmenter: picks one more positive item for each history.
#pragma once

#include "core/api/types.h"

namespace lea {

class LEA_API Augmenter {
 public:
  virtual ~Augmenter();

  // int64 [B]: the proposed items a^e, 1..N. `candidates` int64 [B, C] are the evaluated network's
  // top items, best first. `history.event` is always a training event. Called without gradient. 0 =
  // no proposal for that row: its augmented losses are left out.
  virtual Tensor propose(const History& history, const Tensor& candidates) = 0;
};

}  // namespace lea
