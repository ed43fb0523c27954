// An environment gives the rewards of actions and, if it has any, the states of histories.
#pragma once

#include <vector>

#include "core/api/types.h"

namespace lea {

class LEA_API Environment {
 public:
  virtual ~Environment();

  // The width S of `state`; 0 when the environment gives no states.
  virtual int64_t state_width() const { return 0; }

  // The states of the histories, float [B, S] (Eq. 3). The host calls it without gradient, and only
  // when state_width() is above 0. The default throws.
  virtual Tensor state(const History& history);

  // The rewards of `actions` int64 [B, K], as float [B, K] (Eq. 5). roles[k] says what the actions
  // of column k are: logged, sampled or proposed. A learned environment must ignore it. The result
  // must depend on the arguments and the seed alone. The host calls it without gradient.
  virtual Tensor reward(const History& history, const Tensor& actions,
                        const std::vector<Role>& roles) = 0;
};

}  // namespace lea
