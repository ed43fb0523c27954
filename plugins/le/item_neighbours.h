// Whether items whose tokens are alike have texts that are alike: the quality of tokens as vectors,
// which their loss says nothing about.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "core/api/tfidf.h"

namespace lea::le {

inline constexpr int64_t kItemsWithNeighbours = 200;  // that are asked, spread evenly over all
inline constexpr int64_t kNearTokens = 10, kNearTexts = 100;

// The share of the kNearTokens nearest items by tokens that are among the kNearTexts nearest by
// texts. Near by tokens is the cosine of the tokens less their mean over items, near by texts the
// product of the rows; equal ones come by their number. Items without a word take no part, and N
// others give by chance kNearTexts / N. Nothing where N is at most kNearTexts, because all are near
// then. `tokens` float [items, D]; `rows` has a row for each item.
std::optional<double> neighbours_share(const at::Tensor& tokens, const SparseRows& rows);

}  // namespace lea::le
