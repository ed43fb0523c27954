#include "core/data/interactions.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_set>
#include <utility>

namespace lea::data {
namespace {

// Moves the ids of `order` that `first` names to its front, in the order of `first`.
void move_to_front(const std::vector<std::string>& first, const IdTable& ids,
                   std::vector<uint32_t>* order) {
  if (first.empty()) return;
  std::vector<uint32_t> rank(ids.size(), IdTable::kNone);
  for (size_t i = 0; i < first.size(); ++i) {
    if (const uint32_t index = ids.find(first[i]); index != IdTable::kNone)
      rank[index] = static_cast<uint32_t>(i);
  }
  std::stable_sort(order->begin(), order->end(),
                   [&](uint32_t a, uint32_t b) { return rank[a] < rank[b]; });
}

// Returns the place of each of `size` indices in `order`, and kNone for one that is not there.
std::vector<uint32_t> places_in(const std::vector<uint32_t>& order, size_t size) {
  std::vector<uint32_t> places(size, IdTable::kNone);
  for (size_t i = 0; i < order.size(); ++i) places[order[i]] = static_cast<uint32_t>(i);
  return places;
}

}  // namespace

uint32_t Interactions::add(std::string_view sequence, std::string_view item, double time) {
  // Most files are grouped by sequence, so compare with the sequence of the previous row first.
  const size_t last = sequence_.size();
  const bool same = last > 0 && sequence_ids_.text(sequence_[last - 1]) == sequence;
  sequence_.push_back(same ? sequence_[last - 1] : sequence_ids_.insert(sequence));
  item_.push_back(item_ids_.insert(item));
  time_.push_back(time);
  return sequence_[last];
}

bool Interactions::add_behaviour(std::string_view behaviour) {
  const uint32_t number = behaviour_ids_.insert(behaviour);
  behaviour_.push_back(static_cast<uint8_t>(number));
  return number < 255;
}

void Interactions::number_as(std::vector<std::string> items, std::vector<std::string> sequences) {
  first_items_ = std::move(items);
  first_sequences_ = std::move(sequences);
}

void Interactions::begin_behaviours(const std::vector<std::string>& behaviours) {
  for (const std::string& behaviour : behaviours) behaviour_ids_.insert(behaviour);
}

// All events by sequence, then time, then file order. `offsets` gets the first event of each
// sequence, and the end.
std::vector<uint32_t> Interactions::in_time_order(std::vector<uint64_t>* offsets) const {
  offsets->assign(size_t{sequences()} + 1, 0);
  for (size_t e = 0; e < events(); ++e) ++(*offsets)[sequence_[e] + 1];
  std::partial_sum(offsets->begin(), offsets->end(), offsets->begin());
  std::vector<uint64_t> next(offsets->begin(), offsets->end() - 1);
  std::vector<uint32_t> order(events());
  for (size_t e = 0; e < events(); ++e) order[next[sequence_[e]]++] = static_cast<uint32_t>(e);
  sort_by_time(*offsets, &order);
  return order;
}

int64_t Interactions::drop_duplicates(bool keep_last) {
  std::vector<uint64_t> offsets;
  std::vector<uint32_t> order = in_time_order(&offsets);
  event_dropped_.resize(events());
  int64_t dropped = 0;
  std::unordered_set<uint64_t> met;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const auto begin = order.begin() + static_cast<int64_t>(offsets[s]);
    const auto end = order.begin() + static_cast<int64_t>(offsets[s + 1]);
    if (keep_last) std::reverse(begin, end);
    met.clear();
    for (auto event = begin; event != end; ++event) {
      if (met.insert(kind(*event)).second) continue;
      event_dropped_[*event] = true;
      ++dropped;
    }
  }
  return dropped;
}

int64_t Interactions::collapse_repeats() {
  std::vector<uint64_t> offsets;
  const std::vector<uint32_t> order = in_time_order(&offsets);
  event_dropped_.resize(events());
  int64_t dropped = 0;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    std::optional<uint64_t> before;
    for (uint64_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      const uint32_t event = order[i];
      if (event_dropped_[event]) continue;
      if (std::exchange(before, kind(event)) != kind(event)) continue;
      event_dropped_[event] = true;
      ++dropped;
    }
  }
  return dropped;
}

bool Interactions::drop_below(const Blocks<uint32_t>& key, std::vector<bool>& dropped,
                              int64_t least) {
  std::vector<uint32_t> count(dropped.size());
  for (size_t e = 0; e < events(); ++e) count[key[e]] += kept(e);
  bool changed = false;
  for (size_t i = 0; i < count.size(); ++i) {
    if (dropped[i] || count[i] >= least) continue;
    dropped[i] = true;
    changed |= count[i] > 0;
  }
  return changed;
}

