// The interactions of an import in memory: read in file order, filtered, and arranged in data
// order.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/id_table.h"
#include "core/data/output_folder.h"

namespace lea::data {

// An array that grows without copying. A std::vector would take 1.5 times its new size while it
// grows.
template <class T>
class Blocks {
 public:
  void push_back(T value) {
    if ((size_ & kMask) == 0) blocks_.push_back(std::make_unique<T[]>(kMask + 1));
    blocks_.back()[size_++ & kMask] = value;
  }
  T operator[](size_t i) const { return blocks_[i >> kBits][i & kMask]; }
  size_t size() const { return size_; }

 private:
  static constexpr int kBits = 18;
  static constexpr size_t kMask = (size_t{1} << kBits) - 1;
  std::vector<std::unique_ptr<T[]>> blocks_;
  size_t size_ = 0;
};

class Interactions {
 public:
  static constexpr size_t kMost = UINT32_MAX - 1;  // most events: an index must fit in 32 bits

  // Returns the index of the sequence among all that were added.
  uint32_t add(std::string_view sequence, std::string_view item, double time);
  // Must be called once after each `add`, or never. Returns false when there are more than 255
  // different behaviours.
  bool add_behaviour(std::string_view behaviour);

  // The ids in the order in which `arrange` numbers them, as an export states it. Other ids follow
  // by first appearance.
  void number_as(std::vector<std::string> items, std::vector<std::string> sequences);
  // The first behaviours, in their order. Call it before the first `add_behaviour`.
  void begin_behaviours(const std::vector<std::string>& behaviours);

  size_t events() const { return time_.size(); }
  uint32_t sequences() const { return sequence_ids_.size(); }
  uint32_t items() const { return item_ids_.size(); }

  // Of the events of a sequence with equal items and behaviours, keeps the first or last in time
  // order (then file order). Returns how many events it drops. Call it before `filter`.
  int64_t drop_duplicates(bool keep_last);
  // Of events of a sequence with equal items and behaviours that follow each other in this order,
  // keeps the first. Returns how many events it drops. Call it before `filter`.
  int64_t collapse_repeats();

  // Drops sequences with fewer than `min_sequence` events, then items with fewer than `min_item` of
  // the remaining events. Does this once, or until nothing changes.
  void filter(int64_t min_sequence, int64_t min_item, bool until_stable);

  // Numbers the kept sequences and items by first appearance, and orders the kept events by
  // sequence, then time, then file order. Returns false when nothing is left.
  bool arrange();

  // The number (from 0) of an original item id, after `arrange`. IdTable::kNone for an id that is
  // unknown or dropped.
  uint32_t item_number(std::string_view id) const;
  uint32_t kept_items() const { return static_cast<uint32_t>(item_order_.size()); }
  std::string_view item_id(uint32_t number) const { return item_ids_.text(item_order_[number]); }

  // What a split depends on, after `arrange`: the first event of each kept sequence and the end, the
  // times in data order, whether they are only positions, and the original ids in data order.
  const std::vector<uint64_t>& offsets() const { return offsets_; }
  std::vector<double> times() const;
  bool time_is_position() const;
  std::vector<std::string> sequence_ids() const;

  // Writes the arrays and the ids. Returns the fields counts, behaviours and time_is_position of
  // dataset.json.
  nlohmann::json write(OutputFolder& folder) const;

 private:
  bool dropped_alone(size_t event) const {
    return !event_dropped_.empty() && event_dropped_[event];
  }
  bool kept(size_t event) const {
    return !sequence_dropped_[sequence_[event]] && !item_dropped_[item_[event]] &&
           !dropped_alone(event);
  }
  // The number is equal for events with equal items and behaviours.
  uint64_t kind(size_t event) const {
    const uint8_t behaviour = behaviour_.size() > 0 ? behaviour_[event] : uint8_t{0};
    return (uint64_t{item_[event]} << 8) | behaviour;
  }
  bool drop_below(const Blocks<uint32_t>& key, std::vector<bool>& dropped, int64_t least);
  void number();
  std::vector<uint32_t> in_time_order(std::vector<uint64_t>* offsets) const;
  void sort_by_time(const std::vector<uint64_t>& offsets, std::vector<uint32_t>* order) const;

  IdTable sequence_ids_, item_ids_, behaviour_ids_;
  Blocks<uint32_t> sequence_, item_;  // index in the id tables
  Blocks<double> time_;
  Blocks<uint8_t> behaviour_;
  std::vector<bool> event_dropped_;  // empty while none is dropped alone
  std::vector<bool> sequence_dropped_, item_dropped_;
  std::vector<std::string> first_items_, first_sequences_;  // numbered before all others
  std::vector<uint32_t> sequence_number_, item_number_;     // id table index -> final number
  std::vector<uint32_t> sequence_order_, item_order_;       // final number -> id table index
  std::vector<uint64_t> offsets_;
  std::vector<uint32_t> order_;  // data order -> file order
};

}  // namespace lea::data
