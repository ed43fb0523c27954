// A control: proposes the evaluated network's own first candidate. The augmented losses then only
// repeat what the network already ranks first (paper section 6 without the language model's
// choice).
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

class Top1 final : public lea::Augmenter {
 public:
  using Params = lea::NoParams;
  Top1(const Params&, const lea::Context&) {}

  lea::Tensor propose(const lea::History&, const lea::Tensor& candidates) override {
    return candidates.select(1, 0).clone();
  }
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.top1", "1.0.0", Top1,
           "control: the first of the evaluated network's own candidates")
