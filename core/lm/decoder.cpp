#include "core/lm/decoder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <set>
#include <tuple>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/lm/kernels.h"
#include "core/lm/row_loops.h"

namespace lea::lm {
namespace {

using at::Tensor;
using Layer = DecoderWeights::Layer;
using Shape = std::vector<int64_t>;

constexpr const char* kEmbedding = "model.embed_tokens.weight";

// The only list of a model's parts. Calls linear(module, linear, out, in, with_bias) for each
// linear module and weight(name, tensor, shape) for each other weight.
template <typename OnLinear, typename OnWeight>
void walk(const Config& config, DecoderWeights& weights, OnLinear linear, OnWeight weight) {
  const int64_t width = config.width, inner = config.inner,
                query = config.heads * config.head_width,
                key = config.key_heads * config.head_width;
  weight(kEmbedding, weights.embedding, Shape{config.vocabulary, width});
  weights.layers.resize(static_cast<size_t>(config.layers));
  for (size_t i = 0; i < weights.layers.size(); ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    Layer& layer = weights.layers[i];
    weight(at + "input_layernorm.weight", layer.input_norm, Shape{width});
    linear(at + "self_attn.q_proj", layer.q, query, width, config.qkv_bias);
    linear(at + "self_attn.k_proj", layer.k, key, width, config.qkv_bias);
    linear(at + "self_attn.v_proj", layer.v, key, width, config.qkv_bias);
    if (config.qk_norm) {
      weight(at + "self_attn.q_norm.weight", layer.q_norm, Shape{config.head_width});
      weight(at + "self_attn.k_norm.weight", layer.k_norm, Shape{config.head_width});
    }
    linear(at + "self_attn.o_proj", layer.o, width, query, config.output_bias);
    weight(at + "post_attention_layernorm.weight", layer.post_norm, Shape{width});
    linear(at + "mlp.gate_proj", layer.gate, inner, width, config.mlp_bias);
    linear(at + "mlp.up_proj", layer.up, inner, width, config.mlp_bias);
    linear(at + "mlp.down_proj", layer.down, width, inner, config.mlp_bias);
  }
  weight("model.norm.weight", weights.norm, Shape{width});
  linear("lm_head", weights.head, config.vocabulary, width, false);
}

template <typename OnWeight>
void walk_weights(const Config& config, DecoderWeights& weights, OnWeight weight) {
  const auto linear = [&](const std::string& module, Linear& part, int64_t out, int64_t in,
                          bool with_bias) {
    weight(module + ".weight", part.weight, Shape{out, in});
    if (with_bias) weight(module + ".bias", part.bias, Shape{out});
  };
  walk(config, weights, linear, weight);
}

bool is_tied_head(const Config& config, const std::string& name) {
  return config.tied && name == "lm_head.weight";
}

// Radians by which a step of one position turns each pair, float [head_width / 2]. Computed in
// float32, because the models were trained with it.
Tensor frequencies(const Rope& rope, int64_t head_width) {
  const Tensor exponent =
      at::arange(0, head_width, 2, at::kFloat) / static_cast<double>(head_width);
  const Tensor frequency = at::pow(rope.theta, exponent).reciprocal();
  if (rope.type == RopeType::kDefault) return frequency;
  if (rope.type == RopeType::kLinear) return frequency / rope.factor;
  // Llama 3 stretches slow pairs, keeps fast ones, and interpolates those in between.
  const auto context = static_cast<double>(rope.original_context);
  const Tensor wavelength = 2 * std::numbers::pi / frequency;
  const Tensor smooth = (context / wavelength - rope.low_frequency_factor) /
                        (rope.high_frequency_factor - rope.low_frequency_factor);
  const Tensor between = (1 - smooth) * frequency / rope.factor + smooth * frequency;
  const Tensor stretched = at::where(wavelength > context / rope.low_frequency_factor,
                                     frequency / rope.factor, frequency);
  const Tensor medium = (wavelength >= context / rope.high_frequency_factor)
                            .logical_and(wavelength <= context / rope.low_frequency_factor);
  return at::where(medium, between, stretched);
}

// Returns what is added to the scores of queries, float [Q, K]: 0 for a key that the query sees,
// -inf for another. With window 0 a query sees all keys up to its own. Undefined if all queries see
// all keys.
Tensor mask_of(const AttentionBlock& block, int64_t window, at::Device device) {
  if (block.queries == 1 && (window == 0 || block.keys <= window)) return {};
  const auto options = at::TensorOptions(at::kLong).device(device);
  const Tensor own = at::arange(block.keys - block.queries, block.keys, options).unsqueeze(1);
  const Tensor key = at::arange(block.keys, options).unsqueeze(0);
  Tensor unseen = key > own;
  if (window > 0) unseen = unseen.logical_or(key <= own - window);
  return at::zeros(unseen.sizes(), options.dtype(at::kFloat))
      .masked_fill_(unseen, -std::numeric_limits<float>::infinity());
}

// Selects the rows of a tensor that the queries of each block see. The tensor has `held` rows before those
// of the layout.
//
// The gradient of a selection is as large as the tensor that it selects from, and a training batch
// has dozens of blocks. So with a gradient one selection serves all of them. Without one, each block
// has its own, so that only one is in memory.
class SeenRows {
 public:
  SeenRows(const Layout& layout, const Tensor& from, int64_t held) : layout_(layout), from_(from) {
    for (const AttentionBlock& block : layout.blocks)
      ends_.push_back(held += block.groups * block.queries);
    if (!from.requires_grad()) return;
    std::vector<Tensor> rows;
    std::vector<int64_t> counts;
    for (size_t i = 0; i < layout.blocks.size(); ++i) {
      const Tensor& key = layout.blocks[i].key;
      rows.push_back(key.defined() ? key
                                   : at::arange(first(i), ends_[i], layout.position.options()));
      counts.push_back(count(i));
    }
    parts_ = at::embedding(from, at::cat(rows)).split_with_sizes(counts);
  }

