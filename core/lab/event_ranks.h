// The ranks of a run's test events, which may lack those among unseen items.
#pragma once

#include "core/eval/ranks.h"

namespace lea::lab {

struct EventRanks {
  eval::RankFile file;
  // False: rank_unseen and ties_unseen are not known; they are copies of rank and ties.
  bool unseen = true;
};

}  // namespace lea::lab
