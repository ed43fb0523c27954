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

// What an augmenter may implement beside Augmenter when it leaves candidates out or orders them before
// it chooses. The host then counts the proposals by their places in this list, which shows whether
// the choice follows the items or the places. For other augmenters the candidates are the list.
class LEA_API ListReader {
 public:
  virtual ~ListReader();

  // The lists that propose() chooses from for the same arguments: int64 [B, C], the items of a row
  // first to last, then 0.
  virtual Tensor lists(const History& history, const Tensor& candidates) = 0;
};

}  // namespace lea
