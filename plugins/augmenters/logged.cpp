// A control for the weight of the losses: proposes the logged item. Eqs. (14) and (15) then only
// give the logged item's losses more weight.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

class Logged final : public lea::Augmenter {
 public:
  using Params = lea::NoParams;
  Logged(const Params&, const lea::Context& context) : training_(context.training()) {}

  lea::Tensor propose(const lea::History& history, const lea::Tensor& candidates) override {
    return training_.item.index_select(0, history.event.to(at::kCPU))
        .to(candidates.device(), at::kLong);
  }

 private:
  lea::TrainingData training_;
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.logged", "1.0.0", Logged, "control: the logged item once more")
