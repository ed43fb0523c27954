#include "core/train/module_state.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/base/error.h"

namespace lea::train {

Tensors tensors_of(const torch::nn::Module& module) {
  Tensors tensors;
  for (const auto& item : module.named_parameters()) tensors[item.key()] = item.value().detach();
  for (const auto& item : module.named_buffers()) tensors[item.key()] = item.value().detach();
  return tensors;
}

Tensors copy_of(const Tensors& tensors) {
  Tensors copy;
  for (const auto& [name, tensor] : tensors) copy[name] = tensor.clone();
  return copy;
}

void restore(const Tensors& target, const Tensors& source, const std::string& prefix) {
  for (const auto& [name, tensor] : target) {
    const auto found = source.find(prefix + name);
    if (found == source.end() || found->second.sizes() != tensor.sizes()) {
      throw DataError("checkpoint: no tensor " + prefix + name +
                      " of the model's shape. It was written by another plugin or version: remove "
                      "the run's folder checkpoint/, and the run starts again");
    }
    tensor.copy_(found->second);
  }
}

// The sum needs one pass and no memory, and is not finite when a value is not. It can also overflow
// when all values are finite but very large; only then is each value checked.
bool is_finite(const Tensor& tensor) {
  return std::isfinite(tensor.sum().item<double>()) || at::isfinite(tensor).all().item<bool>();
}

void add(Tensors& into, const std::string& prefix, const Tensors& tensors) {
  for (const auto& [name, tensor] : tensors) into[prefix + name] = tensor;
}

Tensors with_prefix(const Tensors& tensors, const std::string& prefix) {
  Tensors found;
  for (auto it = tensors.lower_bound(prefix); it != tensors.end() && it->first.starts_with(prefix);
       ++it) {
    found[it->first.substr(prefix.size())] = it->second;
  }
  return found;
}

}  // namespace lea::train
