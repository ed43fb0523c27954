#include "core/base/array_format.h"

#include <algorithm>
#include <fstream>

#include "core/base/npz.h"

namespace lea {

ArrayFormat array_format(const std::string& path) {
  std::string start(9, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (begins_as_npz(start)) return ArrayFormat::kNpz;
  // A safetensors file begins with the 8 bytes of a length and a JSON object.
  return start.size() == 9 && start[8] == '{' ? ArrayFormat::kSafetensors : ArrayFormat::kNone;
}

}  // namespace lea
