// Counts the rows of a user's text file that belong to validation or test events.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/data/dataset.h"
#include "core/spec/params.h"

namespace lea::lab {

struct RowCount {
  int64_t rows = 0;
  int64_t outside = 0;  // of validation or test events, or of histories that hold one
  int64_t unknown = 0;  // of nothing in the data set
  std::string first;    // the first row outside: "line 981 (sequence `u95`, position 0, test)"
};

// `rows` says what a row belongs to, and is not kOther; `part` is the part of every event. A row of a
// sequence without training events is outside also where it belongs to the empty history. Throws
// DataError when the file is no such text.
RowCount count_rows(const std::string& path, FileRows rows, const data::Dataset& data,
                    std::span<const uint8_t> part);

}  // namespace lea::lab
