// The dtypes of the files that core/lm reads and writes, and shapes as messages tell them.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/ArrayRef.h>

#include <string>

namespace lea::lm {

// "F32", "F16", "BF16". Throws DataError, naming `where`, for any other.
at::ScalarType type_of(const std::string& dtype, const std::string& where);
// The other way; DataError for a type that has no such name.
std::string name_of(at::ScalarType type);

std::string text_of(c10::IntArrayRef shape);  // [576, 1536]

}  // namespace lea::lm
