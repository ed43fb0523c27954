// The decoder-only transformer of the Llama family. All tokens of a batch lie on one flat axis:
// each linear layer processes all rows at once, and only attention separates prompts (layout.h).
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

// The keys and values of earlier rows, which a continuation of the prompt needs. A cache is empty
// at first; forward() appends its rows.
struct Cache {
  std::vector<at::Tensor> key, value;  // [layers] of [rows, key heads * head width]
  int64_t rows = 0;
};

struct ForwardOptions {
  // If set, the cache's rows precede the inputs, and the layout counts keys from the cache's first
  // row.
  Cache* cache = nullptr;
  // If set, the input of each layer is appended. These are transformers' hidden_states without the
  // last one.
  std::vector<at::Tensor>* layers = nullptr;
  at::Tensor rows = {};  // int64 [R]: only these rows are returned; undefined: all
  double dropout = 0;    // of the adapter, in training
};

// The weights of a model; D = config.width.
struct DecoderWeights {
  struct Layer {
    at::Tensor input_norm, post_norm;  // [D]
    Linear q, k, v, o, gate, up, down;
    at::Tensor q_norm, k_norm;  // [head_width]; undefined unless config.qk_norm
  };
  at::Tensor embedding, norm;
  Linear head;
  std::vector<Layer> layers;
};

// Letters in shapes: T rows of the flat axis, D = config.width, V = config.vocabulary.
class LEA_LM_API Decoder {
 public:
  // Throws DataError for a tensor that is missing, has the wrong shape, holds a value that is not
  // finite, or does not belong to the model. Weights that already have this type and device stay
  // mapped; others are copied.
  Decoder(const Config& config, const Weights& weights, at::ScalarType type, at::Device device);

  // Embeds ids: int64 [T] -> [T, D] in the model's type. An id below V is a token; id V + j is row
  // j of `vectors` [M, D]. Every id must be in range.
  at::Tensor embed(const at::Tensor& ids, const at::Tensor& vectors = {}) const;

  // Returns the output of the last norm: [T, D], or [R, D] if `options.rows` selects rows.
  at::Tensor forward(const at::Tensor& inputs, const Layout& layout,
                     const ForwardOptions& options = {}) const;

  // Scores of all next tokens: rows of forward()'s result, [R, D] -> [R, V].
  at::Tensor logits(const at::Tensor& hidden) const;
  // Scores of some next tokens, `ids` int64 [L]: [R, D] -> [R, L].
  at::Tensor logits(const at::Tensor& hidden, const at::Tensor& ids) const;

  const Linear& head() const { return weights_.head; }  // [V, D]
  const Config& config() const { return config_; }
  at::ScalarType type() const { return weights_.embedding.scalar_type(); }
  at::Device device() const { return weights_.embedding.device(); }

  // Call `tell` for each linear module with its name in transformers
  // ("model.layers.0.self_attn.q_proj"), or for each weight. Both include a tied head; replacing
  // its weight unties it.
  using EachLinear = std::function<void(const std::string& module, Linear& linear)>;
  using EachWeight = std::function<void(const std::string& name, at::Tensor& weight)>;
  void for_each_linear(const EachLinear& tell);
  void for_each_weight(const EachWeight& tell);

  // Replaces the weights of these names. The next call first restores the model's own weights.
  void stand_in(const std::map<std::string, at::Tensor>& weights);

 private:
  at::Tensor attention(size_t index, const at::Tensor& x, const Layout& layout,
                       const std::vector<at::Tensor>& masks, const at::Tensor& cos,
                       const at::Tensor& sin, const ForwardOptions& options) const;

  Config config_;
  DecoderWeights weights_;
  std::map<std::string, at::Tensor> own_;  // the model's weights that stand_in() replaced
  at::Tensor frequency_;
};

// Name and shape of every weight that the folder of such a model must have.
LEA_LM_API std::vector<std::pair<std::string, std::vector<int64_t>>> weight_shapes(
    const Config& config);

// Throws DataError for a weight that is missing, has the wrong shape or does not belong to such a
// model, and if a tied model stores a head that differs from its embedding.
LEA_LM_API void require_weights(const Config& config, const Weights& weights);

}  // namespace lea::lm
