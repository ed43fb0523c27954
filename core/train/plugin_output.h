// Checks what a plugin returned. The host does this once, after each call of a plugin.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace lea::train {

// Returns the tensor. Throws PluginError when it is undefined, has another shape or type, or has a
// value that is not finite. `who` begins the message: "environment lea.table at reward():".
const at::Tensor& checked_output(const at::Tensor& tensor, at::IntArrayRef shape,
                                 at::ScalarType type, const std::string& who);

// "must give Float [3, 4], but gave Float [3]"; empty when shape and type are right.
std::string shape_problem(const at::Tensor& tensor, at::IntArrayRef shape, at::ScalarType type);

}  // namespace lea::train
