// SNQN: Xin, Karatzoglou, Arapakis, Jose, "Supervised Advantage Actor-Critic for Recommender
// Systems" (WSDM 2022): cross-entropy, and double Q-learning on logged and sampled items.
#include "core/api/plugin.h"
#include "core/api/twin.h"

namespace {

class Snqn final : public lea::TwinFramework {
 public:
  using Params = lea::QParams;
  static std::vector<std::string> uses() {
    return {"backbone", "reward", "state", "augment", "negatives", "train"};
  }

  Snqn(const Params& params, const lea::Context& context) : TwinFramework(params, context) {}

  lea::Loss loss(const lea::Transition& transition, const lea::Step& step) override {
    const Pass pass = this->pass(transition, step, Negatives::kUse);
    lea::Loss loss{{}, pass.group, {}};
    loss.value = supervised_loss(pass, transition, loss).value + q_loss(pass, loss);
    return loss;
  }
};

}  // namespace

LEA_PLUGIN(framework, "lea.snqn", "1.0.0", Snqn,
           "cross-entropy and Q-learning on logged and sampled items (Eqs. 8, 10, 11, 13)")
