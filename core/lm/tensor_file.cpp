#include "core/lm/tensor_file.h"

#include <ATen/ATen.h>

#include <cstring>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"
#include "core/lm/row_loops.h"
#include "core/lm/scalar_type.h"

namespace lea::lm {

void save_tensors(const std::string& path, const std::map<std::string, at::Tensor>& tensors) {
  std::vector<at::Tensor> dense;
  std::vector<SafetensorsPart> parts;
  for (const auto& [name, tensor] : tensors) {
    dense.push_back(tensor.detach().to(at::kCPU).contiguous());
    const at::Tensor& bytes = dense.back();
    parts.push_back({name,
                     name_of(bytes.scalar_type()),
                     bytes.sizes().vec(),
                     {static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()}});
  }
  publish_file(path, encode_safetensors(parts));
}

std::map<std::string, at::Tensor> load_tensors(const std::string& path) {
  const std::string where = printable(path);
  const std::string bytes = read_input(path);
  std::map<std::string, at::Tensor> tensors;
  for (const SafetensorsEntry& entry : parse_safetensors(bytes, bytes.size(), where)) {
    const std::string place = where + ": " + printable(entry.name);
    const at::Tensor tensor = at::empty(entry.shape, type_of(entry.dtype, place));
    if (tensor.nbytes() > 0)
      std::memcpy(tensor.mutable_data_ptr(), bytes.data() + entry.begin, tensor.nbytes());
    if (!all_finite(tensor)) throw DataError(place + ": holds a value that is not finite");
    tensors.emplace(entry.name, tensor);
  }
  return tensors;
}

}  // namespace lea::lm
