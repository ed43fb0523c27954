#include "plugins/tuning/text_gru_model.h"

#include <ATen/ATen.h>

#include <cmath>
#include <map>

#include "core/api/recurrent.h"
#include "core/api/tensor_file.h"
#include "core/base/counted.h"
#include "core/base/error.h"
#include "plugins/tuning/kept_generator.h"

namespace lea {
namespace {

// Of the parameters in the file, in their order; the GRU's as PyTorch calls them.
constexpr const char* kNames[] = {"gru.weight_ih_l0", "gru.weight_hh_l0", "gru.bias_ih_l0",
                                  "gru.bias_hh_l0",   "map.weight",       "map.bias"};
constexpr const char* kVectors = "vectors";

}  // namespace

TextGruModel::TextGruModel(const Tensor& vectors, c10::Device device)
    : vectors_(vectors.to(device)),
      gru_(torch::nn::GRUOptions(vectors.size(1), vectors.size(1)).batch_first(true)) {
  const int64_t width = vectors.size(1);
  const double bound = 1 / std::sqrt(static_cast<double>(width));
  const Tensor map = at::empty({width, width}).uniform_(-bound, bound),
               bias = at::empty({width}).uniform_(-bound, bound);
  gru_->to(device);
  parameters_ = gru_->all_weights();
  parameters_.push_back(map.to(device).requires_grad_());
  parameters_.push_back(bias.to(device).requires_grad_());
}

TextGruModel TextGruModel::read(const std::string& path, int64_t items, int64_t width,
                                c10::Device device) {
  const std::map<std::string, Tensor> tensors = read_tensors(path);
  const Tensor vectors = tensor_of(tensors, kVectors, at::kFloat, path);
  if (vectors.dim() != 2 || vectors.size(0) != items + 1 || vectors.size(1) != width) {
    throw DataError(path + ": must hold " + counted(items + 1, "vector") + " of " +
                    counted(width, "number") + ", one for each item and one for padding");
  }
  // A new GRU draws its start, although other weights replace it at once. A run that reads one must
  // go on with the random numbers that it would have without.
  const KeptGenerator kept;
  TextGruModel model(vectors, device);
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < model.parameters_.size(); ++i) {
    const Tensor values = tensor_of(tensors, kNames[i], at::kFloat, path);
    if (values.sizes() != model.parameters_[i].sizes())
      throw DataError(path + ": `" + kNames[i] + "` has not the shape of this network");
    model.parameters_[i].copy_(values);
  }
  return model;
}

void TextGruModel::save(const std::string& path) const {
  std::map<std::string, Tensor> tensors = {{kVectors, vectors_.to(at::kCPU)}};
  for (size_t i = 0; i < parameters_.size(); ++i)
    tensors[kNames[i]] = parameters_[i].detach().to(at::kCPU);
  write_tensors(path, tensors);
}

Tensor TextGruModel::vectors_of(const Tensor& items) const {
  std::vector<int64_t> shape = items.sizes().vec();
  shape.push_back(width());
  return vectors_.index_select(0, items.flatten()).view(shape);
}

Tensor TextGruModel::states(const History& history) const {
  const PackedHistory packed = pack(history);  // an empty history is one padding item
  const Tensor last = run_gru(*gru_, vectors_of(packed.items), packed).index_select(0, packed.last);
  return last.masked_fill(history.length.eq(0).unsqueeze(1), 0);
}

Tensor TextGruModel::weights(const Tensor& states) const {
  const Tensor &map = parameters_[4], &bias = parameters_[5];
  return at::addmm(bias, states, map.t());
}

Tensor TextGruModel::rewards(const Tensor& states, const Tensor& items) const {
  return at::bmm(vectors_of(items), weights(states).unsqueeze(2)).squeeze(2);  // [B, K]
}

History on_device(const History& history, c10::Device device) {
  return {history.items.to(device), history.length.to(device), history.event, history.place};
}

}  // namespace lea
