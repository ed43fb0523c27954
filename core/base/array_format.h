// Tells the formats of files of arrays, and such files from text.
#pragma once

#include <string>

namespace lea {

enum class ArrayFormat { kNone, kNpz, kSafetensors };

// The format as which the file begins. Its name does not matter, because the name of a file is no
// part of a run's hash. kNone for a file that cannot be read.
ArrayFormat array_format(const std::string& path);

}  // namespace lea
