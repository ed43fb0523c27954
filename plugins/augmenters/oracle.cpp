// An upper control that no real augmenter can reach: proposes the item that follows the logged one
// in the same training sequence. The last event of a sequence has no proposal.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

using lea::Tensor;

class Oracle final : public lea::Augmenter {
 public:
  using Params = lea::NoParams;
  Oracle(const Params&, const lea::Context& context) : following_(at::zeros_like(items(context))) {
    const lea::TrainingData& training = context.training();
    const int64_t events = training.events();
    following_.narrow(0, 0, events - 1).copy_(training.item.narrow(0, 1, events - 1));
    following_.index_fill_(0, training.offset.slice(0, 1) - 1, 0);  // last events
  }

  Tensor propose(const lea::History& history, const Tensor& candidates) override {
    return following_.index_select(0, history.event.to(at::kCPU))
        .to(candidates.device(), at::kLong);
  }

 private:
  static const Tensor& items(const lea::Context& context) { return context.training().item; }

  Tensor following_;  // int32 [E]
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.oracle", "1.0.0", Oracle,
           "control: the item after the logged one in the training sequence")