  Tensor of(size_t i) const {  // [groups * keys, ...]
    if (!parts_.empty()) return parts_[i];
    const Tensor& key = layout_.blocks[i].key;
    return key.defined() ? at::embedding(from_, key) : from_.narrow(0, first(i), count(i));
  }

 private:
  int64_t count(size_t i) const { return layout_.blocks[i].groups * layout_.blocks[i].keys; }
  int64_t first(size_t i) const { return ends_[i] - count(i); }  // where the key is undefined

  const Layout& layout_;
  const Tensor& from_;
  std::vector<int64_t> ends_;  // of each block's own rows
  std::vector<Tensor> parts_;
};

// q [G, H, repeats * Q, width], k and v [G, H, K, width], mask [Q, K]. Uses plain products because,
// on short runs, LibTorch's fused attention for CPU takes twice as long forwards and nine times as
// long backwards.
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  Tensor scores = at::matmul(q * scale, k.transpose(2, 3)).to(at::kFloat);
  if (mask.defined()) {
    const auto [groups, heads, keys] = std::tuple(q.size(0), q.size(1), k.size(2));
    scores = (scores.view({groups, heads, -1, mask.size(0), keys}) + mask).view(scores.sizes());
  }
  return at::matmul(scores.softmax(-1).to(v.scalar_type()), v);
}

}  // namespace

std::vector<std::pair<std::string, Shape>> weight_shapes(const Config& config) {
  std::vector<std::pair<std::string, Shape>> shapes;
  DecoderWeights none;
  walk_weights(config, none, [&](const std::string& name, Tensor&, const Shape& shape) {
    if (!is_tied_head(config, name)) shapes.emplace_back(name, shape);
  });
  return shapes;
}

void require_weights(const Config& config, const Weights& weights) {
  std::set<std::string> known = {"lm_head.weight"};  // a tied model may store it
  for (const auto& [name, shape] : weight_shapes(config)) {
    weights.get(name, shape);
    known.insert(name);
  }
  for (const std::string& name : weights.names()) {
    if (known.contains(name) || name.ends_with(".rotary_emb.inv_freq")) continue;  // in old files
    throw DataError(weights.where(name) + ": is no part of a " + config.family +
                    " model with this config.json; it would be left out");
  }
  if (!config.tied || !weights.has("lm_head.weight")) return;
  const Shape shape = {config.vocabulary, config.width};
  if (at::equal(weights.get("lm_head.weight", shape), weights.get(kEmbedding, shape))) return;
  throw DataError(weights.where("lm_head.weight") +
                  ": is not the embedding, though config.json has tie_word_embeddings true. Set it "
                  "to false to use this head, or leave the tensor out");
}

Decoder::Decoder(const Config& config, const Weights& weights, at::ScalarType type,
                 at::Device device)
    : config_(config) {
  require_weights(config, weights);
  const auto get = [&](const std::string& name, Tensor& place, const Shape& shape) {
    if (is_tied_head(config, name)) {
      place = weights_.embedding;
      return;
    }
    const Tensor tensor = weights.get(name, shape);
    if (!all_finite(tensor))
      throw DataError(weights.where(name) + ": holds a value that is not finite");
    place = tensor.to(device, type);
  };
  walk_weights(config_, weights_, get);
  frequency_ = frequencies(config.rope, config.head_width).to(device);
}

void Decoder::for_each_linear(const EachLinear& tell) {
  walk(
      config_, weights_,
      [&](const std::string& module, Linear& part, int64_t, int64_t, bool) { tell(module, part); },
      [](const std::string&, Tensor&, const Shape&) {});
}

void Decoder::for_each_weight(const EachWeight& tell) {
  walk_weights(config_, weights_,
               [&](const std::string& name, Tensor& weight, const Shape&) { tell(name, weight); });
}

void Decoder::stand_in(const std::map<std::string, Tensor>& weights) {
  for_each_weight([&](const std::string& name, Tensor& weight) {
    if (const auto own = own_.find(name); own != own_.end()) weight = own->second;
  });
  own_.clear();
  for_each_weight([&](const std::string& name, Tensor& weight) {
    const auto other = weights.find(name);
    if (other == weights.end()) return;
    own_.emplace(name, weight);
    weight = other->second;
  });
}

