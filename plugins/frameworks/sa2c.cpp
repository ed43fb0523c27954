// SA2C: Xin, Karatzoglou, Arapakis, Jose, "Supervised Advantage Actor-Critic for Recommender
// Systems" (WSDM 2022): SNQN during a warm-up. After it the advantage of the logged item over
// sampled ones weights its cross-entropy.
#include <ATen/ATen.h>

#include "core/api/plugin.h"
#include "core/api/twin.h"

namespace {

using lea::Tensor;

class Sa2c final : public lea::TwinFramework {
 public:
  struct Params : lea::QParams {
    int64_t warm_up_steps = 15000;
    double second_learning_rate = 0.001;
    bool clip = true;
    double clip_min = 0;
    double clip_max = 10;
    double smooth = 0;
    bool advantage_gradient = false;
    std::string advantage_over = "logged";
    void fields(lea::Fields& f) {
      QParams::fields(f);
      f.integer("warm_up_steps", warm_up_steps, {0, 1e9},
                "steps as SNQN before the advantage weighs the cross-entropy (U3; code: 15,000)");
      f.real("second_learning_rate", second_learning_rate, {0, 10},
             "rate of the second Adam after warm-up (U3; code: 0.001; 0: continue with the first "
             "Adam)");
      f.boolean("clip", clip, "clip the advantage (A10, U3; code: true)");
      f.real("clip_min", clip_min, {-1e6, 1e6}, "smallest advantage (A10, U3; code: 0)");
      f.real("clip_max", clip_max, {-1e6, 1e6}, "largest advantage (A10, U3; code: 10)");
      f.ordered("clip_min", "clip_max");
      f.real("smooth", smooth, {0, 1},
             "power of pi(a|s) / beta(a), clipped to [0.1, 10], with beta the item's share of "
             "training "
             "events (U3; code: 0, no correction)");
      f.boolean("advantage_gradient", advantage_gradient,
                "let the advantage-weighted loss train the Q-values too (A10, U3; code: false)");
      f.choice("advantage_over", advantage_over, {"logged", "both"},
               "the advantage weighs L_p alone, or L_ap of proposed items too (A10)");
    }
  };
  static std::vector<std::string> uses() {
    return {"backbone", "reward", "state", "augment", "negatives", "train"};
  }

  // The advantage compares the logged item with sampled ones, so it needs at least one.
  static constexpr int64_t kMinNegatives = 1;

  Sa2c(const Params& params, const lea::Context& context)
      : TwinFramework(params, context), sa2c_(params) {
    if (params.smooth > 0) {
      const lea::TrainingData& training = context.training();
      const Tensor count = at::bincount(training.item, {}, context.items() + 1).to(at::kFloat);
      share_ = (count / static_cast<double>(training.events())).to(context.device());
    }
  }

  std::vector<lea::Group> groups() override {
    std::vector<lea::Group> groups = TwinFramework::groups();
    if (sa2c_.second_learning_rate == 0) return groups;
    for (size_t i = 0; i < 2; ++i) {
      lea::Group group = groups[i];
      group.name += "_advantage";
      group.learning_rate = sa2c_.second_learning_rate;
      groups.push_back(group);
    }
    return groups;
  }

  lea::Loss loss(const lea::Transition& transition, const lea::Step& step) override {
    const Pass pass = this->pass(transition, step, Negatives::kUse);
    lea::Loss loss{{}, pass.group, {}};
    if (step.index < sa2c_.warm_up_steps) {
      loss.value = supervised_loss(pass, transition, loss).value + q_loss(pass, loss);
      return loss;
    }
    if (sa2c_.second_learning_rate > 0) loss.group += "_advantage";
    const Tensor advantage = this->advantage(pass, loss);
    Tensor weight = advantage.detach();
    if (sa2c_.smooth > 0) weight = weight * correction(pass, transition.action);
    const bool both = sa2c_.advantage_over == "both";
    const lea::CrossEntropy entropy =
        supervised_loss(pass, transition, loss, weight, both ? weight : Tensor());
    loss.value = entropy.value + q_loss(pass, loss);
    if (sa2c_.advantage_gradient) {
      // This term is zero. Its gradient is the gradient of the weighted loss with respect to the
      // advantage.
      Tensor weighted = entropy.rows.select(1, 0);
      if (both && entropy.rows.size(1) > 1) {
        weighted = weighted + entropy.rows.select(1, 1) * augment_.supervised_weight;
      }
      if (sa2c_.smooth > 0) weighted = weighted * correction(pass, transition.action);
      loss.value = loss.value + ((advantage - advantage.detach()) * weighted).mean();
    }
    return loss;
  }

 private:
  // Q(s, a+) minus the mean Q-value of the logged and the sampled items. This is Eq. (12) for one
  // negative.
  Tensor advantage(const Pass& pass, lea::Loss& loss) const {
    const auto actions = static_cast<double>(1 + pass.q_negative.size(1));
    const Tensor raw = pass.q_positive - (pass.q_positive + pass.q_negative.sum(1)) / actions;
    loss.metrics.emplace_back("advantage", raw.detach().mean());
    if (!sa2c_.clip) return raw;
    const Tensor outside = raw.lt(sa2c_.clip_min).logical_or(raw.gt(sa2c_.clip_max));
    loss.metrics.emplace_back("advantage_clipped", outside.to(at::kFloat).mean());
    return raw.clamp(sa2c_.clip_min, sa2c_.clip_max);
  }

  // The importance weight of the logged item, without a gradient.
  Tensor correction(const Pass& pass, const Tensor& action) const {
    const at::NoGradGuard no_grad;
    const auto entropy =
        lea::cross_entropy(*pass.network->supervised, pass.hidden, action.unsqueeze(1));
    const Tensor policy = entropy.rows.select(1, 0).neg().exp();
    return (policy / share_.index_select(0, action)).clamp(0.1, 10).pow(sa2c_.smooth);
  }

  const Params sa2c_;
  Tensor share_;  // [N + 1], beta
};

}  // namespace

LEA_PLUGIN(framework, "lea.sa2c", "1.0.0", Sa2c,
           "SNQN whose cross-entropy is weighted by the logged item's advantage (Eq. 12)")
