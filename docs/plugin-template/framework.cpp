// A framework decides what is learnt from a transition and how items are scored. This one is
// supervised learning, with the loss of each action weighted by its reward.
#include <ATen/ATen.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/linear.h>

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Tensor;

class Framework final : public lea::Framework {
 public:
  struct Params {
    double floor = 0.1;
    void fields(lea::Fields& f) {
      f.real("floor", floor, {0, 1}, "weight of an action without reward");
    }
  };

  // What this framework reads of a run. The choice is among backbone, reward, state, augment,
  // negatives and train.
  static std::vector<std::string> uses() { return {"backbone", "reward", "train"}; }

  Framework(const Params& params, const lea::Context& context)
      : floor_(params.floor), backbone_(register_module("backbone", context.make_backbone())) {
    head_ = register_module("head", torch::nn::Linear(backbone_->width(), context.items()));
  }

  // The groups of trainable parameters. Each has an optimiser of its own.
  std::vector<lea::Group> groups() override { return {{"model", parameters()}}; }

  lea::Loss loss(const lea::Transition& transition, const lea::Step&) override {
    const Tensor logits = head_(backbone_->encode(transition.history));  // [B, N]
    const Tensor log_likelihood =
        logits.log_softmax(1).gather(1, (transition.action - 1).unsqueeze(1)).squeeze(1);
    const Tensor weight = transition.reward.clamp_min(floor_);  // [B]
    return {-(weight * log_likelihood).mean(), "model", {{"weight", weight.mean()}}};
  }

  // [B, N]: column j is item j + 1.
  Tensor score(const History& history) override { return head_(backbone_->encode(history)); }

 private:
  double floor_;
  std::shared_ptr<lea::Backbone> backbone_;
  torch::nn::Linear head_{nullptr};
};

}  // namespace

LEA_PLUGIN(framework, "my.framework", "0.1.0-dev", Framework,
           "supervised learning, weighted by the reward")
