// A control that shows whether another environment reads the user at all. An item gets the mean of
// the inner rewards that it has in the training data, so its reward is the same after every history.
//
// The mean of an item is over the training events where it is logged and those where it is sampled,
// with `negatives` sampled items an event. An item that occurs in neither way, which only an
// augmenter can propose, gets the mean of all sampled rewards.
#include <ATen/ATen.h>

#include "core/api/plugin.h"
#include "plugins/environments/role_means.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class ItemMean final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;  // of the inner environment, if it has one
  struct Params : lea::MeansParams {
    void fields(lea::Fields& f) {
      MeansParams::fields(f, "environment whose rewards are averaged within each item");
    }
  };

  ItemMean(const Params& params, const lea::Context& context)
      : inner_(context.environment(params.of)) {
    std::vector<double> sum(context.items() + 1, 0);
    std::vector<int64_t> count(sum.size(), 0);
    double sampled = 0;
    int64_t samples = 0;
    lea::visit_rewards(*inner_, context, params, lea::mix(0x6974656d6dULL, uint64_t(params.seed)),
                       {Role::kLogged}, [&](const Tensor& actions, const Tensor& rewards) {
                         const int64_t* item = actions.const_data_ptr<int64_t>();
                         const double* reward = rewards.const_data_ptr<double>();
                         for (int64_t i = 0; i < actions.numel(); ++i) {
                           sum[item[i]] += reward[i];
                           ++count[item[i]];
                         }
                         const Tensor others = rewards.narrow(1, 1, rewards.size(1) - 1);
                         sampled += others.sum().item<double>();
                         samples += others.numel();
                       });
    mean_ = at::empty({int64_t(sum.size())}, at::kFloat);
    for (size_t item = 0; item < sum.size(); ++item) {
      mean_.mutable_data_ptr<float>()[item] =
          float(count[item] > 0 ? sum[item] / double(count[item]) : sampled / double(samples));
    }
  }

  int64_t state_width() const override { return inner_->state_width(); }
  Tensor state(const History& history) override { return inner_->state(history); }

  // Ignores the roles.
  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>&) override {
    const Tensor item = actions.to(at::kCPU);
    return mean_.index_select(0, item.flatten()).view(item.sizes()).to(actions.device());
  }

 private:
  std::shared_ptr<lea::Environment> inner_;
  Tensor mean_;  // float [N + 1], by item
};

}  // namespace

LEA_PLUGIN(environment, "lea.item_mean", "1.0.0", ItemMean,
           "control: the mean of another environment's rewards within each item")
