#include "core/eval/top.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>

#include "core/base/error.h"
#include "core/base/text.h"
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
                    " of them, in rows of " + std::to_string(file.k) + " of " +
                    counted(file.items, "item") + ".");
  }
  std::vector<uint32_t> scratch;
  for (size_t row = 0; row < file.events(); ++row) {
    const std::string what = wrong(file.top.data() + row * file.k, file.k, file.items, &scratch);
    if (!what.empty())
      throw DataError("top items cannot be stored: record " + std::to_string(row) + ": " + what +
                      ".");
  }
  std::string bytes = begin_frame(
      kMagic,
      {file.data_fingerprint, file.split_fingerprint, 4 * file.k, file.items, file.events()},
      "top items");
  bytes.append(reinterpret_cast<const char*>(file.top.data()), file.top.size() * 4);
  return end_frame(std::move(bytes));
}

TopFile decode_top(const std::string& bytes, const std::string& where) {
  const FrameReader reader(bytes, where, "file of top items");
  const Frame frame = reader.read(kMagic, /*record_size=*/0);
  TopFile file{
      frame.data_fingerprint, frame.split_fingerprint, frame.items, frame.record_size / 4, {}};
  if (file.k > file.items) {
    reader.fail(8, "records have " + counted(file.k, "item") + ", but the data set has only " +
                       std::to_string(file.items));
  }
  file.top.resize(frame.count * file.k);
  if (!file.top.empty())
    std::memcpy(file.top.data(), bytes.data() + kFrameHeader, file.top.size() * 4);
  std::vector<uint32_t> scratch;
  for (size_t row = 0; row < file.events(); ++row) {
    const std::string what = wrong(file.top.data() + row * file.k, file.k, file.items, &scratch);
    if (!what.empty()) {
      reader.fail(kFrameHeader + row * frame.record_size,
                  "record " + std::to_string(row) + ": " + what);
    }
  }
  return file;
}

void top_row(const float* scores, uint32_t items, const uint32_t* place, uint32_t k,
             uint32_t* top) {
  const auto before = [&](uint32_t a, uint32_t b) {
    return scores[a] > scores[b] || (scores[a] == scores[b] && place[a] < place[b]);
  };
  // The k-th greatest of the maxima of groups: at least k items reach it, and hardly more do, so that
  // hardly more need to be sorted. Group g is the items g, g + groups, g + 2 groups ..., so that the
  // maxima are taken without a branch, many groups at once.
  constexpr uint32_t kGroup = 32;
  const uint32_t groups = items / kGroup, grouped = groups * kGroup;
  std::vector<float> maxima(scores, scores + groups);
  for (uint32_t first = groups; first < grouped; first += groups) {
    for (uint32_t g = 0; g < groups; ++g)
      maxima[g] = scores[first + g] > maxima[g] ? scores[first + g] : maxima[g];
  }
  float enough = -std::numeric_limits<float>::infinity();
  if (groups >= k) {
    std::vector<float> sorted = maxima;
    std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
    enough = sorted[k - 1];
  }
  std::vector<uint32_t> candidates;  // items from 0
  const auto consider = [&](uint32_t item) {
    if (scores[item] >= enough) candidates.push_back(item);
  };
  for (uint32_t g = 0; g < groups; ++g) {
    if (maxima[g] < enough) continue;
    for (uint32_t item = g; item < grouped; item += groups) consider(item);
  }
  for (uint32_t item = grouped; item < items; ++item) consider(item);
  std::partial_sort(candidates.begin(), candidates.begin() + k, candidates.end(), before);
  for (uint32_t i = 0; i < k; ++i) top[i] = candidates[i] + 1;
}

}  // namespace lea::eval
