#include "core/train/plugin_output.h"

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

#include "core/base/error.h"

namespace lea::train {
namespace {

std::string in_words(at::ScalarType type, at::IntArrayRef sizes) {
  return std::string(c10::toString(type)) + " " + c10::str(sizes);
}

}  // namespace

const at::Tensor& checked_shape(const at::Tensor& tensor, at::IntArrayRef shape,
                                at::ScalarType type, const std::string& who) {
  if (tensor.defined() && tensor.sizes() == shape && tensor.scalar_type() == type) return tensor;
  throw PluginError(
      who + " must give " + in_words(type, shape) + ", but gave " +
      (tensor.defined() ? in_words(tensor.scalar_type(), tensor.sizes()) : "nothing"));
}

const at::Tensor& checked_output(const at::Tensor& tensor, at::IntArrayRef shape,
                                 at::ScalarType type, const std::string& who) {
  checked_shape(tensor, shape, type, who);
  if (at::isFloatingType(type) && !at::isfinite(tensor.detach()).all().item<bool>()) {
    throw PluginError(who + " gave a value that is not finite");
  }
  return tensor;
}

}  // namespace lea::train
