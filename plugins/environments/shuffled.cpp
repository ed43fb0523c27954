// A control: another environment's rewards without their connection to the event. Training event e
// gets the rewards of event p(e), where p is a fixed permutation. The distribution of the rewards
// stays, but they no longer depend on e.
//
//   pairs        one permutation; an event gets the logged and the sampled rewards of p(e)
//                together, so that the larger of the two stays the larger
//   within_role  one permutation for logged rewards and another one for sampled ones
//   pooled       one permutation of logged and sampled rewards together, so that the roles mix;
//                with K sampled columns in a call there are E x (1 + K) places
//
// The logged reward of p(e) belongs to the item that is logged at p(e). Sampled and proposed items
// stay as they are, but are evaluated with the history of p(e). Proposed items always use the
// permutation of `pairs`. Rows outside the training events get the rewards of the inner
// environment.
//
// Where the run has a pool of negatives, the pools move as well: the item of column j of the pool of
// e gets the reward of the item of column j of the pool of p(e). So the inner environment is asked
// about no sampled item outside the pool of the event, for which it need not have a reward. An item
// that stands in a pool twice counts by its first column. A sampled item outside the pool of its
// event, which a run does not have, gets a fixed column.
//
// With `states` the states move, too. The state before event e becomes that before p(e), with the
// permutation of `pairs`, and that at the end of a training sequence becomes that at the end of
// another one. So a history has one state, whether it stands before an event or after the one before.
// Another `seed` in the state slot separates the states from the rewards.
#include <ATen/ATen.h>

#include <algorithm>

#include "core/api/plugin.h"
#include "core/api/pool.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

// A permutation of 0..size-1 that depends on a key and needs no table: a Feistel network over the
// next power of four, repeated until the result is below size (Black & Rogaway 2002).
class Permutation {
 public:
  Permutation(uint64_t size, uint64_t key) : size_(size), key_(key) {
    while (bits_ < 32 && (uint64_t{1} << (2 * bits_)) < size) ++bits_;
  }
  int64_t operator()(int64_t place) const {
    uint64_t x = static_cast<uint64_t>(place);
    do {
      x = once(x);
    } while (x >= size_);
    return static_cast<int64_t>(x);
  }

 private:
  uint64_t once(uint64_t x) const {
    const uint64_t mask = (uint64_t{1} << bits_) - 1;
    uint64_t left = x >> bits_, right = x & mask;
    for (uint64_t round = 0; round < 6; ++round) {
      const uint64_t next = left ^ (lea::mix(key_, round, right) & mask);
      left = right;
      right = next;
    }
    return left << bits_ | right;
  }

  uint64_t size_, key_;
  int bits_ = 1;
};

