#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/api/item_draw.h"
#include "core/api/quality.h"

namespace lea {
namespace {

// A number for each purpose, so that draws for different purposes are independent.
enum Stream : uint64_t {
  kEvents = 0x71657665,
  kUniform = 0x7175,
  kMatched = 0x716d,
  kOther = 0x716f,
  kStranger = 0x7173,
  kPlace = 0x7170
};

// The numbers 0 .. count - 1 of which `most` are kept at random, ascending.
std::vector<int64_t> some_of(int64_t count, int64_t most, uint64_t seed) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  const int64_t kept = std::min(most, count);
  for (int64_t i = 0; i < kept; ++i) {
    const int64_t drawn = i + below(mix(kEvents, seed, static_cast<uint64_t>(i)), count - i);
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(drawn)]);
  }
  order.resize(static_cast<size_t>(kept));
  std::sort(order.begin(), order.end());
  return order;
}

// Draws what is beside an event. `place` numbers the event in the data. Returns false when its
// sequence leaves no item to draw.
bool draw_items(const TrainingData& training, const PopularityDraw& popularity, uint64_t place,
                uint64_t seed, QualityEvent* event) {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  const int32_t* begin = item + first[event->sequence];
  const int64_t count = first[event->sequence + 1] - first[event->sequence];
  const std::set<int64_t> own(begin, begin + count);
  std::vector<int64_t> excluded(own.begin(), own.end());
  event->logged = begin[event->end];
  event->matched = popularity.item(mix(kMatched, seed, place), excluded);
  // Ends from 1 to `count`, less the event's own.
  event->other = 1 + below(mix(kOther, seed, place), count - 1);
  event->other += event->other >= event->end;
  event->place = below(mix(kPlace, seed, place), static_cast<int64_t>(kCandidates));
  for (size_t k = 0; k < event->drawn.size(); ++k) {
    const int64_t allowed = training.items - std::ssize(excluded);
    if (allowed <= 0) break;
    event->drawn[k] = allowed_item(below(mix(kUniform, seed, place, k), allowed), excluded);
    excluded.insert(std::lower_bound(excluded.begin(), excluded.end(), event->drawn[k]),
                    event->drawn[k]);
  }
  return event->matched > 0 && event->drawn[0] > 0;
}

}  // namespace

std::vector<int64_t> QualityEvent::candidates() const {
  if (drawn.back() == 0) return {};
  std::vector<int64_t> items(drawn.begin(), drawn.end());
  items.insert(items.begin() + place, logged);
  return items;
}

std::array<int64_t, QualityEvent::kActions> QualityEvent::actions() const {
  std::array<int64_t, kActions> items = {logged};
  for (size_t k = 0; k < drawn.size(); ++k) items[k + 1] = drawn[k] > 0 ? drawn[k] : logged;
  items[kMatched] = matched;
  return items;
}

QualitySample::QualitySample(const TrainingData& data, int64_t most, uint64_t seed)
    : training(data) {
  if (most <= 0) return;
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  std::vector<QualityEvent> known;  // all events with a history
  for (int64_t s = 0; s < training.sequences(); ++s) {
    for (int64_t end = 1; end < first[s + 1] - first[s]; ++end) {
      QualityEvent event;
      event.sequence = s;
      event.end = end;
      known.push_back(event);
    }
  }
  if (known.empty()) return;
  const PopularityDraw popularity(training, 1);
  for (const int64_t number : some_of(std::ssize(known), most, seed)) {
    QualityEvent event = known[static_cast<size_t>(number)];
    if (draw_items(training, popularity, static_cast<uint64_t>(number), seed, &event))
      events.push_back(event);
  }
  for (int64_t i = 0; i < size(); ++i) {
    QualityEvent& event = events[static_cast<size_t>(i)];
    const int64_t start = below(mix(kStranger, seed, static_cast<uint64_t>(i)), size());
    for (int64_t step = 0; step < size() && event.stranger < 0; ++step) {
      const int64_t other = (start + step) % size();
      if (events[static_cast<size_t>(other)].sequence != event.sequence) event.stranger = other;
    }
  }
}

QualitySample QualitySample::part(int64_t first, int64_t last) const {
  QualitySample some(training, 0, 0);
  some.events.assign(events.begin() + first, events.begin() + last);
  return some;
}

int64_t QualitySample::sequences() const {
  std::vector<int64_t> of;
  for (const QualityEvent& event : events) of.push_back(event.sequence);
  return number_sequences(of);
}

namespace {

History histories_of(const QualitySample& sample, int64_t QualityEvent::*end) {
  std::vector<int64_t> places;
  const int64_t* first = sample.training.offset.const_data_ptr<int64_t>();
  for (const QualityEvent& event : sample.events)
    places.push_back(first[event.sequence] + event.sequence + event.*end);
  History history = sample.training.histories_at(at::tensor(places, at::kLong));
  history.event.fill_(-1);
  history.place = at::full_like(history.place, -1);
  return history;
}

}  // namespace

History QualitySample::histories() const { return histories_of(*this, &QualityEvent::end); }

History QualitySample::others() const { return histories_of(*this, &QualityEvent::other); }

Tensor QualitySample::actions() const {
  std::vector<int64_t> items;
  for (const QualityEvent& event : events) {
    const auto of = event.actions();
    items.insert(items.end(), of.begin(), of.end());
  }
  return at::tensor(items, at::kLong).view({size(), QualityEvent::kActions});
}

Baseline::Asked QualitySample::asked(const QualityEvent& event, int64_t end) const {
  const int64_t* first = training.offset.const_data_ptr<int64_t>();
  const std::span<const int32_t> own(
      training.item.const_data_ptr<int32_t>() + first[event.sequence],
      static_cast<size_t>(first[event.sequence + 1] - first[event.sequence]));
  const int64_t count = std::min(end, training.history);
  return {own.subspan(static_cast<size_t>(end - count), static_cast<size_t>(count)), own};
}

}  // namespace lea
