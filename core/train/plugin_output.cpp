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

std::string shape_problem(const at::Tensor& tensor, at::IntArrayRef shape, at::ScalarType type) {
  if (tensor.defined() && tensor.sizes() == shape && tensor.scalar_type() == type) return "";
  return "must give " + in_words(type, shape) + ", but gave " +
         (tensor.defined() ? in_words(tensor.scalar_type(), tensor.sizes()) : "nothing");
}

const at::Tensor& checked_output(const at::Tensor& tensor, at::IntArrayRef shape,
                                 at::ScalarType type, const std::string& who) {
  const std::string problem = shape_problem(tensor, shape, type);
  if (!problem.empty()) throw PluginError(who + " " + problem);
  if (at::isFloatingType(type) && !at::isfinite(tensor.detach()).all().item<bool>()) {
    throw PluginError(who + " gave a value that is not finite");
  }
  return tensor;
}

}  // namespace lea::train
