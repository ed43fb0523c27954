// SASRec as Xin et al. use it (SIGIR 2020, WSDM 2022), after Kang and McAuley (ICDM 2018). It
// differs from other SASRecs: only the query is normalised before attention, both residuals add the
// normalised input, embeddings are not scaled, attention has no output projection, and norms use
// eps 1e-8.
#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <cmath>

#include "core/api/dropout.h"
#include "core/api/linear.h"
#include "core/api/plugin.h"
#include "core/base/counted.h"
#include "core/base/error.h"

namespace {

using lea::Tensor;

struct Params {
  int64_t width = 64;
  int64_t blocks = 1;
  int64_t heads = 1;
  double dropout = 0.1;
  double embedding_std = 0.01;
  bool tied = false;
  void fields(lea::Fields& f) {
    f.integer("width", width, {1, 4096}, "item embedding and hidden size d (paper: 64)");
    f.integer("blocks", blocks, {1, 16}, "self-attention blocks (U20; code: 1)");
    f.integer("heads", heads, {1, 64}, "attention heads (U20; code: 1)");
    f.real("dropout", dropout, {0, 0.99},
           "dropout rate on input, attention weights and feed-forward (U20; code: 0.1)");
    f.real("embedding_std", embedding_std, {0, 10},
           "standard deviation of initial item and position embeddings (code: 0.01)");
    f.boolean("tied", tied, "the supervised head's weight is the item embedding (code: false)");
    f.added("tied");
  }
};

torch::nn::LayerNorm norm(int64_t width) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}).eps(1e-8));
}

torch::nn::Linear linear(int64_t width) {
  torch::nn::Linear layer(width, width);
  torch::nn::init::xavier_uniform_(layer->weight);
  torch::nn::init::zeros_(layer->bias);
  return layer;
}

struct Block : torch::nn::Module {
  explicit Block(const Params& params)
      : heads(params.heads),
        dropout(params.dropout),
        attention_norm(norm(params.width)),
        query(linear(params.width)),
        key(linear(params.width)),
        value(linear(params.width)),
        feed_norm(norm(params.width)),
        inner(linear(params.width)),
        outer(linear(params.width)) {
    register_module("attention_norm", attention_norm);
    register_module("query", query);
    register_module("key", key);
    register_module("value", value);
    register_module("feed_norm", feed_norm);
    register_module("inner", inner);
    register_module("outer", outer);
  }

  // Returns the outputs [B, Q, D] for the queries `from`, which are rows of `input` [B, T, D].
  // `masked` [B, Q, T] is true where a query must not look. `live` [B, Q, 1] is 0 at padding.
  Tensor forward(const Tensor& from, const Tensor& input, const Tensor& masked,
                 const Tensor& live) {
    const Tensor normalised = attention_norm->forward(from);
    const Tensor attended =
        attend(through(query, normalised), through(key, input), through(value, input), masked);
    const Tensor mixed = feed_norm->forward(attended * live + normalised);
    const Tensor fed = drop(through(outer, drop(at::relu(through(inner, mixed)))));
    return (fed + mixed) * live;
  }

  // q [B, Q, D], k and v [B, T, D]. Each head is a row of its own: small operations cost more by
  // their number than by their work, so views and copies that one head does not need are left out.
  Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& masked) {
    const int64_t rows = q.size(0), queries = q.size(1);
    const double scale = 1 / std::sqrt(static_cast<double>(q.size(2) / heads));
    // The number is finite, so that a row without any item gets even weights instead of NaN.
    const Tensor scores = (at::bmm(split(q), split(k).transpose(1, 2)) * scale)
                              .masked_fill(of_heads(masked), -4294967295.0);
    const Tensor mixed = at::bmm(drop(at::softmax(scores, 2)), split(v));
    if (heads == 1) return mixed;
    return mixed.view({rows, heads, queries, mixed.size(2)}).transpose(1, 2).flatten(2);
  }

  // [B, T, D] -> [B * heads, T, D / heads]
  Tensor split(const Tensor& x) const {
    if (heads == 1) return x;
    return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2).flatten(0, 1);
  }
  // [B, Q, T] -> [B * heads, Q, T]
  Tensor of_heads(const Tensor& masked) const {
    return heads == 1 ? masked : masked.repeat_interleave(heads, 0);
  }
  Tensor drop(const Tensor& x) const { return lea::apply_dropout(x, dropout, is_training()); }
  static Tensor through(const torch::nn::Linear& layer, const Tensor& x) {
    return lea::apply_linear(x, layer->weight, layer->bias);
  }

  const int64_t heads;
  const double dropout;
  torch::nn::LayerNorm attention_norm;
  torch::nn::Linear query, key, value;
  torch::nn::LayerNorm feed_norm;
  torch::nn::Linear inner, outer;
};

class SasRec final : public lea::Backbone {
 public:
  using Params = ::Params;

  SasRec(const Params& params, const lea::Context& context) : params_(params) {
    if (params.width % params.heads != 0) {
      throw lea::ConfigError("backbone sasrec: width must be a multiple of heads, but is " +
                             std::to_string(params.width) + " with " +
                             lea::counted(params.heads, "head"));
    }
    item_ = register_module("item", torch::nn::Embedding(context.items() + 1, params.width));
    position_ = register_parameter("position", at::empty({context.history(), params.width}));
    torch::nn::init::normal_(item_->weight, 0, params.embedding_std);
    torch::nn::init::normal_(position_, 0, params.embedding_std);
    for (int64_t i = 0; i < params.blocks; ++i) {
      blocks_.push_back(
          register_module("block" + std::to_string(i), std::make_shared<Block>(params)));
    }
    final_norm_ = register_module("final_norm", norm(params.width));
  }

  int64_t width() const override { return params_.width; }

  Tensor item_embedding() const override { return params_.tied ? item_->weight : Tensor(); }

  Tensor encode(const lea::History& history) override {
    const int64_t positions = history.items.size(1);
    const Tensor place = at::arange(positions, history.items.options());
    const Tensor padding = place.ge(history.length.unsqueeze(1));  // [B, T]
    const Tensor live = padding.logical_not().to(position_.scalar_type()).unsqueeze(2);
    const Tensor items = history.items.masked_fill(padding, 0);
    Tensor x = item_->forward(items) + position_.slice(0, 0, positions);
    x = lea::apply_dropout(x, params_.dropout, is_training()) * live;

    const Tensor future = place.unsqueeze(0).gt(place.unsqueeze(1));  // [T, T]
    const Tensor masked = padding.view({-1, 1, positions}).logical_or(future);
    for (size_t i = 0; i + 1 < blocks_.size(); ++i) x = blocks_[i]->forward(x, x, masked, live);

    // The output of the last block is needed only at the last item of each history.
    const Tensor last = (history.length - 1).clamp_min(0).view({-1, 1, 1});
    const Tensor from = x.gather(1, last.expand({-1, 1, params_.width}));
    const Tensor output =
        blocks_.back()->forward(from, x, padding.view({-1, 1, positions}), live.gather(1, last));
    return final_norm_->forward(output).squeeze(1);
  }

 private:
  const Params params_;
  torch::nn::Embedding item_{nullptr};
  Tensor position_;
  std::vector<std::shared_ptr<Block>> blocks_;
  torch::nn::LayerNorm final_norm_{nullptr};
};

}  // namespace

LEA_PLUGIN(backbone, "lea.sasrec", "1.0.0", SasRec, "SASRec as in the SNQN and SA2C code")
