#include "core/api/item_draw.h"

#include <algorithm>
#include <cmath>

namespace lea {

int64_t below(uint64_t bits, int64_t n) {
  return static_cast<int64_t>((static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(n)) >>
                              64);
}

int64_t allowed_item(int64_t n, std::span<const int64_t> excluded) {
  // Before excluded[i] stand excluded[i] - 1 - i allowed items, which never falls with i. So those
  // excluded items that stand before the wanted one are a prefix.
  size_t low = 0, high = excluded.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (excluded[middle] - 1 - static_cast<int64_t>(middle) <= n) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 1 + n + static_cast<int64_t>(low);
}

PopularityDraw::PopularityDraw(const TrainingData& training, double power) {
  std::vector<int64_t> count(training.items, 0);
  const int32_t* item = training.item.const_data_ptr<int32_t>();
  for (int64_t event = 0; event < training.events(); ++event) ++count[item[event] - 1];
  const auto most = static_cast<double>(*std::max_element(count.begin(), count.end()));
  before_.push_back(0);
  for (const int64_t c : count) {
    const double weight = std::ldexp(std::pow(static_cast<double>(c) / most, power), 32);
    const auto units = static_cast<uint64_t>(std::max<long long>(std::llround(weight), 1));
    before_.push_back(before_.back() + (c > 0 ? units : 0));
  }
}

int64_t PopularityDraw::item(uint64_t bits, std::span<const int64_t> excluded) const {
  uint64_t total = before_.back();
  for (const int64_t one : excluded) total -= before_[one] - before_[one - 1];
  if (total == 0) return 0;
  auto place = static_cast<uint64_t>(below(bits, static_cast<int64_t>(total)));
  // Puts the gaps of the excluded items back in.
  for (const int64_t one : excluded) {
    if (place < before_[one - 1]) break;
    place += before_[one] - before_[one - 1];
  }
  return std::upper_bound(before_.begin(), before_.end(), place) - before_.begin();
}

}  // namespace lea
