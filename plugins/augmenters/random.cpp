// A control: proposes a random item instead of the language model's choice. The random number is
// fixed for each event, so that only the candidates change between two refreshes.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

class Random final : public lea::Augmenter {
 public:
  struct Params {
    std::string from = "candidates";
    int64_t seed = 1;
    void fields(lea::Fields& f) {
      f.choice("from", from, {"candidates", "all"},
               "uniform over the evaluated network's candidates, or over all items");
      f.integer("seed", seed, {0, 9e15}, "together with the run's seed, which items are drawn");
    }
  };

  Random(const Params& params, const lea::Context& context)
      : all_(params.from == "all"),
        items_(context.items()),
        key_(lea::mix(0x70726f706f7365ULL, context.seed(), uint64_t(params.seed))) {}

  lea::Tensor propose(const lea::History& history, const lea::Tensor& candidates) override {
    const lea::Tensor event = history.event.to(at::kCPU).contiguous();
    const lea::Tensor drawn = at::empty_like(event);
    const uint64_t choices = uint64_t(all_ ? items_ : candidates.size(1));
    for (int64_t row = 0; row < event.size(0); ++row) {
      const uint64_t bits = lea::mix(key_, uint64_t(event.const_data_ptr<int64_t>()[row]));
      drawn.mutable_data_ptr<int64_t>()[row] = int64_t(lea::unit(bits) * double(choices));
    }
    const lea::Tensor index = drawn.to(candidates.device());
    return all_ ? index + 1 : candidates.gather(1, index.unsqueeze(1)).squeeze(1);
  }

 private:
  bool all_;
  int64_t items_;
  uint64_t key_;
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.random", "1.0.0", Random, "control: a uniformly drawn item")
