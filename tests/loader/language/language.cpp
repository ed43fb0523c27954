// An environment that asks a language model with 48 tokens. The state is the model's hidden state
// after the titles of the history, and a reward is the probability of the title's first token.
#include <ATen/ATen.h>

#include "all_of_lm.h"  // includes each header of core/lm that is installed
#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Tensor;

class Language final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params {
    std::string model = MODEL, tokenizer = TOKENIZER;
    void fields(lea::Fields& f) {
      f.text("model", model, "the folder of the model");
      f.text("tokenizer", tokenizer, "the folder of the tokenizer");
    }
  };

  Language(const Params& params, const lea::Context& context)
      : decoder_(lea::lm::read_config(params.model), lea::lm::Weights(params.model), at::kFloat,
                 at::kCPU) {
    lea::lm::AdapterConfig config;
    config.rank = 2;
    lea::lm::Adapter::make(config, decoder_).attach(decoder_);
    const lea::lm::Tokenizer tokenizer(params.tokenizer);
    first_ = at::zeros({context.items() + 1}, at::kLong);
    const std::vector<std::string> titles = context.texts("title");
    for (size_t j = 0; j < titles.size(); ++j)
      first_[int64_t(j) + 1] =
          tokenizer.encode_part(titles[j]).at(0) % decoder_.config().vocabulary;
  }

  int64_t state_width() const override { return decoder_.config().width; }

  Tensor state(const History& history) override {
    const Tensor items = history.items.cpu(), length = history.length.cpu();
    lea::lm::Forest forest;
    const int64_t start = forest.add(lea::lm::Forest::kStart, {0});
    for (int64_t row = 0; row < items.size(0); ++row) {
      int64_t last = start;
      for (int64_t t = 0; t < length[row].item<int64_t>(); ++t)
        last = forest.add(last, {first_[items[row][t]].item<int64_t>()});
      forest.read(last);
    }
    return lea::lm::hidden_states(decoder_, forest);
  }

  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    return decoder_.logits(state(history)).softmax(1).gather(1, first_.index({actions}));
  }

 private:
  lea::lm::Decoder decoder_;
  Tensor first_;  // int64 [N + 1], the first token of each title
};

}  // namespace

LEA_PLUGIN(environment, "test.language", "1.0.0", Language, "an environment with a language model")
