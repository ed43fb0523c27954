#include "core/train/transitions.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/train/plugin_call.h"
#include "core/train/plugin_output.h"

namespace lea::train {

Transitions::Transitions(const spec::RunSpec& run, const data::Dataset& data,
                         const HostContext& context)
    : run_(run),
      data_(data),
      context_(context),
      reward_(context.reward()),
      state_(context.state()),
      negatives_(run.negatives, context.training(), context.pool(), context.seed()),
      offset_(context.training().offset.const_data_ptr<int64_t>(),
              context.training().offset.size(0)) {
  if (state_ && state_->state_width() == 0) {
    throw ConfigError("state: environment " + run.state.id +
                      " gives no state; it can only be a reward");
  }
}

int64_t Transitions::sequence_of(int64_t event) const {
  return std::upper_bound(offset_.begin(), offset_.end(), event) - offset_.begin() - 1;
}

History Transitions::histories(std::span<const int64_t> events, bool after) const {
  std::vector<int64_t> begin, end, index, place;
  begin.reserve(events.size());
  end.reserve(events.size());
  index.reserve(events.size());
  place.reserve(events.size());
  for (const int64_t event : events) {
    const int64_t sequence = sequence_of(event), first = context_.events().first_event[sequence];
    const int64_t next = event + (after ? 1 : 0);
    begin.push_back(first);
    end.push_back(first + next - offset_[sequence]);
    index.push_back(next < offset_[sequence + 1] ? next : -1);
    place.push_back(next + sequence);
  }
  return build_history(data_.item(), begin, end, index, place, context_.history());
}

Transition Transitions::make(int64_t step, std::span<const int64_t> events,
                             const Proposals& proposals) const {
  torch::NoGradGuard no_grad;
  const int64_t rows = std::ssize(events);
  const c10::Device device = context_.device();
  const Tensor index = at::tensor(at::ArrayRef<int64_t>(events.data(), events.size()), at::kLong);
  const Tensor action = context_.training().item.index_select(0, index).to(at::kLong);
  const History history = histories(events, /*after=*/false),
                next = histories(events, /*after=*/true);

  Transition transition;
  transition.history = to_device(history, device);
  transition.next = to_device(next, device);
  transition.action = action.to(device);
  const Tensor done = at::empty({rows}, at::kBool);
  for (int64_t i = 0; i < rows; ++i) {
    done.mutable_data_ptr<bool>()[i] = events[i] + 1 == offset_[sequence_of(events[i]) + 1];
  }
  transition.done = done.to(device);

  // Negatives that the framework does not read would cost rewards of the environment.
  const Tensor negatives =
      run_.reads_negatives ? negatives_.draw(step, events) : at::empty({rows, 0}, at::kLong);
  transition.negatives = negatives.to(device);
  if (reward_) {
    const int64_t count = negatives.size(1);
    std::vector<Role> roles(1 + count, Role::kSampled);
    roles[0] = Role::kLogged;
    const Tensor rewards =
        checked_output(
            reward_->reward(history, at::cat({action.unsqueeze(1), negatives}, 1), roles),
            {rows, 1 + count}, at::kFloat,
            place_of("environment " + run_.reward.id, "reward()") + ":")
            .to(device);
    transition.reward = rewards.select(1, 0);
    transition.negative_reward = rewards.narrow(1, 1, count);
  }
  if (state_) {
    const std::vector<int64_t> shape = {rows, state_->state_width()};
    const std::string who = place_of("environment " + run_.state.id, "state()") + ":";
    transition.state = checked_output(state_->state(history), shape, at::kFloat, who).to(device);
    transition.next_state = checked_output(state_->state(next), shape, at::kFloat, who).to(device);
  }
  if (proposals.item.defined()) {
    transition.proposed = proposals.item.index_select(0, index).to(at::kLong).to(device);
    if (proposals.reward.defined())
      transition.proposed_reward = proposals.reward.index_select(0, index).to(device);
  }
  return transition;
}

}  // namespace lea::train
