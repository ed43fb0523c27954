// SAC: Xin, Karatzoglou, Arapakis, Jose, "Self-Supervised Reinforcement Learning for Recommender
// Systems" (SIGIR 2020): SQN during a warm-up. After it the Q-value of the logged item weights its
// cross-entropy.
#include "core/api/plugin.h"
#include "core/api/twin.h"

namespace {

class Sac final : public lea::TwinFramework {
 public:
  struct Params : lea::QParams {
    int64_t warm_up_steps = 15000;
    void fields(lea::Fields& f) {
      QParams::fields(f);
      f.integer("warm_up_steps", warm_up_steps, {0, 1e9},
                "steps of plain cross-entropy before Q(s, a) weighs it (U3; code: 15,000)");
    }
  };
  static std::vector<std::string> uses() {
    return {"backbone", "reward", "state", "augment", "train"};
  }

  Sac(const Params& params, const lea::Context& context)
      : TwinFramework(params, context), warm_up_steps_(params.warm_up_steps) {}

  lea::Loss loss(const lea::Transition& transition, const lea::Step& step) override {
    const Pass pass = this->pass(transition, step, Negatives::kIgnore);
    lea::Loss loss{{}, pass.group, {}};
    lea::Tensor weight;
    if (step.index >= warm_up_steps_) weight = pass.q_positive.detach();
    loss.value = supervised_loss(pass, transition, loss, weight).value + q_loss(pass, loss);
    return loss;
  }

 private:
  const int64_t warm_up_steps_;
};

}  // namespace

LEA_PLUGIN(framework, "lea.sac", "1.0.0", Sac, "SQN with Q(s, a) as weight of the cross-entropy")
