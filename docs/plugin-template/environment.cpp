// An environment gives rewards and, if it has any, states. This one rewards items that are rare in
// the training data, whether they were logged, sampled or proposed.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class Environment final : public lea::Environment {
 public:
  struct Params {
    double power = 0.5;
    void fields(lea::Fields& f) { f.real("power", power, {0, 4}, "reward = 1 / count^power"); }
  };

  Environment(const Params& params, const lea::Context& context) {
    const Tensor count =
        at::bincount(context.training().item.to(at::kLong), {}, context.items() + 1);
    reward_ = count.clamp_min(1).to(at::kFloat).pow(-params.power);  // [N + 1]
  }

  // float [B, K] for actions int64 [B, K]. It depends on the arguments and the seed alone.
  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>&) override {
    return reward_.index({actions});
  }

  // An environment that also gives states has `static constexpr bool kGivesState = true` and
  // overrides state_width() and state().

 private:
  Tensor reward_;
};

}  // namespace

LEA_PLUGIN(environment, "my.environment", "0.1.0-dev", Environment, "rare items are worth more")
