// Refreshes the proposals: ranks the items for all training histories with the evaluated network, and
// asks the augmenter which of the best it proposes. An augmenter may be a language model, so that
// this takes hours. Therefore what is done so far is kept in a Refresh, which a checkpoint can hold.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/api/augmenter.h"
#include "core/api/environment.h"
#include "core/train/context.h"
#include "core/train/transitions.h"

namespace lea::train {

// How far a refresh has come. The weights do not change meanwhile, so that it ends with the same
// proposals wherever it was interrupted.
struct Refresh {
  Proposals proposals;  // of the first `done` events
  int64_t done = 0;
  // int64 [C + 1]: how many of these proposals stand at each place of their list, and how many are the
  // first candidate of the evaluated network; only of events that have a history. Undefined before the
  // refresh begins.
  Tensor counts;
  // int64 [n, 4], of the lists that were asked twice so far: the item and its place in the list, from
  // 0, then both for the permuted list. Item 0: nothing was proposed; place -1: not of the list.
  Tensor twice;
};

// Keeps references to all arguments of the constructor, which must outlive it.
class Proposer {
 public:
  Proposer(const spec::RunSpec& run, const HostContext& context, const Transitions& transitions);

  // Goes on with the refresh until all events have a proposal, and a reward where the run has a
  // reward environment. Dropout is off. Equal scores are ordered at random by seed and step
  // (tie_order). Calls `keep_going` before each chunk of a few dozen events, when `refresh` is as the
  // next attempt needs it, and returns false when it returns false. Throws PluginError when the
  // augmenter or the environment returns something malformed.
  bool refresh(Framework& framework, int64_t step, Refresh& refresh,
               const std::function<bool()>& keep_going) const;

  // Measures the position bias: asks about the lists of kAskedTwice random events, or of as many as
  // have a history, and once more with the candidates in a random order. A choice that follows the
  // items proposes the same item, one that follows the places the same place. It draws from random
  // numbers of its own and changes no proposal. Otherwise like refresh().
  static constexpr int64_t kAskedTwice = 500;
  bool ask_twice(Framework& framework, int64_t step, Refresh& refresh,
                 const std::function<bool()>& keep_going) const;

  // What a complete refresh records:
  //   share            share of all events that have a proposal
  // and of the events that have a history, because after an empty one a choice is drawn at random,
  //   equal_to_logged  share of these events whose proposal is the logged item
  //   equal_to_first   share of their proposals that are the network's first candidate
  //   place_1, ...     share of their proposals at each place of the list
  // and after ask_twice()
  //   asked_twice      number of lists for which both answers proposed something
  //   same_item, same_place   shares of these; chance is one in the length of the list
  std::map<std::string, double> figures(const Refresh& refresh) const;

 private:
  // The histories of events, and the candidates of each, int64 [B, C], on the CPU.
  struct Asked {
    History history;
    Tensor candidates;
  };
  Asked rank(Framework& framework, std::span<const int64_t> events, const Tensor& order) const;
  Tensor propose(const Asked& asked) const;                         // int64 [B]
  Tensor reward(const History& history, const Tensor& item) const;  // float [B]
  // Where each item stands in the list that the augmenter reads, from 0: int64 [B], -1 for nowhere.
  Tensor places(const Asked& asked, const Tensor& item) const;
  std::vector<int64_t> events_asked_twice() const;

  const spec::RunSpec& run_;
  const HostContext& context_;
  const Transitions& transitions_;
  std::shared_ptr<Environment> reward_;
  std::shared_ptr<Augmenter> augmenter_;
  int64_t candidates_;  // C
};

}  // namespace lea::train
