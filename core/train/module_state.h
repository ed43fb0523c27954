// The parameters and buffers of a module as tensors by name. Checkpoints contain them, and the loop
// keeps those of the best step.
#pragma once

#include <torch/nn/module.h>

#include <map>
#include <string>

#include "core/api/types.h"

namespace lea::train {

using Tensors = std::map<std::string, Tensor>;

// Parameters and buffers. They share memory with the module.
Tensors tensors_of(const torch::nn::Module& module);

Tensors copy_of(const Tensors& tensors);

// Copies source[prefix + name] into target[name] for each name of `target`. Throws DataError when
// one is missing or has another shape.
void restore(const Tensors& target, const Tensors& source, const std::string& prefix);

// Sets into[prefix + name] for each tensor. with_prefix is the inverse. Neither copies a tensor.
void add(Tensors& into, const std::string& prefix, const Tensors& tensors);
Tensors with_prefix(const Tensors& tensors, const std::string& prefix);

// Whether no value is NaN or infinite.
bool is_finite(const Tensor& tensor);

}  // namespace lea::train
