// An environment gives the rewards of actions and, if it has any, the states of histories. Some can
// choose from a list as well.
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

// What an environment may implement beside Environment when it can also choose from a list of items,
// as the language model of the paper does (section 6). Who holds an Environment finds it by
// dynamic_cast. A wrapper does not pass it on, because its rewards are not those of the inner
// environment. Both functions are called without gradient, and their results depend on the arguments
// and the environment alone.
class LEA_API Chooser {
 public:
  virtual ~Chooser();

  // The most candidates that a list may have.
  virtual int64_t longest_list() const = 0;

  // How well each candidate of a list is liked, float [B, C], when the environment reads the whole
  // list: a score depends on the other candidates and on their order. `lists` int64 [B, C] has the
  // items of a row first and then 0, whose score is minus infinity. After an empty history all
  // candidates have the score 0. Throws ConfigError when C is above longest_list().
  virtual Tensor list_scores(const History& history, const Tensor& lists) = 0;

  // How similar each of `items` int64 [B, C] is to the state of the history, float [B, C]. A score
  // depends on its pair alone. After an empty history all are 0. Throws PluginError when
  // state_width() is 0.
  virtual Tensor state_scores(const History& history, const Tensor& items) = 0;
};

}  // namespace lea
