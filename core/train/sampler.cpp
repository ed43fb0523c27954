#include "core/train/sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"

namespace lea::train {
namespace {

// A number for each purpose, so that draws for different purposes are independent.
enum Stream : uint64_t {
  kBatch = 0x62617463,
  kEpoch = 0x65706f63,
  kNegative = 0x6e656761,
  kPool = 0x706f6f6c
};

}  // namespace

Sampler::Sampler(int64_t events, int64_t batch_size, const std::string& sampling, uint64_t seed)
    : events_(events),
      batch_size_(std::min(batch_size, events)),
      replay_(sampling == "replay"),
      seed_(seed) {}

int64_t Sampler::steps_per_epoch() const { return (events_ + batch_size_ - 1) / batch_size_; }

std::vector<int64_t> Sampler::batch(int64_t step) {
  if (replay_) return replay(step);
  const int64_t epoch = step / steps_per_epoch();
  if (epoch != epoch_) shuffle(epoch);
  const int64_t begin = (step % steps_per_epoch()) * batch_size_;
  const int64_t end = std::min(begin + batch_size_, events_);
  return {order_.begin() + begin, order_.begin() + end};
}

std::vector<int64_t> Sampler::replay(int64_t step) const {
  std::vector<int64_t> events;
  events.reserve(batch_size_);
  // Floyd's algorithm draws distinct events without a permutation of all events.
  std::unordered_set<int64_t> taken;
  taken.reserve(2 * batch_size_);
  for (int64_t j = events_ - batch_size_; j < events_; ++j) {
    const int64_t draw = below(mix(seed_, kBatch, step, j), j + 1);
    const int64_t event = taken.insert(draw).second ? draw : j;
    if (event == j) taken.insert(j);
    events.push_back(event);
  }
  return events;
}

void Sampler::shuffle(int64_t epoch) {
  epoch_ = epoch;
  order_.resize(events_);
  std::iota(order_.begin(), order_.end(), 0u);
  for (int64_t i = events_ - 1; i > 0; --i) {
    std::swap(order_[i], order_[below(mix(seed_, kEpoch, epoch, i), i + 1)]);
  }
}

AllowedItems::AllowedItems(const std::string& exclude, const TrainingData& training)
    : training_(training), history_(exclude == "history"), sequence_(exclude == "sequence") {
  if (history_ || sequence_) sort_sequences(exclude);
}

void AllowedItems::sort_sequences(const std::string& exclude) {
  const int32_t* item = training_.item.const_data_ptr<int32_t>();
  const int64_t* offset = training_.offset.const_data_ptr<int64_t>();
  std::vector<std::pair<int32_t, int64_t>> sorted;  // items of a sequence, and their events
  begin_.push_back(0);
  for (int64_t s = 0; s < training_.sequences(); ++s) {
    sorted.clear();
    for (int64_t event = offset[s]; event < offset[s + 1]; ++event)
      sorted.emplace_back(item[event], event);
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end(),
                             [](const auto& a, const auto& b) { return a.first == b.first; }),
                 sorted.end());
    if (std::ssize(sorted) >= training_.items) {
      throw DataError("negatives.exclude: `" + exclude +
                      "` leaves no item to draw, because training sequence " +
                      std::to_string(s + 1) +
                      " has every item of the data set; state `exclude: target`");
    }
    for (const auto& [one, first] : sorted) {
      item_.push_back(one);
      first_.push_back(first);
    }
    begin_.push_back(std::ssize(item_));
  }
}

std::span<const int64_t> AllowedItems::excluded(int64_t event, std::vector<int64_t>& room) const {
  room.clear();
  if (!history_ && !sequence_) {
    room.push_back(training_.item.const_data_ptr<int32_t>()[event]);
    return room;
  }
  const int64_t* offset = training_.offset.const_data_ptr<int64_t>();
  const int64_t sequence =
      std::upper_bound(offset, offset + training_.offset.size(0), event) - offset - 1;
  for (int64_t i = begin_[sequence]; i < begin_[sequence + 1]; ++i) {
    if (sequence_ || first_[i] <= event) room.push_back(item_[i]);
  }
  return room;
}

