// An augmenter proposes one more positive item for each history.
#pragma once

#include "core/api/types.h"

namespace lea {

class LEA_API Augmenter {
 public:
  virtual ~Augmenter();

  // The proposed items a^e as int64 [B], 1..N. 0 proposes nothing for that row, whose augmented
  // losses are then left out. `candidates` int64 [B, C] are the items that the evaluated network
  // ranks highest, best first. `history.event` is a training event in every row. The host calls it
  // without gradient.
  virtual Tensor propose(const History& history, const Tensor& candidates) = 0;
};

}  // namespace lea
