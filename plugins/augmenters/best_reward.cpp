// Proposes the candidate that an environment rewards most (paper section 6, with the environment's
// reward in place of the language model's choice). Of equal rewards the candidate that the evaluated
// network ranks higher is proposed.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

using lea::Tensor;

class BestReward final : public lea::Augmenter {
 public:
  struct Params {
    std::string of;
    void fields(lea::Fields& f) {
      f.environment("of", of, "environment whose reward chooses among the candidates");
    }
  };

  BestReward(const Params& params, const lea::Context& context)
      : environment_(context.environment(params.of)) {}

  Tensor propose(const lea::History& history, const Tensor& candidates) override {
    const std::vector<lea::Role> roles(static_cast<size_t>(candidates.size(1)),
                                       lea::Role::kProposed);
    const Tensor rewards = environment_->reward(history, candidates, roles).to(candidates.device());
    // Of equal values argmax() takes the first.
    return candidates.gather(1, rewards.argmax(1, /*keepdim=*/true)).squeeze(1);
  }

 private:
  const std::shared_ptr<lea::Environment> environment_;
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.best_reward", "1.0.0", BestReward,
           "the candidate that an environment rewards most")