void Interactions::filter(int64_t min_sequence, int64_t min_item, bool until_stable) {
  sequence_dropped_.assign(sequences(), false);
  item_dropped_.assign(items(), false);
  bool changed = true;
  while (changed) {
    changed = min_sequence > 0 && drop_below(sequence_, sequence_dropped_, min_sequence);
    if (min_item > 0) changed |= drop_below(item_, item_dropped_, min_item);
    if (!until_stable) break;
  }
}

void Interactions::number() {
  std::vector<uint64_t> length(sequences());
  std::vector<bool> met(items());
  for (size_t e = 0; e < events(); ++e) {
    if (!kept(e)) continue;
    if (length[sequence_[e]]++ == 0) sequence_order_.push_back(sequence_[e]);
    if (met[item_[e]]) continue;
    met[item_[e]] = true;
    item_order_.push_back(item_[e]);
  }
  move_to_front(first_sequences_, sequence_ids_, &sequence_order_);
  move_to_front(first_items_, item_ids_, &item_order_);
  sequence_number_ = places_in(sequence_order_, sequences());
  item_number_ = places_in(item_order_, items());
  for (const uint32_t sequence : sequence_order_) offsets_.push_back(length[sequence]);
}

bool Interactions::arrange() {
  if (sequence_dropped_.empty()) filter(0, 0, false);
  number();
  if (sequence_order_.empty()) return false;
  uint64_t total = 0;
  for (uint64_t& offset : offsets_) total += std::exchange(offset, total);
  offsets_.push_back(total);
  std::vector<uint64_t> next(offsets_.begin(), offsets_.end() - 1);
  order_.resize(total);
  for (size_t e = 0; e < events(); ++e) {
    if (kept(e)) order_[next[sequence_number_[sequence_[e]]]++] = static_cast<uint32_t>(e);
  }
  sort_by_time(offsets_, &order_);
  return true;
}

void Interactions::sort_by_time(const std::vector<uint64_t>& offsets,
                                std::vector<uint32_t>* order) const {
  const auto earlier = [this](uint32_t a, uint32_t b) { return time_[a] < time_[b]; };
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const auto begin = order->begin() + static_cast<int64_t>(offsets[s]);
    const auto end = order->begin() + static_cast<int64_t>(offsets[s + 1]);
    if (!std::is_sorted(begin, end, earlier)) std::stable_sort(begin, end, earlier);
  }
}

bool Interactions::time_is_position() const {
  for (size_t s = 0; s + 1 < offsets_.size(); ++s) {
    for (uint64_t e = offsets_[s]; e < offsets_[s + 1]; ++e) {
      if (time_[order_[e]] != static_cast<double>(e - offsets_[s])) return false;
    }
  }
  return true;
}

uint32_t Interactions::item_number(std::string_view id) const {
  const uint32_t index = item_ids_.find(id);
  return index == IdTable::kNone ? IdTable::kNone : item_number_[index];
}

std::vector<double> Interactions::times() const {
  std::vector<double> times;
  times.reserve(order_.size());
  for (const uint32_t e : order_) times.push_back(time_[e]);
  return times;
}

std::vector<std::string> Interactions::sequence_ids() const {
  std::vector<std::string> ids;
  ids.reserve(sequence_order_.size());
  for (const uint32_t index : sequence_order_) ids.emplace_back(sequence_ids_.text(index));
  return ids;
}

nlohmann::json Interactions::write(OutputFolder& folder) const {
  OutputFolder::File offsets(folder, "offsets.u64");
  for (const uint64_t offset : offsets_) offsets.value(offset);
  offsets.close();
  OutputFolder::File items(folder, "items.u32");
  for (const uint32_t e : order_) items.value(item_number_[item_[e]] + 1);
  items.close();
  OutputFolder::File times(folder, "times.f64");
  for (const uint32_t e : order_) times.value(time_[e]);
  times.close();
  if (behaviour_.size() > 0) {
    OutputFolder::File behaviours(folder, "behaviours.u8");
    for (const uint32_t e : order_) behaviours.value(behaviour_[e]);
    behaviours.close();
  }
  const auto write_ids = [&](const char* name, const IdTable& ids,
                             const std::vector<uint32_t>& order) {
    OutputFolder::File file(folder, name);
    for (const uint32_t index : order) {
      file.write(ids.text(index));
      file.write("\n");
    }
    file.close();
  };
  write_ids("item_ids.txt", item_ids_, item_order_);
  write_ids("sequence_ids.txt", sequence_ids_, sequence_order_);
  nlohmann::json behaviours = nlohmann::json::array();
  for (uint32_t b = 0; b < behaviour_ids_.size(); ++b)
    behaviours.push_back(std::string(behaviour_ids_.text(b)));
  return {{"counts",
           {{"items", item_order_.size()},
            {"sequences", sequence_order_.size()},
            {"events", order_.size()}}},
          {"behaviours", behaviours},
          {"time_is_position", time_is_position()}};
}

}  // namespace lea::data
