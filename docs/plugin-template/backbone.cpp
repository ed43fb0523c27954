// A backbone turns a history of items into a hidden state. This one averages item embeddings.
#include <ATen/ATen.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/embedding.h>

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Tensor;

class Backbone final : public lea::Backbone {
 public:
  // Each parameter is declared here and nowhere else. A default never changes once it is published;
  // f.added("name") marks a parameter that is added later.
  struct Params {
    int64_t width = 64;
    double dropout = 0.1;
    void fields(lea::Fields& f) {
      f.integer("width", width, {1, 4096}, "width of the hidden state");
      f.real("dropout", dropout, {0, 1}, "dropout rate on the item embeddings");
    }
  };

  Backbone(const Params& params, const lea::Context& context)
      : width_(params.width),
        items_(register_module("items", torch::nn::Embedding(context.items() + 1, params.width))),
        dropout_(register_module("dropout", torch::nn::Dropout(params.dropout))) {}

  int64_t width() const override { return width_; }

  // [B, T] -> [B, D]. Positions after `length` are padding and may change nothing. An empty history
  // gives 0.
  Tensor encode(const History& history) override {
    const Tensor mask = history.items.ne(0).unsqueeze(-1).to(at::kFloat);           // [B, T, 1]
    const Tensor embedded = dropout_(items_(history.items)) * mask;                 // [B, T, D]
    const Tensor count = history.length.clamp_min(1).unsqueeze(-1).to(at::kFloat);  // [B, 1]
    return embedded.sum(1) / count;
  }

 private:
  int64_t width_;
  torch::nn::Embedding items_;
  torch::nn::Dropout dropout_;
};

}  // namespace

LEA_PLUGIN(backbone, "my.backbone", "0.1.0-dev", Backbone, "mean of the item embeddings")
