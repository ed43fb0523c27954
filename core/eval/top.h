// The best items of each event of one evaluation: their file, and the rule that orders them. Coverage,
// novelty and popularity of what a model recommends follow from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lea::eval {

inline constexpr uint32_t kTopItems =
    20;  // that a run keeps of each test event, if there are so many

// The k items with the greatest scores for each event, the best first. All N items compete, also
// those that the sequence has had before. Items of equal scores come in a random order that depends
// on the seed of the run and is the same for all events (train::tie_order), so that no item gains by
// its id.
struct TopFile {
  std::string data_fingerprint, split_fingerprint;  // 64 hex digits each
  uint32_t items = 0;                               // N
  uint32_t k = 0;                                   // 1 .. N
  std::vector<uint32_t> top;  // [events, k] items 1..N; the events of ranks.bin in their order

  size_t events() const { return k == 0 ? 0 : top.size() / k; }
};

// The format of top.bin is the frame of frame.h with the name "LEATOPN1". A record is k u32.
//
// encode_top throws DataError when the members do not fit, or a row has an item that does not exist
// or occurs twice. decode_top throws DataError that names the byte offset of the error; `where`
// names the file in messages.
std::string encode_top(const TopFile& file);
TopFile decode_top(const std::string& bytes, const std::string& where);

// Writes the k best items (1..N) of one row of N scores to `top`, the best first. Of two items with
// equal scores, the one with the smaller `place` [N] comes first. No score may be NaN. 1 <= k <= N.
void top_row(const float* scores, uint32_t items, const uint32_t* place, uint32_t k, uint32_t* top);

}  // namespace lea::eval
