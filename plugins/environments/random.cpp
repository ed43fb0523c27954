// A control: rewards that carry no information. Each (history, item) has a fixed random reward, so
// a gain under these rewards does not come from the reward. The frameworks of 2111.03474 do show a
// gain: see "random reward" in Rajapakse & Jannach, SIGIR'25.
#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class Random final : public lea::Environment {
 public:
  struct Params {
    std::string of = "history_and_item", distribution = "uniform";
    double scale = 1, shift = 0;
    int64_t seed = 1;
    void fields(lea::Fields& f) {
      f.choice("of", of, {"history_and_item", "item"}, "what a reward is drawn for");
      f.choice("distribution", distribution, {"uniform", "normal"},
               "uniform in [0, 1), or standard normal");
      f.real("scale", scale, {-1e6, 1e6}, "factor on the drawn number");
      f.real("shift", shift, {-1e6, 1e6}, "added to scale x drawn number");
      f.integer("seed", seed, {0, 9e15}, "together with the run's seed, which function it is");
    }
  };

  Random(const Params& params, const lea::Context& context)
      : params_(params), key_(lea::mix(0x72616e646f6dULL, context.seed(), uint64_t(params.seed))) {}

  // Ignores the roles, because a learned environment cannot know them either.
  Tensor reward(const History& history, const Tensor& actions, const std::vector<Role>&) override {
    const Tensor item = actions.to(at::kCPU).contiguous();
    const Tensor rewards = at::empty(item.sizes(), at::kFloat);
    const std::vector<uint64_t> keys = row_keys(history);
    const int64_t* in = item.const_data_ptr<int64_t>();
    float* out = rewards.mutable_data_ptr<float>();
    for (const uint64_t key : keys) {
      for (int64_t k = 0; k < item.size(1); ++k) {
        *out++ = float(params_.shift + params_.scale * draw(lea::mix(key, uint64_t(*in++))));
      }
    }
    return rewards.to(actions.device());
  }

 private:
  // One key for each row. The same items in the same order give the same key in every batch.
  std::vector<uint64_t> row_keys(const History& history) const {
    std::vector<uint64_t> keys(history.items.size(0), key_);
    if (params_.of == "item") return keys;
    const Tensor items = history.items.to(at::kCPU).contiguous();
    const Tensor length = history.length.to(at::kCPU).contiguous();
    for (size_t row = 0; row < keys.size(); ++row) {
      const int64_t* item = items.const_data_ptr<int64_t>() + row * items.size(1);
      for (int64_t t = 0; t < length.const_data_ptr<int64_t>()[row]; ++t) {
        keys[row] = lea::mix(keys[row], uint64_t(item[t]), uint64_t(t) + 1);
      }
    }
    return keys;
  }

  double draw(uint64_t bits) const {
    if (params_.distribution == "uniform") return lea::unit(bits);
    // Box and Muller. 1 - u is never 0, so the logarithm is finite.
    const double radius = std::sqrt(-2 * std::log(1 - lea::unit(bits)));
    return radius * std::cos(2 * std::numbers::pi * lea::unit(lea::mix(bits, 1)));
  }

  Params params_;
  uint64_t key_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.random", "1.0.0", Random,
           "control: a fixed random number for each history and item")
