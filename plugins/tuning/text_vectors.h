// The vectors by which text_gru knows items.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/api/tfidf.h"
#include "core/api/types.h"

namespace lea {

struct TextVectors {
  Tensor vectors;        // float [N + 1, width]; row 0, the padding, is zeros
  double explained = 0;  // see LowRank
};

// The rows of text_rows.h, [N + 1, features], projected to the leading right singular vectors and
// divided by their length, so that no item counts more because its words are frequent. An item
// without text has zeros. Nothing when stop(done, total) was true.
std::optional<TextVectors> text_vectors(const SparseRows& rows, int64_t width,
                                        const std::function<bool(int64_t, int64_t)>& stop);

// The multiplications of that for the texts of so many items, about.
double text_vectors_cost(int64_t items, int64_t max_features, int64_t width);

}  // namespace lea
