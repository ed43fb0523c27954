// Numbers texts by first appearance. It stores them in flat arrays, so that a million ids take
// about 30 MB.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lea::data {

class IdTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // The view is valid until the next insertion.
  std::string_view text(uint32_t number) const {
    return std::string_view(bytes_).substr(starts_[number], starts_[number + 1] - starts_[number]);
  }
  uint32_t size() const { return static_cast<uint32_t>(starts_.size() - 1); }

  uint32_t insert(std::string_view id) {
    if (2 * (size_t{size()} + 1) > slots_.size()) grow();
    const size_t slot = slot_of(id);
    if (slots_[slot] == kNone) {
      slots_[slot] = size();
      bytes_ += id;
      starts_.push_back(bytes_.size());
    }
    return slots_[slot];
  }

  // kNone when the id was never inserted.
  uint32_t find(std::string_view id) const { return slots_.empty() ? kNone : slots_[slot_of(id)]; }

 private:
  size_t slot_of(std::string_view id) const {
    const size_t mask = slots_.size() - 1;
    size_t slot = std::hash<std::string_view>()(id) & mask;
    while (slots_[slot] != kNone && text(slots_[slot]) != id) slot = (slot + 1) & mask;
    return slot;
  }

  void grow() {
    slots_.assign(slots_.empty() ? 1024 : 2 * slots_.size(), kNone);
    for (uint32_t number = 0; number < size(); ++number) slots_[slot_of(text(number))] = number;
  }

  std::string bytes_;
  std::vector<uint64_t> starts_ = {0};
  std::vector<uint32_t> slots_;
};

}  // namespace lea::data
