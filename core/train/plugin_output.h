// Checks what a plugin returned. The host does this once, after each call of a plugin.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace lea::train {

// Returns the tensor. Throws PluginError when it is undefined, has another shape or type, or has a
// value that is not finite. `who` begins the message: "environment lea.table: reward()".
const at::Tensor& checked_output(const at::Tensor& tensor, at::IntArrayRef shape,
                                 at::ScalarType type, const std::string& who);

// Checks shape and type only. For tensors that the caller checks value by value.
const at::Tensor& checked_shape(const at::Tensor& tensor, at::IntArrayRef shape,
                                at::ScalarType type, const std::string& who);

}  // namespace lea::train
