// A control that shows how much of another environment's effect comes from the level of its rewards
// alone. Every action gets the mean of the inner rewards of its role, so the reward depends on no
// single pair.
#include "plugins/environments/role_means.h"

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class ClassMean final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;  // of the inner environment, if it has one
  struct Params : lea::MeansParams {
    void fields(lea::Fields& f) {
      MeansParams::fields(f, "environment whose rewards are averaged");
    }
  };

  ClassMean(const Params& params, const lea::Context& context)
      : inner_(context.environment(params.of)) {
    means_ =
        lea::role_means(*inner_, context, params, lea::mix(0x636c617373ULL, uint64_t(params.seed)));
  }

  int64_t state_width() const override { return inner_->state_width(); }
  Tensor state(const History& history) override { return inner_->state(history); }

  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>& roles) override {
    const Tensor rewards = at::empty(actions.sizes(), actions.options().dtype(at::kFloat));
    for (size_t k = 0; k < roles.size(); ++k) {
      const double mean = roles[k] == Role::kLogged    ? means_.logged
                          : roles[k] == Role::kSampled ? means_.sampled
                                                       : means_.proposed;
      rewards.select(1, k).fill_(mean);
    }
    return rewards;
  }

 private:
  std::shared_ptr<lea::Environment> inner_;
  lea::RoleMeans means_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.class_mean", "1.0.0", ClassMean,
           "control: the mean reward of each role of another environment")
