// The decoder-only transformer of the Llama family, on a flat token axis: every linear sees all
// rows of a batch at once, and only attention knows prompts (layout.h).
#pragma once

#include <vector>

#include "core/lm/config.h"
#include "core/lm/export.h"
#include "core/lm/layout.h"
#include "core/lm/weights.h"

namespace lea::lm {

// The keys and values of rows that have been computed: what a continuation needs of them. Empty at
// first; forward() appends its rows.
struct Cache {
  std::vector<at::Tensor> key, value;  // of each layer, [rows, key heads, head width]
  int64_t rows = 0;
};

// T rows of the flat axis, D = config.width, V = config.vocabulary.
class LEA_LM_API Decoder {
 public:
  // Throws DataError for a tensor that is missing, of another shape, not finite or not the model's.
  // Weights whose type and device are those asked for stay mapped; others are copied.
  Decoder(const Config& config, const Weights& weights, at::ScalarType type, at::Device device);

  // The input embedding of token ids, int64 [T] -> [T, D]. Ids must lie in 0..V-1.
  at::Tensor embed(const at::Tensor& ids) const;

  // What follows the last norm, [T, D]. `inputs` are rows of embed() or free vectors of that width.
  // With a cache, its rows come before the inputs', and the layout's keys count from its first.
  // With `layers`, also what enters the first layer and what leaves each one but the last, as
  // transformers' output_hidden_states has it.
  at::Tensor forward(const at::Tensor& inputs, const Layout& layout, Cache* cache = nullptr,
                     std::vector<at::Tensor>* layers = nullptr) const;

  // Scores of all next tokens for some rows of forward()'s result, [R, D] -> [R, V].
  at::Tensor logits(const at::Tensor& hidden) const;

  const Config& config() const { return config_; }

 private:
  struct Layer {
    at::Tensor input_norm, post_norm;           // [D]
    at::Tensor q, k, v, o, gate, up, down;      // [out, in]
    at::Tensor q_bias, k_bias, v_bias, o_bias;  // undefined where there is none
    at::Tensor gate_bias, up_bias, down_bias;   // likewise
    at::Tensor q_norm, k_norm;                  // [head_width], likewise
  };
  at::Tensor attention(size_t index, const at::Tensor& x, const Layout& layout,
                       const at::Tensor& cos, const at::Tensor& sin, Cache* cache) const;

  Config config_;
  at::Tensor embedding_, head_, norm_, frequency_;
  std::vector<Layer> layers_;
};

}  // namespace lea::lm
