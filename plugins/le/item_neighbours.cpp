#include "plugins/le/item_neighbours.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "core/api/baseline.h"

namespace lea::le {
namespace {

// The places of the greatest scores, of equal ones the first, but not `own`. Sorted by place.
std::vector<int64_t> nearest_to(int64_t own, std::vector<double> scores, int64_t count) {
  scores[static_cast<size_t>(own)] = -std::numeric_limits<double>::infinity();
  std::vector<int64_t> places(scores.size());
  std::iota(places.begin(), places.end(), int64_t{0});
  std::partial_sort(
      places.begin(), places.begin() + count, places.end(), [&](int64_t a, int64_t b) {
        const double left = scores[static_cast<size_t>(a)], right = scores[static_cast<size_t>(b)];
        return left != right ? left > right : a < b;
      });
  places.resize(static_cast<size_t>(count));
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace

std::optional<double> neighbours_share(const at::Tensor& tokens, const SparseRows& rows) {
  std::vector<int64_t> known;  // items with a word
  for (int64_t item = 0; item < rows.rows(); ++item) {
    const auto row = static_cast<size_t>(item);
    if (rows.offset[row] < rows.offset[row + 1]) known.push_back(item);
  }
  const int64_t count = std::ssize(known), asked = std::min(kItemsWithNeighbours, count);
  if (count - 1 <= kNearTexts) return std::nullopt;
  const SparseRows items_of_feature = rows.transposed();
  const at::Tensor units = centred_units(tokens.index_select(0, at::tensor(known, at::kLong)));
  int64_t found = 0;
  for (int64_t i = 0; i < asked; ++i) {
    const int64_t own = i * count / asked, item = known[static_cast<size_t>(own)];
    const at::Tensor cosines = at::mv(units, units[own]).to(at::kDouble).contiguous();
    const double* cosine = cosines.const_data_ptr<double>();
    std::vector<double> all(static_cast<size_t>(rows.rows())), products;
    for (int64_t e = rows.offset[static_cast<size_t>(item)];
         e < rows.offset[static_cast<size_t>(item) + 1]; ++e) {
      const auto entry = static_cast<size_t>(e);
      items_of_feature.add_row(rows.column[entry], rows.value[entry], all.data());
    }
    for (const int64_t other : known) products.push_back(all[static_cast<size_t>(other)]);
    const auto by_token = nearest_to(own, {cosine, cosine + count}, kNearTokens),
               by_text = nearest_to(own, std::move(products), kNearTexts);
    std::vector<int64_t> both;
    std::set_intersection(by_token.begin(), by_token.end(), by_text.begin(), by_text.end(),
                          std::back_inserter(both));
    found += std::ssize(both);
  }
  return static_cast<double>(found) / static_cast<double>(asked * kNearTokens);
}

}  // namespace lea::le