Tensor Decoder::embed(const Tensor& ids, const Tensor& vectors) const {
  if (!vectors.defined()) return at::embedding(weights_.embedding, ids);
  const int64_t tokens = config_.vocabulary;
  const Tensor rows = at::embedding(weights_.embedding, ids.clamp_max(tokens - 1));
  const Tensor free = (ids >= tokens).nonzero().squeeze(1);
  const Tensor named = at::embedding(vectors, ids.index_select(0, free) - tokens);
  return rows.index_copy(0, free, named.to(rows.scalar_type()));
}

Tensor Decoder::attention(size_t index, const Tensor& x, const Layout& layout,
                          const std::vector<Tensor>& masks, const Tensor& cos, const Tensor& sin,
                          const ForwardOptions& options) const {
  const Layer& layer = weights_.layers[index];
  const int64_t rows = x.size(0), heads = config_.heads, key_heads = config_.key_heads,
                width = config_.head_width, repeats = heads / key_heads;
  Tensor q = layer.q(x, options.dropout).view({rows, heads, width});
  Tensor k = layer.k(x, options.dropout).view({rows, key_heads, width});
  Tensor v = layer.v(x, options.dropout);
  if (config_.qk_norm) {
    q = rms_norm(q, layer.q_norm, config_.epsilon);
    k = rms_norm(k, layer.k_norm, config_.epsilon);
  }
  q = rotated(q, cos, sin);
  k = rotated(k, cos, sin).view({rows, key_heads * width});
  if (options.cache) {
    const auto append = [index](std::vector<Tensor>& held, const Tensor& next) {
      if (index == held.size()) return held.emplace_back(next);
      return held[index] = at::cat({held[index], next});
    };
    k = append(options.cache->key, k);
    v = append(options.cache->value, v);
  }
  const SeenRows seen_keys(layout, k, k.size(0) - rows), seen_values(layout, v, v.size(0) - rows);
  std::vector<int64_t> queries_of;
  for (const AttentionBlock& block : layout.blocks)
    queries_of.push_back(block.groups * block.queries);
  const std::vector<Tensor> own = q.split_with_sizes(queries_of);
  std::vector<Tensor> parts;
  for (size_t i = 0; i < layout.blocks.size(); ++i) {
    const AttentionBlock& block = layout.blocks[i];
    const int64_t groups = block.groups, queries = block.queries;
    const auto by_head = [&](const Tensor& seen) {
      return seen.view({groups, block.keys, key_heads, width}).transpose(1, 2);
    };
    // Heads that share a key head are stacked, so that keys need not be repeated: [G, key heads,
    // repeats * Q, head width].
    const Tensor asking = own[i]
                              .view({groups, queries, key_heads, repeats, width})
                              .permute({0, 2, 3, 1, 4})
                              .reshape({groups, key_heads, repeats * queries, width});
    const Tensor mixed =
        attend(asking, by_head(seen_keys.of(i)), by_head(seen_values.of(i)), masks[i]);
    parts.push_back(mixed.view({groups, key_heads, repeats, queries, width})
                        .permute({0, 3, 1, 2, 4})
                        .reshape({groups * queries, heads * width}));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts);
}

Tensor Decoder::forward(const Tensor& inputs, const Layout& layout,
                        const ForwardOptions& options) const {
  const Tensor angle = layout.position.to(at::kFloat).unsqueeze(1) * frequency_;
  const Tensor cos = angle.cos(), sin = angle.sin();
  std::map<int64_t, std::vector<Tensor>> masks;  // window -> a mask for each block
  for (const int64_t window : config_.window) {
    std::vector<Tensor>& of_window = masks[window];
    if (!of_window.empty()) continue;
    for (const AttentionBlock& block : layout.blocks)
      of_window.push_back(mask_of(block, window, inputs.device()));
  }
  Tensor x = inputs;
  for (size_t i = 0; i < weights_.layers.size(); ++i) {
    const Layer& layer = weights_.layers[i];
    if (options.layers) options.layers->push_back(x);
    Tensor mixed = attention(i, rms_norm(x, layer.input_norm, config_.epsilon), layout,
                             masks.at(config_.window[i]), cos, sin, options);
    if (options.rows.defined() && i + 1 == weights_.layers.size()) {
      x = x.index_select(0, options.rows);
      mixed = mixed.index_select(0, options.rows);
    }
    x = x + layer.o(mixed, options.dropout);
    const Tensor y = rms_norm(x, layer.post_norm, config_.epsilon);
    const Tensor gated = swiglu(layer.gate(y, options.dropout), layer.up(y, options.dropout));
    x = x + layer.down(gated, options.dropout);
  }
  if (options.cache) options.cache->rows += inputs.size(0);
  return rms_norm(x, weights_.norm, config_.epsilon);
}

Tensor Decoder::logits(const Tensor& hidden) const { return weights_.head(hidden); }

Tensor Decoder::logits(const Tensor& hidden, const Tensor& ids) const {
  if (weights_.head.adapter) return logits(hidden).index_select(1, ids);
  return at::linear(hidden, weights_.head.weight.index_select(0, ids));
}

}  // namespace lea::lm