class Shuffled final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;  // of the inner environment, if it has one
  struct Params {
    std::string of, scope = "pairs";
    int64_t seed = 1;
    bool states = false;
    void fields(lea::Fields& f) {
      f.environment("of", of, "environment whose rewards are shuffled");
      f.choice("scope", scope, {"pairs", "within_role", "pooled"},
               "what moves together: an event's rewards, those of one role, or none");
      f.integer("seed", seed, {0, 9e15}, "which permutation; independent of the run's seed");
      f.boolean("states", states, "move the states as well; false: they pass through");
      f.added("states");
    }
  };

  Shuffled(const Params& params, const lea::Context& context)
      : inner_(context.environment(params.of)),
        training_(context.training()),
        pool_(context.pool()),
        scope_(params.scope),
        states_(params.states),
        key_(lea::mix(0x73687566ULL, uint64_t(params.seed))) {}

  int64_t state_width() const override { return inner_->state_width(); }
  Tensor state(const History& history) override {
    if (!states_) return inner_->state(history);
    const Tensor place = history.place.to(at::kCPU);
    const Tensor states = inner_->state(
        on_device(training_.histories_at(permuted_places(place)), history.items.device()));
    const Tensor outside = history.place < 0;
    if (!outside.any().item<bool>()) return states;
    return at::where(outside.unsqueeze(1), inner_->state(history), states);
  }

  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override {
    const Tensor event = history.event.to(at::kCPU).contiguous();
    const Tensor rewards =
        scope_ == "pooled" ? pooled(event, actions, roles) : by_column(event, actions, roles);
    const Tensor outside = history.event < 0;
    if (!outside.any().item<bool>()) return rewards;
    return at::where(outside.unsqueeze(1), inner_->reward(history, actions, roles), rewards);
  }

 private:
  static History on_device(const History& history, c10::Device device) {
    return {history.items.to(device), history.length.to(device), history.event.to(device),
            history.place.to(device)};
  }

  // The place whose state every row gets. A row outside training counts as place 0 here. Event e of
  // sequence s has place e + s.
  Tensor permuted_places(const Tensor& place) const {
    const Tensor own = place.clamp_min(0);
    const Tensor event = training_.histories_at(own).event;
    const Tensor events = permuted(event, 0);
    const Tensor before = events + training_.sequence_of(events);
    // The end of sequence s has place offset[s + 1] + s.
    const Tensor end = training_.offset.slice(0, 1) + at::arange(training_.sequences());
    const Permutation permutation(uint64_t(training_.sequences()), lea::mix(key_, 6));
    const Tensor result = at::where(event.ge(0), before, own).contiguous();
    const Tensor sequence = at::searchsorted(end, own);
    int64_t* out = result.mutable_data_ptr<int64_t>();
    for (int64_t row = 0; row < result.size(0); ++row) {
      if (event.const_data_ptr<int64_t>()[row] >= 0) continue;
      out[row] =
          end.const_data_ptr<int64_t>()[permutation(sequence.const_data_ptr<int64_t>()[row])];
    }
    return result;
  }

  // p(e) of every row. A row outside the training events counts as event 0 here.
  Tensor permuted(const Tensor& event, uint64_t stream) const {
    const Permutation permutation(uint64_t(training_.events()), lea::mix(key_, stream));
    const Tensor result = event.clamp_min(0);
    int64_t* values = result.mutable_data_ptr<int64_t>();
    for (int64_t i = 0; i < result.size(0); ++i) values[i] = permutation(values[i]);
    return result;
  }

  // The inner rewards of actions [B, K] of the events `own` at other events. Logged columns use the
  // item that is logged at the other event, and sampled ones the item of its pool.
  Tensor asked_at(const Tensor& own, const Tensor& other, const Tensor& actions,
                  const std::vector<Role>& roles) {
    const Tensor item = training_.item.index_select(0, other).to(at::kLong).to(actions.device());
    const Tensor asked = actions.clone();
    for (size_t k = 0; k < roles.size(); ++k) {
      if (roles[k] == Role::kLogged) asked.select(1, k).copy_(item);
      if (roles[k] == Role::kSampled && pool_.defined())
        asked.select(1, k).copy_(of_other_pool(own, other, actions.select(1, k)));
    }
    return inner_->reward(on_device(training_.histories(other), actions.device()), asked, roles);
  }

  // For items [B] of the pools of the events `own` the items that stand in the same columns of the
  // pools of `other`.
  Tensor of_other_pool(const Tensor& own, const Tensor& other, const Tensor& items) const {
    const Tensor event = own.clamp_min(0);
    const Tensor column =
        lea::reward_columns(training_, pool_, event, items.unsqueeze(1)).squeeze(1).sub_(1);
    int64_t* place = column.mutable_data_ptr<int64_t>();
    const Tensor asked = items.to(at::kCPU).contiguous();
    for (int64_t row = 0; row < column.size(0); ++row) {
      if (place[row] >= 0) continue;
      place[row] = fixed_column(lea::mix(key_, 5, uint64_t(event.const_data_ptr<int64_t>()[row]),
                                         uint64_t(asked.const_data_ptr<int64_t>()[row])));
    }
    return pool_.index_select(0, other).gather(1, column.unsqueeze(1)).squeeze(1);
  }

  int64_t fixed_column(uint64_t bits) const { return int64_t(bits % uint64_t(pool_.size(1))); }

  Tensor by_column(const Tensor& event, const Tensor& actions, const std::vector<Role>& roles) {
    if (scope_ == "pairs") return asked_at(event, permuted(event, 0), actions, roles);
    const Tensor rewards = at::empty(actions.sizes(), actions.options().dtype(at::kFloat));
    for (const Role role : {Role::kLogged, Role::kSampled, Role::kProposed}) {
      std::vector<int64_t> columns;
      for (size_t k = 0; k < roles.size(); ++k) {
        if (roles[k] == role) columns.push_back(int64_t(k));
      }
      if (columns.empty()) continue;
      const Tensor index = at::tensor(columns, at::kLong).to(actions.device());
      const uint64_t stream = role == Role::kProposed ? 0 : 1 + uint64_t(role);
      rewards.index_copy_(1, index,
                          asked_at(event, permuted(event, stream), actions.index_select(1, index),
                                   std::vector<Role>(columns.size(), role)));
    }
    return rewards;
  }

  Tensor pooled(const Tensor& event, const Tensor& actions, const std::vector<Role>& roles) {
    const Tensor rewards =
        asked_at(event, permuted(event, 0), actions, roles);  // for proposed columns
    const int64_t places = 1 + std::count(roles.begin(), roles.end(), Role::kSampled);
    const Permutation permutation(uint64_t(training_.events() * places), lea::mix(key_, 3));
    int64_t sampled = 0;
    for (size_t k = 0; k < roles.size(); ++k) {
      if (roles[k] == Role::kProposed) continue;
      const int64_t place = roles[k] == Role::kLogged ? 0 : ++sampled;
      rewards.select(1, k).copy_(pooled_column(
          event, actions.select(1, k), roles[k] == Role::kLogged, permutation, place, places));
    }
    return rewards;
  }

  Tensor pooled_column(const Tensor& event, const Tensor& action, bool logged,
                       const Permutation& permutation, int64_t place, int64_t places) {
    const Tensor source = at::empty_like(event), from_logged = at::empty(event.sizes(), at::kBool);
    const Tensor asked = action.to(at::kCPU).clone();
    for (int64_t row = 0; row < event.size(0); ++row) {
      const int64_t own = std::max<int64_t>(event.const_data_ptr<int64_t>()[row], 0);
      const int64_t other = permutation(own * places + place);
      source.mutable_data_ptr<int64_t>()[row] = other / places;
      from_logged.mutable_data_ptr<bool>()[row] = other % places == 0;
      // The permutation may give a logged item the reward of a sampled one. The row then needs a
      // sampled item of its own to ask about.
      if (logged) asked.mutable_data_ptr<int64_t>()[row] = fixed_sample(other, places);
    }
    const Tensor column = asked.to(action.device()).unsqueeze(1);
    const Tensor choose = from_logged.to(action.device());
    const Tensor sampled =
        logged ? asked_item(source, column) : asked_at(event, source, column, {Role::kSampled});
    return at::where(choose, asked_at(event, source, column, {Role::kLogged}).select(1, 0),
                     sampled.select(1, 0));
  }

  // The inner rewards of sampled items [B, 1] that belong to the events themselves.
  Tensor asked_item(const Tensor& event, const Tensor& items) {
    return inner_->reward(on_device(training_.histories(event), items.device()), items,
                          {Role::kSampled});
  }

  // A fixed item for a sampled place, uniform over the pool of its event, or over the items that are
  // not logged there.
  int64_t fixed_sample(int64_t place, int64_t places) const {
    const int64_t event = place / places;
    if (pool_.defined()) {
      const int64_t column = fixed_column(lea::mix(key_, 4, uint64_t(place)));
      return pool_.const_data_ptr<int64_t>()[event * pool_.size(1) + column];
    }
    const int64_t logged = training_.item.const_data_ptr<int32_t>()[event];
    const uint64_t others = std::max<int64_t>(training_.items - 1, 1);
    const int64_t item = 1 + int64_t(lea::mix(key_, 4, uint64_t(place)) % others);
    return item < logged || training_.items == 1 ? item : item + 1;
  }

  std::shared_ptr<lea::Environment> inner_;
  lea::TrainingData training_;
  Tensor pool_;  // int64 [E, P], or undefined
  std::string scope_;
  bool states_;
  uint64_t key_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.shuffled", "1.0.0", Shuffled,
           "control: another environment's rewards, moved to other training events")
