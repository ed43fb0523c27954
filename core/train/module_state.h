// What a module holds, as tensors by name: for checkpoints, and for keeping the best step.
#pragma once

#include <torch/nn/module.h>

#include <map>
#include <string>

#include "core/api/types.h"

namespace lea::train {

using Tensors = std::map<std::string, Tensor>;

// Parameters and buffers; they share memory with the module.
Tensors tensors_of(const torch::nn::Module& module);

Tensors copy_of(const Tensors& tensors);

// Writes source[prefix + name] into each target. Throws DataError when one is missing or has
// another shape.
void restore(const Tensors& target, const Tensors& source, const std::string& prefix);

// into[prefix + name] for each, and the way back. No copies.
void add(Tensors& into, const std::string& prefix, const Tensors& tensors);
Tensors with_prefix(const Tensors& tensors, const std::string& prefix);

// No value is NaN or infinite.
bool is_finite(const Tensor& tensor);

}  // namespace lea::train
