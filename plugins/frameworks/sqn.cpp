// SQN: Xin, Karatzoglou, Arapakis, Jose, "Self-Supervised Reinforcement Learning for Recommender
// Systems" (SIGIR 2020): cross-entropy, and double Q-learning on logged items alone.
#include "core/api/plugin.h"
#include "core/api/twin.h"

namespace {

class Sqn final : public lea::TwinFramework {
 public:
  using Params = lea::QParams;
  static std::vector<std::string> uses() {
    return {"backbone", "reward", "state", "augment", "train"};
  }

  Sqn(const Params& params, const lea::Context& context) : TwinFramework(params, context) {}

  lea::Loss loss(const lea::Transition& transition, const lea::Step& step) override {
    const Pass pass = this->pass(transition, step, Negatives::kIgnore);
    lea::Loss loss{{}, pass.group, {}};
    loss.value = supervised_loss(pass, transition, loss).value + q_loss(pass, loss);
    return loss;
  }
};

}  // namespace

LEA_PLUGIN(framework, "lea.sqn", "1.0.0", Sqn, "cross-entropy and Q-learning on logged items")
