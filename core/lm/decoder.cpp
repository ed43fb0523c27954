#include "core/lm/decoder.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <set>

#include "core/spec/error.h"
#include "core/spec/text.h"

namespace lea::lm {
namespace {

using at::Tensor;

// Turns a position by so many radians, float [head_width / 2]. In fp32, as the models were trained.
Tensor frequencies(const Rope& rope, int64_t head_width) {
  const Tensor exponent =
      at::arange(0, head_width, 2, at::kFloat) / static_cast<double>(head_width);
  const Tensor frequency = at::pow(rope.theta, exponent).reciprocal();
  if (rope.type == RopeType::kDefault) return frequency;
  if (rope.type == RopeType::kLinear) return frequency / rope.factor;
  // Llama 3: slow pairs are stretched, fast ones kept, those between interpolated.
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

// In fp32; cast back before the weight is applied.
Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  const Tensor wide = x.to(at::kFloat);
  const Tensor scale = (wide.square().mean(-1, /*keepdim=*/true) + epsilon).rsqrt();
  return weight * (wide * scale).to(x.scalar_type());
}

// x [T, heads, head_width]; pairs (i, i + head_width / 2).
Tensor rotated(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  const int64_t half = x.size(-1) / 2;
  const Tensor turned = at::cat({x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)}, -1);
  return x * cos + turned * sin;
}

// Bool [Q, K], true where a query sees a key; window 0: all up to its own.
Tensor visible(int64_t queries, int64_t keys, int64_t window, at::Device device) {
  const Tensor own = at::arange(keys - queries, keys, at::kLong).to(device).unsqueeze(1);
  const Tensor key = at::arange(keys, at::kLong).to(device).unsqueeze(0);
  const Tensor before = key <= own;
  return window > 0 ? before.logical_and(key > own - window) : before;
}

}  // namespace

Decoder::Decoder(const Config& config, const Weights& weights, at::ScalarType type,
                 at::Device device)
    : config_(config) {
  std::set<std::string> used;
  const auto get = [&](const std::string& name, const std::vector<int64_t>& shape) {
    used.insert(name);
    const Tensor tensor = weights.get(name, shape);
    // The sum reads each once and is finite if all are, unless it overflows: only then look at
    // each.
    if (!at::isfinite(tensor.sum(at::kFloat)).item<bool>() &&
        !at::isfinite(tensor).all().item<bool>())
      throw DataError(printable(name) + ": holds a value that is not finite");
    return tensor.to(device, type);
  };
  const int64_t width = config.width, inner = config.inner,
                query = config.heads * config.head_width,
                key = config.key_heads * config.head_width;
  embedding_ = get("model.embed_tokens.weight", {config.vocabulary, width});
  head_ = config.tied ? embedding_ : get("lm_head.weight", {config.vocabulary, width});
  norm_ = get("model.norm.weight", {width});
  frequency_ = frequencies(config.rope, config.head_width).to(device);
  for (int64_t i = 0; i < config.layers; ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    const auto linear = [&](const std::string& name, int64_t out, int64_t in, bool with_bias,
                            Tensor* bias) {
      if (with_bias) *bias = get(at + name + ".bias", {out});
      return get(at + name + ".weight", {out, in});
    };
    Layer layer;
    layer.input_norm = get(at + "input_layernorm.weight", {width});
    layer.post_norm = get(at + "post_attention_layernorm.weight", {width});
    layer.q = linear("self_attn.q_proj", query, width, config.qkv_bias, &layer.q_bias);
    layer.k = linear("self_attn.k_proj", key, width, config.qkv_bias, &layer.k_bias);
    layer.v = linear("self_attn.v_proj", key, width, config.qkv_bias, &layer.v_bias);
    layer.o = linear("self_attn.o_proj", width, query, config.output_bias, &layer.o_bias);
    layer.gate = linear("mlp.gate_proj", inner, width, config.mlp_bias, &layer.gate_bias);
    layer.up = linear("mlp.up_proj", inner, width, config.mlp_bias, &layer.up_bias);
    layer.down = linear("mlp.down_proj", width, inner, config.mlp_bias, &layer.down_bias);
    if (config.qk_norm) {
      layer.q_norm = get(at + "self_attn.q_norm.weight", {config.head_width});
      layer.k_norm = get(at + "self_attn.k_norm.weight", {config.head_width});
    }
    layers_.push_back(std::move(layer));
  }
  for (const auto& [name, entry] : weights.entries()) {
    // Old files carry the frequencies, and a tied model may carry its head as well.
    if (used.contains(name) || name.ends_with(".rotary_emb.inv_freq") ||
        (config.tied && name == "lm_head.weight"))
      continue;
    throw DataError(printable(name) + ": is no part of a " + config.family +
                    " model with this config.json; it would be left out");
  }
}

