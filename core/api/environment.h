// An environment: where rewards and states come from.
#pragma once

#include <vector>

#include "core/api/types.h"

namespace lea {

class LEA_API Environment {
 public:
  virtual ~Environment();

  // Width S of `state`, 0 when the environment gives no state.
  virtual int64_t state_width() const { return 0; }

  // float [B, S] for the history (Eq. 3). Called without gradient. The default throws.
  virtual Tensor state(const History& history);

  // float [B, K] for `actions` int64 [B, K] (Eq. 5). roles[k] says what column k is; a learned
  // environment must ignore it. Called without gradient. Must be a pure function of its arguments
  // and the seed.
  virtual Tensor reward(const History& history, const Tensor& actions,
                        const std::vector<Role>& roles) = 0;
};

}  // namespace lea
