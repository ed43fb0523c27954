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
#include <ATen/ATen.h>

#include <algorithm>

#include "core/api/plugin.h"

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
    void fields(lea::Fields& f) {
      f.environment("of", of, "environment whose rewards are shuffled");
      f.choice("scope", scope, {"pairs", "within_role", "pooled"},
               "what moves together: an event's rewards, those of one role, or none");
      f.integer("seed", seed, {0, 9e15}, "which permutation; independent of the run's seed");
    }
  };

  Shuffled(const Params& params, const lea::Context& context)
      : inner_(context.environment(params.of)),
        training_(context.training()),
        scope_(params.scope),
        key_(lea::mix(0x73687566ULL, uint64_t(params.seed))) {}

  int64_t state_width() const override { return inner_->state_width(); }
  Tensor state(const History& history) override { return inner_->state(history); }

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
  // p(e) of every row. A row outside the training events counts as event 0 here.
  Tensor permuted(const Tensor& event, uint64_t stream) const {
    const Permutation permutation(uint64_t(training_.events()), lea::mix(key_, stream));
    const Tensor result = event.clamp_min(0);
    int64_t* values = result.mutable_data_ptr<int64_t>();
    for (int64_t i = 0; i < result.size(0); ++i) values[i] = permutation(values[i]);
    return result;
  }

  // The inner rewards of actions [B, K] at other events. Logged columns use the item that is logged
  // at that event.
  Tensor asked_at(const Tensor& event, const Tensor& actions, const std::vector<Role>& roles) {
    const c10::Device device = actions.device();
    const Tensor item = training_.item.index_select(0, event).to(at::kLong).to(device);
    const Tensor asked = actions.clone();
    for (size_t k = 0; k < roles.size(); ++k) {
      if (roles[k] == Role::kLogged) asked.select(1, k).copy_(item);
    }
    const History history = training_.histories(event);
    return inner_->reward({history.items.to(device), history.length.to(device), event.to(device),
                           history.place.to(device)},
                          asked, roles);
  }

  Tensor by_column(const Tensor& event, const Tensor& actions, const std::vector<Role>& roles) {
    if (scope_ == "pairs") return asked_at(permuted(event, 0), actions, roles);
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
                          asked_at(permuted(event, stream), actions.index_select(1, index),
                                   std::vector<Role>(columns.size(), role)));
    }
    return rewards;
  }

  Tensor pooled(const Tensor& event, const Tensor& actions, const std::vector<Role>& roles) {
    const Tensor rewards = asked_at(permuted(event, 0), actions, roles);  // for proposed columns
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
    return at::where(choose, asked_at(source, column, {Role::kLogged}).select(1, 0),
                     asked_at(source, column, {Role::kSampled}).select(1, 0));
  }

  // A fixed item for a sampled place, uniform over the items that are not logged at its event.
  int64_t fixed_sample(int64_t place, int64_t places) const {
    const int64_t logged = training_.item.const_data_ptr<int32_t>()[place / places];
    const uint64_t others = std::max<int64_t>(training_.items - 1, 1);
    const int64_t item = 1 + int64_t(lea::mix(key_, 4, uint64_t(place)) % others);
    return item < logged || training_.items == 1 ? item : item + 1;
  }

  std::shared_ptr<lea::Environment> inner_;
  lea::TrainingData training_;
  std::string scope_;
  uint64_t key_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.shuffled", "1.0.0", Shuffled,
           "control: another environment's rewards, moved to other training events")
