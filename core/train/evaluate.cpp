#include "core/train/evaluate.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "core/base/error.h"
#include "core/train/plugin_call.h"
#include "core/train/sampler.h"

namespace lea::train {
namespace {

// The distinct items of a sequence before the current event. Going through the events in order
// costs one step an event.
class SeenItems {
 public:
  explicit SeenItems(int64_t items) : stamp_(items + 1, 0) {}

  // Moves to `event`, which belongs to the sequence that begins at event `begin`.
  void advance(std::span<const uint32_t> item, int64_t begin, int64_t event) {
    if (begin != begin_ || event < next_) {
      begin_ = next_ = begin;
      ++generation_;
      seen_.clear();
    }
    for (; next_ < event; ++next_) {
      if (stamp_[item[next_]] == generation_) continue;
      stamp_[item[next_]] = generation_;
      seen_.push_back(item[next_]);
    }
  }
  std::span<const uint32_t> items() const { return seen_; }

 private:
  std::vector<uint32_t> stamp_, seen_;
  uint32_t generation_ = 0;
  int64_t begin_ = -1, next_ = 0;
};

}  // namespace

Tensor tie_order(int64_t items, uint64_t seed, int64_t step) {
  std::vector<int64_t> order(items);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return mix(seed, 0x74696573, step, a) < mix(seed, 0x74696573, step, b);
  });
  return at::tensor(order, at::kLong);
}

std::vector<uint32_t> tie_places(int64_t items, uint64_t seed) {
  const Tensor order = tie_order(items, seed, /*step=*/0);
  std::vector<uint32_t> place(static_cast<size_t>(items));
  for (uint32_t i = 0; i < place.size(); ++i)
    place[static_cast<size_t>(order.const_data_ptr<int64_t>()[i])] = i;
  return place;
}

Tensor best_items(const Tensor& scores, const Tensor& order, int64_t k) {
  return order.index({std::get<1>(scores.index_select(1, order).topk(k, 1))}) + 1;
}

Evaluator::Evaluator(std::shared_ptr<const data::Dataset> data,
                     std::shared_ptr<const data::Split> split, int64_t history, c10::Device device,
                     std::string who)
    : data_(std::move(data)),
      split_(std::move(split)),
      history_(history),
      device_(device),
      who_(std::move(who)),
      popularity_(data_->items() + 1, 0) {
  for (size_t event = 0; event < split_->part.size(); ++event) {
    if (split_->part[event] == uint8_t(data::Part::kTrain)) ++popularity_[data_->item()[event]];
  }
  for (const data::Part part : {data::Part::kValid, data::Part::kTest}) {
    PartEvents& events = parts_[int(part)];
    events.event = data::events_of(*split_, part);
    events.sequence = data::sequences_of(*data_, events.event);
  }
}

const std::vector<uint32_t>& Evaluator::events(data::Part part) const {
  return parts_[int(part)].event;
}

Tensor Evaluator::scores(Framework& framework, const PartEvents& events, size_t first,
                         size_t last) const {
  std::vector<int64_t> begin, end;
  for (size_t i = first; i < last; ++i) {
    begin.push_back(data_->offsets()[events.sequence[i]]);
    end.push_back(events.event[i]);
  }
  const History history = build_history(data_->item(), begin, end, {}, {}, history_);
  // Only the shape is checked here. rank() finds a NaN when it counts, and names its event.
  return call_plugin_for(who_, "score()", {static_cast<int64_t>(last - first), data_->items()},
                         at::kFloat, [&] { return framework.score(to_device(history, device_)); })
      .to(at::kCPU)
      .contiguous();
}

eval::RankFile Evaluator::rank(Framework& framework, data::Part part,
                               const std::function<bool()>& keep_going, eval::TopFile* top,
                               uint64_t seed) const {
  torch::NoGradGuard no_grad;
  const bool training = framework.is_training();
  framework.eval();
  const PartEvents& events = parts_[int(part)];
  const int64_t items = data_->items();
  eval::RankFile file{data_->fingerprint(), split_->fingerprint, static_cast<uint32_t>(items), {}};
  file.records.reserve(events.event.size());
  std::vector<uint32_t> place;
  if (top != nullptr) {
    const uint32_t k = std::min(eval::kTopItems, file.items);
    *top = {data_->fingerprint(), split_->fingerprint, file.items, k, {}};
    top->top.resize(events.event.size() * k);
    place = tie_places(items, seed);
  }
  SeenItems seen(items);
  const auto rows = static_cast<size_t>(eval::rows_at_a_time(items));
  for (size_t first = 0; first < events.event.size(); first += rows) {
    if (!keep_going()) return {};
    const size_t last = std::min(first + rows, events.event.size());
    const Tensor chunk = scores(framework, events, first, last);
    const float* row = chunk.const_data_ptr<float>();
    for (size_t i = first; i < last; ++i, row += items) {
      const int64_t begin = data_->offsets()[events.sequence[i]], event = events.event[i];
      const uint32_t target = data_->item()[event];
      eval::Count count{};
      if (!eval::count_row(row, items, target - 1, &count)) {
        throw PluginError(place_of(who_, "score()") + ": gave NaN for sequence " +
                          std::to_string(events.sequence[i]) + ", position " +
                          std::to_string(event - begin) + ": the run has diverged");
      }
      if (top != nullptr)
        eval::top_row(row, top->items, place.data(), top->k, top->top.data() + i * top->k);
      eval::Count removed{};
      seen.advance(data_->item(), begin, event);
      for (const uint32_t item : seen.items()) {
        if (item == target) continue;
        removed.above += row[item - 1] > row[target - 1];
        removed.equal += row[item - 1] == row[target - 1];
      }
      file.records.push_back({events.sequence[i], static_cast<uint32_t>(event - begin), target,
                              popularity_[target], 1 + count.above, count.equal,
                              1 + count.above - removed.above, count.equal - removed.equal});
    }
  }
  framework.train(training);
  return file;
}

void Evaluator::score(Framework& framework, data::Part part,
                      const std::function<void(const Tensor&)>& consume, size_t most) const {
  torch::NoGradGuard no_grad;
  framework.eval();
  const PartEvents& events = parts_[int(part)];
  const size_t count = std::min(most, events.event.size());
  const auto rows = static_cast<size_t>(eval::rows_at_a_time(data_->items()));
  for (size_t first = 0; first < count; first += rows)
    consume(scores(framework, events, first, std::min(first + rows, count)));
}

}  // namespace lea::train
