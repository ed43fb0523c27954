#include "core/train/sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>

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

// Maps random bits uniformly to 0..n-1 by multiply and shift; the bias is below n / 2^64.
int64_t below(uint64_t bits, int64_t n) {
  return static_cast<int64_t>((static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(n)) >>
                              64);
}

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

namespace {

// Empty where the draw is uniform.
std::optional<PopularityDraw> popularity_of(const spec::NegativesSection& section,
                                            const TrainingData& training) {
  if (section.popularity_power == 0) return std::nullopt;
  return PopularityDraw(training, section.popularity_power);
}

// An item of 1..N that is not the action.
int64_t other_item(uint64_t bits, int64_t items, const std::optional<PopularityDraw>& popularity,
                   int64_t action) {
  if (popularity) {
    const int64_t drawn = popularity->item(bits, {&action, 1});
    if (drawn > 0) return drawn;
    throw DataError(
        "negatives.popularity_power: the training events hold one item alone, so that no other can "
        "be drawn by its count; state `popularity_power: 0`");
  }
  const int64_t item = 1 + below(bits, items - 1);
  return item < action ? item : item + 1;
}

// Candidate j of a training event.
int64_t pool_item(const spec::NegativesSection& section, int64_t items,
                  const std::optional<PopularityDraw>& popularity, int64_t event, int64_t j,
                  int64_t action) {
  return other_item(mix(static_cast<uint64_t>(section.seed), kPool, event, j), items, popularity,
                    action);
}

}  // namespace

NegativeSampler::NegativeSampler(const spec::NegativesSection& section,
                                 const TrainingData& training, uint64_t seed)
    : section_(section),
      items_(training.items),
      popularity_(popularity_of(section, training)),
      seed_(seed) {}

Tensor NegativeSampler::draw(int64_t step, std::span<const int64_t> events,
                             std::span<const int64_t> actions) const {
  const int64_t rows = std::ssize(events), count = section_.count;
  const Tensor negatives = at::empty({rows, count}, at::kLong);
  int64_t* out = negatives.mutable_data_ptr<int64_t>();
  const bool pool = section_.from == "pool";
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t k = 0; k < count; ++k) {
      const uint64_t bits = mix(seed_, kNegative, step, row * count + k);
      *out++ = pool ? pool_item(section_, items_, popularity_, events[row],
                                below(bits, section_.pool), actions[row])
                    : other_item(bits, items_, popularity_, actions[row]);
    }
  }
  return negatives;
}

Tensor draw_pool(const spec::NegativesSection& section, int64_t items,
                 const TrainingData& training) {
  const int64_t events = training.events();
  const auto popularity = popularity_of(section, training);
  Tensor pool = at::empty({events, section.pool}, at::kLong);
  int64_t* out = pool.mutable_data_ptr<int64_t>();
  const int32_t* action = training.item.const_data_ptr<int32_t>();
  for (int64_t event = 0; event < events; ++event) {
    for (int64_t j = 0; j < section.pool; ++j)
      *out++ = pool_item(section, items, popularity, event, j, action[event]);
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
