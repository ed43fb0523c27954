#include "plugins/tuning/text_vectors.h"

#include <ATen/ATen.h>

#include "core/api/low_rank.h"
#include "plugins/tuning/text_rows.h"

namespace lea {
namespace {

constexpr uint64_t kSingular = 1;  // start of the search for singular vectors, which forgets it

}  // namespace

std::optional<TextVectors> text_vectors(const SparseRows& rows, int64_t width,
                                        const std::function<bool(int64_t, int64_t)>& stop) {
  const auto found = low_rank(rows, width, kSingular, stop);
  if (!found) return std::nullopt;
  TextVectors made{unit_vectors(found->row_vectors(width, 1)), found->explained(rows)};
  made.vectors.select(0, 0).zero_();
  return made;
}

double text_vectors_cost(int64_t items, int64_t max_features, int64_t width) {
  return low_rank_cost(items, max_features, kFeaturesOfItem * static_cast<double>(items), width);
}

}  // namespace lea
