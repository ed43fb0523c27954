#include "core/eval/top.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/base/error.h"
#include "core/eval/frame.h"

namespace lea::eval {
namespace {

constexpr std::string_view kMagic = "LEATOPN1";

// The first error in a row of k items; empty when there is none. `sorted` is scratch space.
std::string wrong(const uint32_t* row, uint32_t k, uint32_t items, std::vector<uint32_t>* sorted) {
  sorted->assign(row, row + k);
  std::sort(sorted->begin(), sorted->end());
  if (sorted->front() < 1 || sorted->back() > items) {
    return "item " + std::to_string(sorted->front() < 1 ? 0 : sorted->back()) +
           " is outside 1 to " + std::to_string(items);
  }
  const auto twice = std::adjacent_find(sorted->begin(), sorted->end());
  return twice == sorted->end() ? "" : "item " + std::to_string(*twice) + " occurs twice";
}

}  // namespace

std::string encode_top(const TopFile& file) {
  if (file.k < 1 || file.k > file.items || file.top.size() % file.k != 0) {
    throw DataError("top items cannot be stored: " + std::to_string(file.top.size()) +
                    " of them are no rows of " + std::to_string(file.k) + " of " +
                    std::to_string(file.items) + " items.");
  }
  std::vector<uint32_t> scratch;
  for (size_t row = 0; row < file.events(); ++row) {
    const std::string what =
        wrong(file.top.data() + row * file.k, file.k, file.items, &scratch);
    if (!what.empty())
      throw DataError("top items cannot be stored: record " + std::to_string(row) + ": " + what +
                      ".");
  }
  std::string bytes = begin_frame(kMagic,
                                  {file.data_fingerprint, file.split_fingerprint, 4 * file.k,
                                   file.items, file.events()},
                                  "top items");
  bytes.append(reinterpret_cast<const char*>(file.top.data()), file.top.size() * 4);
  return end_frame(std::move(bytes));
}

TopFile decode_top(const std::string& bytes, const std::string& where) {
  const FrameReader reader(bytes, where, "file of top items");
  const Frame frame = reader.read(kMagic, /*record_size=*/0);
  TopFile file{frame.data_fingerprint, frame.split_fingerprint, frame.items,
               frame.record_size / 4, {}};
  if (file.k > file.items) {
    reader.fail(8, "records have " + std::to_string(file.k) + " items, but there are only " +
                       std::to_string(file.items));
  }
  file.top.resize(frame.count * file.k);
  if (!file.top.empty())
    std::memcpy(file.top.data(), bytes.data() + kFrameHeader, file.top.size() * 4);
  std::vector<uint32_t> scratch;
  for (size_t row = 0; row < file.events(); ++row) {
    const std::string what =
        wrong(file.top.data() + row * file.k, file.k, file.items, &scratch);
    if (!what.empty()) {
      reader.fail(kFrameHeader + row * frame.record_size,
                  "record " + std::to_string(row) + ": " + what);
    }
  }
  return file;
}

void top_row(const float* scores, uint32_t items, const uint32_t* place, uint32_t k,
             uint32_t* top) {
  // Items are counted from 0 until the end.
  const auto before = [&](uint32_t a, uint32_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[b] && place[a] < place[b]);
  };
  std::iota(top, top + k, 0);
  std::sort(top, top + k, before);
  const auto consider = [&](uint32_t item) {
    if (!before(item, top[k - 1])) return;
    uint32_t* at = std::upper_bound(top, top + k, item, before);
    std::move_backward(at, top + k - 1, top + k);
    *at = item;
  };
  // Most blocks hold no item that is good enough, which is found without a branch for each item.
  constexpr uint32_t kBlock = 32;
  uint32_t item = k;
  for (; item + kBlock <= items; item += kBlock) {
    const float least = scores[top[k - 1]];
    uint32_t enough = 0;
    for (uint32_t i = 0; i < kBlock; ++i) enough += scores[item + i] >= least;
    if (enough == 0) continue;
    for (uint32_t i = 0; i < kBlock; ++i) consider(item + i);
  }
  for (; item < items; ++item) consider(item);
  for (uint32_t i = 0; i < k; ++i) ++top[i];
}

}  // namespace lea::eval
