// The network of the environment text_gru. A GRU reads the vectors of the history's items, oldest
// first. Its last hidden state h is the state s'. The reward of an item with the vector v is
//
//   r = v . (M h + c)
//
// The language model reads the candidate, too, and one linear map theta turns its hidden state into
// the reward. This GRU reads the history alone, so theta gets its weights from the candidate's
// vector: r is linear in h, with weights that are linear in v. One pass over the history then serves
// every candidate. A bias without v would cancel in Eq. (1), which compares two items.
#pragma once

#include <c10/core/Device.h>
#include <torch/nn/modules/rnn.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/types.h"

namespace lea {

inline constexpr int64_t kTextGruWidth = 64;  // W, unless another one is stated

class TextGruModel {
 public:
  // `vectors` float [N + 1, W], row 0 is padding. The weights start as PyTorch's GRU and linear layer
  // do, from LibTorch's generator as it is. The network lives on the device.
  TextGruModel(const Tensor& vectors, c10::Device device);

  // Reads what save() wrote and leaves LibTorch's generator of the CPU as it was. Throws StoreError
  // for a file that cannot be read, and DataError for one that holds no such network, or one of
  // another number of items or another width.
  static TextGruModel read(const std::string& path, int64_t items, int64_t width,
                           c10::Device device);
  void save(const std::string& path) const;

  int64_t width() const { return vectors_.size(1); }  // W
  // The GRU's four, then M [W, W] and c [W]; float32, on the device.
  const std::vector<Tensor>& parameters() const { return parameters_; }

  // All of these take and return tensors on the device.
  const Tensor& vectors() const { return vectors_; }  // float [N + 1, W], row 0 is padding
  // The vectors of items, [...] -> float [..., W].
  Tensor vectors_of(const Tensor& items) const;
  // float [B, W]; zeros after an empty history.
  Tensor states(const History& history) const;
  // M h + c, float [B, W], for states [B, W]: the weights of the vectors in the rewards.
  Tensor weights(const Tensor& states) const;
  // float [B, K] for states [B, W] and items int64 [B, K].
  Tensor rewards(const Tensor& states, const Tensor& items) const;

  c10::Device device() const { return vectors_.device(); }

 private:
  Tensor vectors_;  // no gradient
  mutable torch::nn::GRU gru_;
  std::vector<Tensor> parameters_;
};

// The same histories on another device.
History on_device(const History& history, c10::Device device);

}  // namespace lea