ItemDraw::ItemDraw(const spec::NegativesSection& section, const TrainingData& training)
    : allowed_(section.exclude, training) {
  if (section.popularity_power != 0) popularity_.emplace(training, section.popularity_power);
}

void ItemDraw::items(int64_t event, std::span<const uint64_t> bits, int64_t* out) const {
  std::vector<int64_t> room;
  const std::span<const int64_t> excluded = allowed_.excluded(event, room);
  const int64_t allowed = allowed_.items() - std::ssize(excluded);
  for (const uint64_t random : bits) {
    const int64_t item = popularity_ ? popularity_->item(random, excluded)
                                     : allowed_item(below(random, allowed), excluded);
    if (item == 0) {
      throw DataError(
          "negatives.popularity_power: at training event " + std::to_string(event + 1) +
          " no other item that has a training event may be drawn; state `popularity_power: 0` or "
          "`exclude: target`");
    }
    *out++ = item;
  }
}

NegativeSampler::NegativeSampler(const spec::NegativesSection& section,
                                 const TrainingData& training, Tensor pool, uint64_t seed)
    : count_(section.count), seed_(seed), draw_(section, training), pool_(std::move(pool)) {}

Tensor NegativeSampler::draw(int64_t step, std::span<const int64_t> events) const {
  const Tensor negatives = at::empty({std::ssize(events), count_}, at::kLong);
  int64_t* out = negatives.mutable_data_ptr<int64_t>();
  const int64_t* pool = pool_.defined() ? pool_.const_data_ptr<int64_t>() : nullptr;
  const int64_t width = pool ? pool_.size(1) : 0;
  std::vector<uint64_t> bits(static_cast<size_t>(count_));
  for (size_t row = 0; row < events.size(); ++row, out += count_) {
    for (int64_t k = 0; k < count_; ++k)
      bits[k] = mix(seed_, kNegative, step, static_cast<int64_t>(row) * count_ + k);
    if (!pool) {
      draw_.items(events[row], bits, out);
      continue;
    }
    for (int64_t k = 0; k < count_; ++k) out[k] = pool[events[row] * width + below(bits[k], width)];
  }
  return negatives;
}

Tensor draw_pool(const spec::NegativesSection& section, const TrainingData& training) {
  const ItemDraw draw(section, training);
  const Tensor pool = at::empty({training.events(), section.pool}, at::kLong);
  int64_t* out = pool.mutable_data_ptr<int64_t>();
  std::vector<uint64_t> bits(static_cast<size_t>(section.pool));
  for (int64_t event = 0; event < training.events(); ++event, out += section.pool) {
    for (int64_t j = 0; j < section.pool; ++j)
      bits[j] = mix(static_cast<uint64_t>(section.seed), kPool, event, j);
    draw.items(event, bits, out);
  }
  return pool;
}

History build_history(std::span<const uint32_t> item, std::span<const int64_t> begin,
                      std::span<const int64_t> end, std::span<const int64_t> event,
                      std::span<const int64_t> place, int64_t history) {
  const int64_t rows = std::ssize(begin);
  History result{at::zeros({rows, history}, at::kLong), at::empty({rows}, at::kLong),
                 at::full({rows}, -1, at::kLong), at::full({rows}, -1, at::kLong)};
  int64_t* items = result.items.mutable_data_ptr<int64_t>();
  int64_t* length = result.length.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t first = std::max(begin[row], end[row] - history);
    std::copy(item.begin() + first, item.begin() + end[row], items + row * history);
    length[row] = end[row] - first;
  }
  std::copy(event.begin(), event.end(), result.event.mutable_data_ptr<int64_t>());
  std::copy(place.begin(), place.end(), result.place.mutable_data_ptr<int64_t>());
  return result;
}

History to_device(const History& history, c10::Device device) {
  if (device.is_cpu()) return history;
  return {history.items.to(device), history.length.to(device), history.event.to(device),
          history.place.to(device)};
}

}  // namespace lea::train
