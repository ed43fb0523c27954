// Another environment's rewards and states with the mean 0 and the deviation 1. The loss that a
// language model's rewards are trained with, Eq. (1), fixes neither their zero nor their unit (U5),
// and the coordinates of its states differ in scale by orders of magnitude.
//
// The mean of the rewards is that of the logged and the sampled role, with equal weight, so that it
// does not depend on the number of sampled items. Unlike `matched` it needs no difference between
// the two. The mean and the deviation of a state's coordinate are taken over the histories before
// training events; a coordinate that never changes becomes 0. An empty history keeps a state of
// zeros, which is now the mean state.
//
// Rewards and states are measured when they are asked for the first time, because an environment
// may have only one of the two at hand in the slot where it stands.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/api/plugin.h"
#include "core/base/error.h"
#include "plugins/environments/role_means.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class Standardised final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;  // of the inner environment, if it has one
  struct Params : lea::MeansParams {
    std::string rewards = "standardise";
    bool states = true;
    void fields(lea::Fields& f) {
      MeansParams::fields(f, "environment whose rewards and states are mapped");
      f.choice("rewards", rewards, {"standardise", "centre", "keep"},
               "what is done to rewards; centre: only their mean becomes 0");
      f.boolean("states", states, "standardise each coordinate of the states; false: they pass");
    }
  };

  Standardised(const Params& params, const lea::Context& context)
      : params_(params),
        context_(context),
        key_(lea::mix(0x7374616e64ULL, uint64_t(params.seed))),
        inner_(context.environment(params.of)) {}

  int64_t state_width() const override { return inner_->state_width(); }
  Tensor state(const History& history) override {
    const Tensor states = inner_->state(history);
    if (!params_.states) return states;
    if (!state_mean_.defined()) measure_states();
    const Tensor mapped =
        (states - state_mean_.to(states.device())) * state_scale_.to(states.device());
    return mapped.masked_fill(history.length.eq(0).unsqueeze(1), 0);
  }

  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override {
    const Tensor rewards = inner_->reward(history, actions, roles);
    if (params_.rewards == "keep") return rewards;
    if (!map_) map_ = measured_rewards();
    return (rewards - map_->mean) * map_->scale;
  }

 private:
  struct Map {
    double mean = 0, scale = 1;
  };

  Map measured_rewards() {
    double sum = 0, squares = 0;  // of both roles, each divided by its columns
    int64_t events = 0;
    lea::visit_rewards(*inner_, context_, params_, key_, {Role::kLogged},
                       [&](const Tensor&, const Tensor& rewards) {
                         const Tensor logged = rewards.select(1, 0);
                         const Tensor sampled = rewards.narrow(1, 1, rewards.size(1) - 1);
                         sum += (logged + sampled.mean(1)).sum().item<double>();
                         squares +=
                             (logged.square() + sampled.square().mean(1)).sum().item<double>();
                         events += rewards.size(0);
                       });
    const double mean = sum / (2 * double(events));
    if (params_.rewards == "centre") return {mean, 1};
    const double deviation = std::sqrt(std::max(squares / (2 * double(events)) - mean * mean, 0.0));
    if (deviation <= 1e-6 * std::abs(mean)) {
      throw lea::ConfigError(
          "standardised: the inner environment gives all items the same reward (" +
          std::to_string(mean) +
          "), so no map brings the deviation to 1: state `rewards: centre` or "
          "`keep`, or use another environment");
    }
    return {mean, 1 / deviation};
  }

  void measure_states() {
    constexpr int64_t kChunk = 512;
    const lea::TrainingData& training = context_.training();
    const Tensor chosen = lea::sample_events(training.events(), params_.sample, key_);
    Tensor sum = at::zeros({state_width()}, at::kDouble), squares = at::zeros_like(sum);
    int64_t count = 0;
    for (int64_t first = 0; first < chosen.size(0); first += kChunk) {
      const History history =
          training.histories(chosen.narrow(0, first, std::min(kChunk, chosen.size(0) - first)));
      const Tensor known = history.length.gt(0).nonzero().squeeze(1);
      const Tensor states = inner_->state(history).to(at::kCPU, at::kDouble).index_select(0, known);
      sum += states.sum(0);
      squares += states.square().sum(0);
      count += known.size(0);
    }
    const double rows = double(std::max<int64_t>(count, 1));
    const Tensor mean = sum / rows;
    const Tensor deviation = (squares / rows - mean.square()).clamp_min(0).sqrt();
    state_mean_ = mean.to(at::kFloat);
    state_scale_ = at::where(deviation > 1e-6 * mean.abs(), 1 / deviation, at::zeros_like(mean))
                       .to(at::kFloat);
  }

  const Params params_;
  const lea::Context& context_;
  const uint64_t key_;
  std::shared_ptr<lea::Environment> inner_;
  std::optional<Map> map_;
  Tensor state_mean_, state_scale_;  // float [S]
};

}  // namespace

LEA_PLUGIN(environment, "lea.standardised", "1.0.0", Standardised,
           "another environment's rewards and states with the mean 0 and the deviation 1")
