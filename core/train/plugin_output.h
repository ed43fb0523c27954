// The one check of what a plugin gives back. It is made once, by the host, behind each call.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace lea::train {

// The tensor itself. Throws PluginError when it is undefined, has another shape or type, or holds a
// value that is not finite; `who` begins the message: "environment lea.table: reward()".
const at::Tensor& checked_output(const at::Tensor& tensor, at::IntArrayRef shape,
                                 at::ScalarType type, const std::string& who);

// Shape and type alone, for what is looked through value by value anyway.
const at::Tensor& checked_shape(const at::Tensor& tensor, at::IntArrayRef shape,
                                at::ScalarType type, const std::string& who);

}  // namespace lea::train
