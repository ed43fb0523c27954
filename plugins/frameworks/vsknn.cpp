// Untrained baseline: V-SkNN of Ludewig and Jannach (UMUAI 2018). Training sequences that share
// recent items with the history are its neighbours; each adds its similarity to the items that it
// holds.
#include <ATen/ATen.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "core/api/counting.h"
#include "core/api/plugin.h"

namespace {

class VsKnn final : public lea::Framework {
 public:
  struct Params {
    int64_t k = 500;
    int64_t sample = 0;
    double decay = 0.1;
    double popularity = 1e-4;
    void fields(lea::Fields& f) {
      f.integer("k", k, {1, 1e6},
                "nearest sequences; those that tie with the last of them count too");
      f.integer(
          "sample", sample, {0, 1e9},
          "stop looking for candidates, item by item from the most recent one, once there are so "
          "many (0: take all)");
      f.real("decay", decay, {0, 1},
             "how much less a neighbour counts for each step back of the latest item it shares");
      f.real("popularity", popularity, {0, 1},
             "weight of an item's training count: the fallback, and what orders equal scores");
    }
  };
  static std::vector<std::string> uses() { return {}; }

  VsKnn(const Params& params, const lea::Context&) : params_(params) {}

  void fit(const lea::TrainingData& training) override {
    popularity_ = lea::item_counts(training) * params_.popularity;
    const int32_t* item = training.item.const_data_ptr<int32_t>();
    const int64_t* offset = training.offset.const_data_ptr<int64_t>();
    item_.assign(item, item + training.events());
    offset_.assign(offset, offset + training.offset.size(0));
    holders_.assign(static_cast<size_t>(training.items + 1), {});
    for (size_t s = 0; s + 1 < offset_.size(); ++s) {
      for (int64_t e = offset_[s]; e < offset_[s + 1]; ++e) {
        auto& sequences = holders_[item_[e]];
        if (sequences.empty() || sequences.back() != static_cast<int32_t>(s)) {
          sequences.push_back(static_cast<int32_t>(s));
        }
      }
    }
    similarity_.assign(offset_.size(), 0);
    latest_.assign(offset_.size(), -1);
  }

  lea::Tensor score(const lea::History& history) override {
    const auto items = history.items.to(at::kCPU).contiguous();
    const auto length = history.length.to(at::kCPU).contiguous();
    const auto scores = popularity_.repeat({items.size(0), 1});
    for (int64_t row = 0; row < items.size(0); ++row) {
      add_neighbours(items.const_data_ptr<int64_t>() + row * items.size(1),
                     length.const_data_ptr<int64_t>()[row],
                     scores.mutable_data_ptr<float>() + row * scores.size(1));
    }
    return scores.to(history.items.device());
  }

 private:
  // Similarity: the sum over shared items of their position in the history, latest = 1.
  void add_neighbours(const int64_t* items, int64_t length, float* scores) {
    std::vector<int32_t> found;
    for (int64_t t = length - 1; t >= 0; --t) {
      // A repeated item counts at its latest position.
      if (std::find(items + t + 1, items + length, items[t]) != items + length) continue;
      const bool open = params_.sample == 0 || std::ssize(found) < params_.sample;
      for (const int32_t s : holders_[items[t]]) {
        if (latest_[s] < 0) {
          if (!open) continue;
          latest_[s] = t;
          found.push_back(s);
        }
        similarity_[s] += static_cast<double>(t + 1) / static_cast<double>(length);
      }
    }
    double least = 0;
    if (std::ssize(found) > params_.k) {
      std::vector<double> order;
      for (const int32_t s : found) order.push_back(similarity_[s]);
      std::nth_element(order.begin(), order.begin() + params_.k - 1, order.end(), std::greater<>());
      least = order[params_.k - 1];
    }
    for (const int32_t s : found) {
      const double steps = static_cast<double>(length - latest_[s]);
      const double weight = similarity_[s] * std::max(0.0, 1 - params_.decay * steps);
      if (similarity_[s] >= least) {
        for (int64_t e = offset_[s]; e < offset_[s + 1]; ++e) scores[item_[e] - 1] += weight;
      }
      similarity_[s] = 0;
      latest_[s] = -1;
    }
  }

  const Params params_;
  lea::Tensor popularity_;                     // [N]
  std::vector<int32_t> item_;                  // items of the training events
  std::vector<int64_t> offset_;                // first event of each training sequence
  std::vector<std::vector<int32_t>> holders_;  // sequences that hold an item, ascending
  std::vector<double> similarity_;             // scratch, by sequence; 0 between rows
  std::vector<int64_t> latest_;  // scratch: position of the latest shared item, else -1
};

}  // namespace

LEA_PLUGIN(framework, "lea.vsknn", "1.0.0", VsKnn, "nearest training sequences, recent items first")
