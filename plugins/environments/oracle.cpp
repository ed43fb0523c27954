// An upper control that no real environment can reach: the reward looks at the rest of the same
// training sequence. The reward is 1 if the item occurs at the predicted event or later, otherwise
// 0. A logged item therefore always gets 1. Outside training events every reward is 0.
#include <ATen/ATen.h>

#include <algorithm>

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class Oracle final : public lea::Environment {
 public:
  using Params = lea::NoParams;

  Oracle(const Params&, const lea::Context& context) : training_(context.training()) {}

  // Ignores the roles.
  Tensor reward(const History& history, const Tensor& actions, const std::vector<Role>&) override {
    const Tensor action = actions.to(at::kCPU).contiguous();
    const Tensor event = history.event.to(at::kCPU).contiguous();
    const Tensor sequence = training_.sequence_of(event.clamp_min(0));
    const Tensor rewards = at::zeros(action.sizes(), at::kFloat);
    const int32_t* item = training_.item.const_data_ptr<int32_t>();
    for (int64_t row = 0; row < action.size(0); ++row) {
      const int64_t from = event.const_data_ptr<int64_t>()[row];
      if (from < 0) continue;
      const int64_t in = sequence.const_data_ptr<int64_t>()[row];
      const int32_t* end = item + training_.offset.const_data_ptr<int64_t>()[in + 1];
      for (int64_t k = 0; k < action.size(1); ++k) {
        const int64_t cell = row * action.size(1) + k;
        const auto wanted = static_cast<int32_t>(action.const_data_ptr<int64_t>()[cell]);
        if (std::find(item + from, end, wanted) != end) {
          rewards.mutable_data_ptr<float>()[cell] = 1;
        }
      }
    }
    return rewards.to(actions.device());
  }

 private:
  lea::TrainingData training_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.oracle", "1.0.0", Oracle,
           "control: 1 if the item occurs in the rest of the training sequence, else 0")