Tensor Decoder::embed(const Tensor& ids) const { return at::embedding(embedding_, ids); }

Tensor Decoder::attention(size_t index, const Tensor& x, const Layout& layout, const Tensor& cos,
                          const Tensor& sin, Cache* cache) const {
  const Layer& layer = layers_[index];
  const int64_t rows = x.size(0), heads = config_.heads, key_heads = config_.key_heads,
                width = config_.head_width;
  Tensor q = at::linear(x, layer.q, layer.q_bias).view({rows, heads, width});
  Tensor k = at::linear(x, layer.k, layer.k_bias).view({rows, key_heads, width});
  Tensor v = at::linear(x, layer.v, layer.v_bias).view({rows, key_heads, width});
  if (config_.qk_norm) {
    q = rms_norm(q, layer.q_norm, config_.epsilon);
    k = rms_norm(k, layer.k_norm, config_.epsilon);
  }
  q = rotated(q, cos, sin);
  k = rotated(k, cos, sin);
  if (cache) {
    const auto append = [index](std::vector<Tensor>& held, const Tensor& rows) {
      if (index == held.size()) return held.emplace_back(rows);
      return held[index] = at::cat({held[index], rows});
    };
    k = append(cache->key, k);
    v = append(cache->value, v);
  }
  std::vector<Tensor> parts, places;
  for (const AttentionBlock& block : layout.blocks) {
    const int64_t groups = block.query.size(0), queries = block.query.size(1),
                  keys = block.key.size(1);
    // [G, heads, Q or K, head width]; each key head serves heads / key_heads query heads.
    const auto gathered = [&](const Tensor& of, const Tensor& index, int64_t length) {
      return of.index_select(0, index.flatten())
          .view({groups, length, of.size(1), width})
          .transpose(1, 2);
    };
    const auto repeated = [&](const Tensor& of) {
      return gathered(of, block.key, keys).repeat_interleave(heads / key_heads, 1);
    };
    const Tensor mask = visible(queries, keys, config_.window[index], x.device());
    const Tensor mixed = at::scaled_dot_product_attention(gathered(q, block.query, queries),
                                                          repeated(k), repeated(v), mask);
    parts.push_back(mixed.transpose(1, 2).reshape({groups * queries, heads * width}));
    places.push_back(block.query.flatten());
  }
  Tensor mixed = parts.size() == 1 ? parts[0] : at::cat(parts);
  mixed = at::empty_like(mixed).index_copy(0, at::cat(places), mixed);
  return at::linear(mixed, layer.o, layer.o_bias);
}

Tensor Decoder::forward(const Tensor& inputs, const Layout& layout, Cache* cache,
                        std::vector<Tensor>* layers) const {
  const Tensor angle = layout.position.to(at::kFloat).unsqueeze(1) * frequency_;
  const Tensor both = at::cat({angle, angle}, -1).unsqueeze(1);  // [T, 1, head width]
  const Tensor cos = both.cos().to(inputs.scalar_type()), sin = both.sin().to(inputs.scalar_type());
  Tensor x = inputs;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    if (layers) layers->push_back(x);
    x = x + attention(i, rms_norm(x, layer.input_norm, config_.epsilon), layout, cos, sin, cache);
    const Tensor y = rms_norm(x, layer.post_norm, config_.epsilon);
    const Tensor gated = at::silu(at::linear(y, layer.gate, layer.gate_bias)) *
                         at::linear(y, layer.up, layer.up_bias);
    x = x + at::linear(gated, layer.down, layer.down_bias);
  }
  if (cache) cache->rows += inputs.size(0);
  return rms_norm(x, norm_, config_.epsilon);
}

Tensor Decoder::logits(const Tensor& hidden) const { return at::linear(hidden, head_); }

}  // namespace lea::lm
