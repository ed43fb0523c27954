// A map from byte strings to numbers (at least 0) that is walked byte by byte along a text.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lea::lm {

class Trie {
 public:
  // Adds a string, or changes the number of a string that was added before.
  void insert(std::string_view text, int64_t number) {
    uint32_t node = 0;
    for (const char byte : text) {
      const auto [found, added] =
          edges_.emplace(edge(node, byte), static_cast<uint32_t>(number_.size()));
      if (added) number_.push_back(-1);
      node = found->second;
    }
    number_[node] = number;
  }

  // Calls tell(end, number) for each string that the text has at byte `at`, the shortest first.
  // `end` is the byte behind the string.
  template <class Tell>
  void for_each_at(std::string_view text, size_t at, Tell tell) const {
    uint32_t node = 0;
    for (size_t i = at; i < text.size(); ++i) {
      const auto found = edges_.find(edge(node, text[i]));
      if (found == edges_.end()) return;
      node = found->second;
      if (number_[node] >= 0) tell(i + 1, number_[node]);
    }
  }

 private:
  static uint64_t edge(uint32_t node, char byte) {
    return uint64_t{node} << 8 | static_cast<unsigned char>(byte);
  }

  std::unordered_map<uint64_t, uint32_t> edges_;  // node 0 is the root
  std::vector<int64_t> number_ = {-1};            // [nodes]: of the string that ends there, or -1
};

}  // namespace lea::lm
