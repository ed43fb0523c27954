// The supervised baseline ("Normal" in the paper): a backbone trained by full cross-entropy, Eq.
// (8). It also has the controls that any gain of a Q-head has to beat: the same twin training, and
// an extra head.
#include <ATen/ATen.h>

#include "core/api/heads.h"
#include "core/api/plugin.h"

namespace {

using lea::ItemHead;

struct Network : torch::nn::Module {
  Network(const lea::Context& context, lea::Activation activation, bool extra_head) {
    backbone = register_module("backbone", context.make_backbone());
    supervised =
        register_module("supervised", lea::supervised_head(*backbone, context.items(), activation));
    if (extra_head) {
      extra = register_module(
          "extra", std::make_shared<ItemHead>(backbone->width(), context.items(), activation));
    }
  }
  std::shared_ptr<lea::Backbone> backbone;
  std::shared_ptr<ItemHead> supervised, extra;
};

class Supervised final : public lea::Framework {
 public:
  struct Params {
    std::string activation = "none";
    bool twin = false;
    std::string extra_head = "none";
    double extra_weight = 1;
    void fields(lea::Fields& f) {
      f.choice("activation", activation, {"none", "relu"}, "delta of the head, Eq. 7 (U2)");
      f.boolean("twin", twin,
                "update-matched control of the twin frameworks: two networks, a coin trains one");
      f.choice("extra_head", extra_head, {"none", "q", "auxiliary"},
               "control: a head of the Q-head's size behind a stopped gradient (q), or one whose "
               "loss reaches the backbone (auxiliary), trained on the same target");
      f.real("extra_weight", extra_weight, {0, 1e6}, "weight of the extra head's loss");
    }
  };
  static std::vector<std::string> uses() { return {"backbone", "augment", "train"}; }

  Supervised(const Params& params, const lea::Context& context)
      : params_(params), augmented_weight_(context.augment_use().supervised_weight) {
    const auto delta =
        params.activation == "relu" ? lea::Activation::kRelu : lea::Activation::kNone;
    const bool extra = params.extra_head != "none";
    first_ = register_module("first", std::make_shared<Network>(context, delta, extra));
    if (params.twin) {
      second_ = register_module("second", std::make_shared<Network>(context, delta, extra));
    }
  }

  std::vector<lea::Group> groups() override {
    std::vector<lea::Group> groups = {{"first", first_->parameters(), 0, true}};
    if (second_) groups.push_back({"second", second_->parameters(), 0, false});
    return groups;
  }

  lea::Loss loss(const lea::Transition& transition, const lea::Step& step) override {
    const bool first = !second_ || step.uniform(0) < 0.5;
    const Network& network = first ? *first_ : *second_;
    const auto hidden = network.backbone->encode(transition.history);
    auto target = transition.action.unsqueeze(1);
    lea::Tensor weight;
    const bool proposals = transition.proposed.defined() && augmented_weight_ > 0;
    if (proposals) {
      target = at::stack({transition.action, transition.proposed}, 1);
      weight = at::ones({2}, hidden.options().requires_grad(false));
      weight.select(0, 1).fill_(augmented_weight_);
      weight = weight.expand({target.size(0), 2});
    }
    const auto entropy = lea::cross_entropy(*network.supervised, hidden, target, weight);
    lea::Loss loss{entropy.value, first ? "first" : "second", {}};
    loss.metrics.emplace_back("supervised_loss", entropy.rows.select(1, 0).mean());
    if (proposals) {
      loss.metrics.emplace_back("augmented_supervised_loss", entropy.rows.select(1, 1).mean());
    }
    if (network.extra) {
      const auto input = params_.extra_head == "q" ? hidden.detach() : hidden;
      const auto extra = lea::cross_entropy(*network.extra, input, transition.action.unsqueeze(1));
      loss.value = loss.value + extra.value * params_.extra_weight;
      loss.metrics.emplace_back("extra_loss", extra.value.detach());
    }
    return loss;
  }

  lea::Tensor score(const lea::History& history) override {
    return first_->supervised->forward(first_->backbone->encode(history));
  }

 private:
  const Params params_;
  const double augmented_weight_;
  std::shared_ptr<Network> first_, second_;
};

}  // namespace

LEA_PLUGIN(framework, "lea.supervised", "1.0.0", Supervised, "full cross-entropy, Eq. 8")
