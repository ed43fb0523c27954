// The decoder-only transformer of the Llama family, on a flat token axis: every linear sees all
// rows of a batch at once, and only attention knows prompts (layout.h).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/lm/config.h"
#include "core/lm/export.h"
#include "core/lm/layout.h"
#include "core/lm/linear.h"
#include "core/lm/weights.h"

namespace lea::lm {

// The keys and values of rows that have been computed: what a continuation needs of them. Empty at
// first; forward() appends its rows.
struct Cache {
  std::vector<at::Tensor> key, value;  // of each layer, [rows, key heads * head width]
  int64_t rows = 0;
};

struct ForwardOptions {
  // The cache's rows come before the inputs', and the layout's keys count from its first.
  Cache* cache = nullptr;
  // Gets what enters the first layer and what leaves each one but the last, as transformers'
  // output_hidden_states has it.
  std::vector<at::Tensor>* layers = nullptr;
  at::Tensor rows = {};  // int64 [R]: only these leave the last layer. Undefined: all
  double dropout = 0;    // of the adapter
};

// The weights, named as the files name them.
struct DecoderWeights {
  struct Layer {
    at::Tensor input_norm, post_norm;  // [D]
    Linear q, k, v, o, gate, up, down;
    at::Tensor q_norm, k_norm;  // [head_width]; undefined where there is none
  };
  at::Tensor embedding, norm;
  Linear head;
  std::vector<Layer> layers;
};

// T rows of the flat axis, D = config.width, V = config.vocabulary.
class LEA_LM_API Decoder {
 public:
  // Throws DataError for a tensor that is missing, of another shape, not finite or not the model's.
  // Weights whose type and device are those asked for stay mapped; others are copied.
  Decoder(const Config& config, const Weights& weights, at::ScalarType type, at::Device device);

  // Token ids below V give rows of the embedding, V + j row j of `vectors` [M, D]: int64 [T] ->
  // [T, D] in the model's type. Ids must lie in range.
  at::Tensor embed(const at::Tensor& ids, const at::Tensor& vectors = {}) const;

  // What follows the last norm, [T, D], or [R, D] where `options.rows` says which.
  at::Tensor forward(const at::Tensor& inputs, const Layout& layout,
                     const ForwardOptions& options = {}) const;

  // Scores of all next tokens for rows of forward()'s result, [R, D] -> [R, V].
  at::Tensor logits(const at::Tensor& hidden) const;
  // Of a few next tokens only, int64 [L]: [R, D] -> [R, L].
  at::Tensor logits(const at::Tensor& hidden, const at::Tensor& ids) const;

  const Linear& head() const { return weights_.head; }  // [V, D]
  const Config& config() const { return config_; }
  at::ScalarType type() const { return weights_.embedding.scalar_type(); }
  at::Device device() const { return weights_.embedding.device(); }

  // Calls for each linear module, by its name in transformers ("model.layers.0.self_attn.q_proj"),
  // and for each weight. A tied head is told as well: replacing it unties it.
  using EachLinear = std::function<void(const std::string& module, Linear& linear)>;
  using EachWeight = std::function<void(const std::string& name, at::Tensor& weight)>;
  void for_each_linear(const EachLinear& tell);
  void for_each_weight(const EachWeight& tell);

  // Has these stand in for the weights of their names until the next call, which first puts the
  // model's own back.
  void stand_in(const std::map<std::string, at::Tensor>& weights);

 private:
  at::Tensor attention(size_t index, const at::Tensor& x, const Layout& layout,
                       const std::vector<at::Tensor>& masks, const at::Tensor& cos,
                       const at::Tensor& sin, const ForwardOptions& options) const;

  Config config_;
  DecoderWeights weights_;
  std::map<std::string, at::Tensor> own_;  // weights that others stand in for
  at::Tensor frequency_;
};

// Every weight that the folder of such a model must have, with its shape.
LEA_LM_API std::vector<std::pair<std::string, std::vector<int64_t>>> weight_shapes(
    const Config& config);

// Throws DataError for a weight that is missing, of another shape or no part of such a model, and
// for a head of its own in a tied one.
LEA_LM_API void require_weights(const Config& config, const Weights& weights);

}  // namespace lea::lm
