// Names of the dtypes in files that core/lm reads and writes, and text for shapes in messages.
#pragma once

#include <c10/core/ScalarType.h>
#include <c10/util/ArrayRef.h>

#include <string>

namespace lea::lm {

// Returns the type named "F32", "F16" or "BF16". Throws DataError, naming `where`, for another
// name.
at::ScalarType type_of(const std::string& dtype, const std::string& where);
// The inverse of type_of(). Throws DataError for a type without such a name.
std::string name_of(at::ScalarType type);

std::string text_of(c10::IntArrayRef shape);  // "[576, 1536]"

}  // namespace lea::lm
