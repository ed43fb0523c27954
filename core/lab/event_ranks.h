// The ranks of a run's test events, which may lack those among unseen items.
#pragma once

#include "core/eval/ranks.h"

namespace lea::lab {

// The column of a file of ranks that has the fingerprint of the split, so that ranks of another split
// are never taken for those of this one.
inline constexpr const char* kSplitColumn = "split_fingerprint";

struct EventRanks {
  eval::RankFile file;
  // False: rank_unseen and ties_unseen are not known; they are copies of rank and ties.
  bool unseen = true;
};

}  // namespace lea::lab
