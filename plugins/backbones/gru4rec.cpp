// GRU4Rec as Xin et al. use it (SIGIR 2020, WSDM 2022): a GRU over the embedded history, with its
// hidden state at the last item as the output. The GRU4Rec of Hidasi et al. has another loss and
// another sampling.
#include <ATen/ATen.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/rnn.h>

#include "core/api/dropout.h"
#include "core/api/plugin.h"
#include "core/api/recurrent.h"

namespace {

class Gru4Rec final : public lea::Backbone {
 public:
  struct Params {
    int64_t width = 64;
    int64_t layers = 1;
    double dropout = 0;
    double embedding_std = 0.01;
    bool tied = false;
    void fields(lea::Fields& f) {
      f.integer("width", width, {1, 4096}, "item embedding and hidden size d (paper: 64)");
      f.integer("layers", layers, {1, 8}, "stacked GRU layers (U20; code: 1)");
      f.real("dropout", dropout, {0, 0.99}, "dropout rate on the GRU's input and output (code: 0)");
      f.real("embedding_std", embedding_std, {0, 10},
             "standard deviation of initial embeddings (code: 0.01)");
      f.boolean("tied", tied, "the supervised head's weight is the item embedding (code: false)");
      f.added("tied");
    }
  };

  Gru4Rec(const Params& params, const lea::Context& context) : params_(params) {
    // Row 0 is the padding item. It is trainable, because an empty history is encoded as one
    // padding item.
    embedding_ =
        register_module("embedding", torch::nn::Embedding(context.items() + 1, params.width));
    torch::nn::init::normal_(embedding_->weight, 0, params.embedding_std);
    gru_ = register_module("gru",
                           torch::nn::GRU(torch::nn::GRUOptions(params.width, params.width)
                                              .num_layers(params.layers)
                                              .batch_first(true)
                                              .dropout(params.layers > 1 ? params.dropout : 0)));
  }

  int64_t width() const override { return params_.width; }

  lea::Tensor item_embedding() const override {
    return params_.tied ? embedding_->weight : lea::Tensor();
  }

  lea::Tensor encode(const lea::History& history) override {
    const lea::PackedHistory packed = lea::pack(history);
    const auto output = lea::run_gru(*gru_, drop(embedding_->forward(packed.items)), packed);
    return drop(output.index_select(0, packed.last));
  }

 private:
  lea::Tensor drop(const lea::Tensor& input) const {
    return lea::apply_dropout(input, params_.dropout, is_training());
  }

  const Params params_;
  torch::nn::Embedding embedding_{nullptr};
  torch::nn::GRU gru_{nullptr};
};

}  // namespace

LEA_PLUGIN(backbone, "lea.gru4rec", "1.0.0", Gru4Rec, "GRU4Rec as in the SNQN and SA2C code")
