// A control: proposes the item that occurs most often in training. Equally frequent items are
// ordered by a seeded draw, never by id.
#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "core/api/plugin.h"

namespace {

using lea::Tensor;

class Popular final : public lea::Augmenter {
 public:
  struct Params {
    std::string among = "candidates";
    void fields(lea::Fields& f) {
      f.choice("among", among, {"candidates", "all"},
               "the most frequent of the evaluated network's candidates, or of all items that the "
               "history does not hold");
    }
  };

  Popular(const Params& params, const lea::Context& context) : all_(params.among == "all") {
    const lea::TrainingData& training = context.training();
    const Tensor count = at::bincount(training.item.to(at::kLong), {}, training.items + 1);
    const int64_t* counts = count.const_data_ptr<int64_t>();
    order_.resize(training.items);
    std::iota(order_.begin(), order_.end(), 1);
    const uint64_t seed = context.seed();
    std::sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) {
      if (counts[a] != counts[b]) return counts[a] > counts[b];
      return lea::mix(seed, 0x706f70, uint64_t(a)) < lea::mix(seed, 0x706f70, uint64_t(b));
    });
    rank_ = at::empty({training.items + 1}, at::kLong);
    for (size_t place = 0; place < order_.size(); ++place) {
      rank_.mutable_data_ptr<int64_t>()[order_[place]] = int64_t(place);
    }
  }

  Tensor propose(const lea::History& history, const Tensor& candidates) override {
    if (all_) return outside(history).to(candidates.device());
    const Tensor best = rank_.to(candidates.device()).index({candidates}).argmin(1, true);
    return candidates.gather(1, best).squeeze(1);
  }

 private:
  // The most frequent item that is not in the history; 0 when the history holds all items.
  Tensor outside(const lea::History& history) const {
    const Tensor items = history.items.to(at::kCPU).contiguous();
    const Tensor chosen = at::zeros({items.size(0)}, at::kLong);
    for (int64_t row = 0; row < items.size(0); ++row) {
      const int64_t* begin = items.const_data_ptr<int64_t>() + row * items.size(1);
      const int64_t* end = begin + items.size(1);
      const auto found = std::find_if(order_.begin(), order_.end(), [&](int64_t item) {
        return std::find(begin, end, item) == end;
      });
      if (found != order_.end()) chosen.mutable_data_ptr<int64_t>()[row] = *found;
    }
    return chosen;
  }

  bool all_;
  std::vector<int64_t> order_;  // items, most frequent first
  Tensor rank_;                 // int64 [N + 1], the place of each item in `order_`
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.popular", "1.0.0", Popular, "control: the most frequent item")
