// Untrained baseline: V-SkNN of Ludewig and Jannach (UMUAI 2018). The neighbours of a history are
// the training sequences that share recent items with it. Each neighbour adds its similarity once
// to every item that it holds, because its vector is binary.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/api/counting.h"
#include "core/api/plugin.h"

namespace {

class VsKnn final : public lea::Framework {
 public:
  struct Params {
    int64_t k = 100;
    std::string similarity = "cosine";
    int64_t sample = 0;
    double decay = 0;
    double popularity = 1e-4;
    void fields(lea::Fields& f) {
      f.integer("k", k, {1, 1e6},
                "nearest sequences; those that tie with the last of them count too");
      f.choice("similarity", similarity, {"cosine", "dot"},
               "of the history, whose items weigh position / length, and a sequence's distinct "
               "items; dot prefers long sequences");
      f.integer(
          "sample", sample, {0, 1e9},
          "stop looking for candidates, item by item from the most recent one, once there are so "
          "many (0: take all)");
      f.real("decay", decay, {0, 1},
             "how much less a neighbour counts for each step back of the latest item it shares "
             "(0.1: session-rec's linear weighting_score)");
      f.real("popularity", popularity, {0, 1},
             "weight of an item's training count: the fallback, and what orders equal scores");
    }
  };
  static std::vector<std::string> uses() { return {}; }

  VsKnn(const Params& params, const lea::Context&)
      : params_(params), cosine_(params.similarity == "cosine") {}

  void fit(const lea::TrainingData& training) override {
    popularity_ = lea::item_counts(training) * params_.popularity;
    const int32_t* item = training.item.const_data_ptr<int32_t>();
    const int64_t* offset = training.offset.const_data_ptr<int64_t>();
    const int64_t sequences = training.offset.size(0) - 1;
    item_.clear();
    offset_ = {0};
    holders_.assign(static_cast<size_t>(training.items + 1), {});
    for (int64_t s = 0; s < sequences; ++s) {
      std::vector<int32_t> distinct(item + offset[s], item + offset[s + 1]);
      std::sort(distinct.begin(), distinct.end());
      distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
      for (const int32_t held : distinct) holders_[held].push_back(static_cast<int32_t>(s));
      item_.insert(item_.end(), distinct.begin(), distinct.end());
      offset_.push_back(std::ssize(item_));
    }
    shared_.assign(sequences, 0);
    latest_.assign(sequences, -1);
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
  void add_neighbours(const int64_t* items, int64_t length, float* scores) {
    std::vector<int32_t> found;
    double square = 0;  // the squared norm of the history's vector, times length^2
    for (int64_t t = length - 1; t >= 0; --t) {
      // A repeated item counts at its latest position.
      if (std::find(items + t + 1, items + length, items[t]) != items + length) continue;
      square += static_cast<double>((t + 1) * (t + 1));
      const bool open = params_.sample == 0 || std::ssize(found) < params_.sample;
      for (const int32_t s : holders_[items[t]]) {
        if (latest_[s] < 0) {
          if (!open) continue;
          latest_[s] = t;
          found.push_back(s);
        }
        shared_[s] += t + 1;
      }
    }
    const double least = kth_order(found);
    const double norm = cosine_ ? std::sqrt(square) : static_cast<double>(length);
    for (const int32_t s : found) {
      if (order(s) >= least) {
        const double steps = static_cast<double>(length - latest_[s]);
        const double similarity =
            static_cast<double>(shared_[s]) / norm / (cosine_ ? std::sqrt(distinct(s)) : 1);
        const double weight = similarity * std::max(0.0, 1 - params_.decay * steps);
        for (int64_t e = offset_[s]; e < offset_[s + 1]; ++e) scores[item_[e] - 1] += weight;
      }
      shared_[s] = 0;
      latest_[s] = -1;
    }
  }

  double distinct(int32_t s) const { return static_cast<double>(offset_[s + 1] - offset_[s]); }

  // Orders neighbours as the similarity does, but with whole numbers and one division. Equal
  // similarities therefore stay equal.
  double order(int32_t s) const {
    const auto shared = static_cast<double>(shared_[s]);
    return cosine_ ? shared * shared / distinct(s) : shared;
  }

  double kth_order(const std::vector<int32_t>& found) const {
    if (std::ssize(found) <= params_.k) return 0;
    std::vector<double> orders;
    for (const int32_t s : found) orders.push_back(order(s));
    std::nth_element(orders.begin(), orders.begin() + params_.k - 1, orders.end(),
                     std::greater<>());
    return orders[params_.k - 1];
  }

  const Params params_;
  const bool cosine_;
  lea::Tensor popularity_;                     // [N]
  std::vector<int32_t> item_;                  // distinct items of each training sequence
  std::vector<int64_t> offset_;                // where a sequence begins in item_
  std::vector<std::vector<int32_t>> holders_;  // sequences that hold an item, ascending
  std::vector<int64_t> shared_;  // scratch: positions of shared items, summed; 0 between rows
  std::vector<int64_t> latest_;  // scratch: position of the latest shared item, or -1
};

}  // namespace

LEA_PLUGIN(framework, "lea.vsknn", "1.0.0", VsKnn, "nearest training sequences, recent items first")
