// Reward-weighted regression: Peters and Schaal, "Reinforcement Learning by Reward-Weighted
// Regression for Operational Space Control" (ICML 2007); Peng, Kumar, Zhang, Levine,
// "Advantage-Weighted Regression" (2019) with the reward in the place of the advantage. The
// cross-entropy of each logged item is weighted by exp(reward / temperature), without Q-learning:
//
//   L = 1/B sum_i w_i * -log softmax(logits_i)[a_i],   w_i = B exp(r_i / t) / sum_j exp(r_j / t)
//
// The weights of a batch have the mean 1, so that their scale is no second learning rate. They are
// then clipped. With equal rewards this is the supervised loss.
#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "core/api/heads.h"
#include "core/api/plugin.h"

namespace {

using lea::Tensor;

class RewardWeighted final : public lea::Framework {
 public:
  struct Params {
    double temperature = 1;
    double clip = 20;
    bool normalise = true;
    std::string activation = "none";
    void fields(lea::Fields& f) {
      f.real("temperature", temperature, {1e-6, 1e6},
             "t: a reward that is larger by t multiplies the weight by e");
      f.real("clip", clip, {0, 1e9}, "largest weight (Peng et al.: 20; 0: no limit)");
      f.boolean("normalise", normalise,
                "divide the weights by their mean in the batch, before they are clipped");
      f.choice("activation", activation, {"none", "relu"}, "delta of the head, Eq. 7 (U2)");
    }
  };
  static std::vector<std::string> uses() { return {"backbone", "reward", "train"}; }

  RewardWeighted(const Params& params, const lea::Context& context) : params_(params) {
    backbone_ = register_module("backbone", context.make_backbone());
    head_ = register_module(
        "supervised", lea::supervised_head(*backbone_, context.items(),
                                           params.activation == "relu" ? lea::Activation::kRelu
                                                                       : lea::Activation::kNone));
  }

  std::vector<lea::Group> groups() override { return {{"all", parameters(), 0, true}}; }

  lea::Loss loss(const lea::Transition& transition, const lea::Step&) override {
    const Tensor raw = raw_weights(transition.reward / params_.temperature);
    const Tensor weight = params_.clip > 0 ? raw.clamp_max(params_.clip) : raw;
    const auto entropy = lea::cross_entropy(*head_, backbone_->encode(transition.history),
                                            transition.action.unsqueeze(1), weight.unsqueeze(1));
    const double rows = static_cast<double>(weight.size(0));
    return {entropy.value,
            "all",
            {{"supervised_loss", entropy.rows.mean()},
             {"largest_weight", weight.max()},
             {"weights_clipped", raw.gt(weight).to(at::kFloat).mean()},
             // 1 when all rows count alike, 1 / B when one row has all the weight.
             {"effective_rows",
              weight.sum().square() / (weight.square().sum() * rows).clamp_min(1e-30)}}};
  }

  Tensor score(const lea::History& history) override {
    return head_->forward(backbone_->encode(history));
  }

 private:
  // The weights [B] before they are clipped. Softmax cannot overflow.
  Tensor raw_weights(const Tensor& exponent) const {
    if (!params_.normalise) return exponent.exp();
    return at::softmax(exponent, 0) * static_cast<double>(exponent.size(0));
  }

  const Params params_;
  std::shared_ptr<lea::Backbone> backbone_;
  std::shared_ptr<lea::ItemHead> head_;
};

}  // namespace

LEA_PLUGIN(framework, "lea.reward_weighted", "1.0.0", RewardWeighted,
           "cross-entropy weighted by exp(reward / temperature), without Q-learning")
