// An environment without a language model: item vectors that are learned from which items stand
// close to each other in training sequences. A state is the mean of the vectors of the history's
// items, a reward is the cosine of the state and the item's vector.
//
//   skip_gram  skip-gram with negative sampling (Barkan and Koenigstein 2016)
//   svd        U sqrt(Sigma) of max(0, PMI - ln negatives), what skip-gram factorises in the limit
//              (Levy and Goldberg 2014)
//
// The vectors have length 1, so that a frequent item, whose vector is long, does not decide the
// mean. Items outside the training sequences have the vector 0 and the reward 0.
#include "plugins/environments/item_vectors.h"

#include <filesystem>

#include "core/api/low_rank.h"
#include "core/api/pair_counts.h"
#include "core/api/plugin.h"
#include "plugins/environments/skip_gram.h"

namespace {

using lea::History;
using lea::Tensor;

class ItemVectors final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params {
    double portion = 0.1, learning_rate = 0.025, decay = 0.8;
    int64_t seed = 1, width = 64, window = 5, negatives = 5, epochs = 20;
    std::string method = "skip_gram";
    void fields(lea::Fields& f) {
      f.real("portion", portion, {1e-6, 1}, "fraction of the training sequences to learn from");
      f.integer("seed", seed, {0, 9e15},
                "which training sequences, and all random numbers; independent of the run's seed");
      f.choice("method", method, {"skip_gram", "svd"}, "how the vectors are learned");
      f.integer("width", width, {1, 4096}, "width of the vectors and of the state, S");
      f.integer("window", window, {1, 1000},
                "farthest distance of two events that count as a pair");
      f.integer("negatives", negatives, {1, 100},
                "skip_gram: negatives of a pair; svd: its logarithm is the shift");
      f.integer("epochs", epochs, {1, 10000}, "skip_gram: passes over all pairs");
      f.real("learning_rate", learning_rate, {1e-8, 10},
             "skip_gram: learning rate of the first step; falls linearly");
      f.real("decay", decay, {0, 1},
             "weight of a history's item relative to the one after it; 0: the last item alone");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {
        {"vectors",
         /*after=*/"",
         {"portion", "seed", "method", "width", "window", "negatives", "epochs", "learning_rate"},
         /*reads=*/{"training"},
         /*slot=*/""}};
  }

  class Maker final : public lea::Preparer {
   public:
    explicit Maker(const Params& params) : params_(params) {}

    lea::Counts count(const lea::Artefact&, lea::PrepareContext& context) override {
      const double pairs = double(training(context).events()) * 2 * double(params_.window);
      const int64_t rows = context.items() + 1;
      const auto width = double(params_.width);
      if (params_.method == "svd")
        return {{"memory_accesses", pairs},
                {"multiply_adds", lea::low_rank_cost(rows, rows, pairs, params_.width)},
                {"state_width", width}};
      constexpr double kProducts = 3;  // the score, and the gradients of both vectors
      return {{"multiply_adds",
               double(params_.epochs) * pairs * double(1 + params_.negatives) * kProducts * width},
              {"state_width", width}};
    }

    void prepare(const lea::Artefact&, lea::PrepareContext& context) override {
      params_.method == "svd" ? factorise(context) : train(context);
    }

   private:
    const lea::TrainingData& training(lea::PrepareContext& context) const {
      return context.training(params_.portion, uint64_t(params_.seed));
    }

    void factorise(lea::PrepareContext& context) const {
      const auto stop = [&](int64_t d, int64_t t) { return context.stop(d, t); };
      const auto counts = lea::count_pairs(training(context), params_.window, stop);
      if (!counts) return;
      const lea::SparseRows information =
          lea::shifted_information(*counts, std::log(double(params_.negatives)));
      const auto vectors = lea::low_rank(information, params_.width, uint64_t(params_.seed), stop);
      if (!vectors) return;
      lea::write_item_vectors(context.folder(),
                              lea::unit_vectors(vectors->row_vectors(params_.width, 0.5)));
      context.record("explained", vectors->explained(information));
    }

    // Keeps the vectors after each epoch, so that an interrupted making goes on from there.
    void train(lea::PrepareContext& context) const {
      const std::string kept = context.folder() + "/epoch.safetensors";
      lea::SkipGram model(training(context),
                          {params_.width, params_.window, params_.negatives, params_.epochs,
                           params_.learning_rate, uint64_t(params_.seed)});
      if (std::filesystem::exists(kept)) {
        const auto tensors = lea::read_tensors(kept);
        model.input.copy_(lea::tensor_of(tensors, "input", at::kFloat, kept));
        model.output.copy_(lea::tensor_of(tensors, "output", at::kFloat, kept));
        model.epoch = lea::tensor_of(tensors, "epoch", at::kLong, kept).item<int64_t>();
        model.loss = lea::tensor_of(tensors, "loss", at::kDouble, kept).item<double>();
      }
      while (model.epoch < params_.epochs) {
        if (!model.train_epoch([&](int64_t d, int64_t t) { return context.stop(d, t); })) return;
        lea::write_tensors(kept, {{"input", model.input},
                                  {"output", model.output},
                                  {"epoch", at::full({1}, model.epoch, at::kLong)},
                                  {"loss", at::full({1}, model.loss, at::kDouble)}});
      }
      lea::write_item_vectors(context.folder(), lea::unit_vectors(model.input));
      context.record("loss", model.loss);
      std::filesystem::remove(kept);
    }

    const Params params_;
  };

  ItemVectors(const Params& params, const lea::Context& context)
      : params_(params),
        vectors_(lea::read_item_vectors(context.artefact("vectors"), context.items())) {}

  int64_t state_width() const override { return params_.width; }

  Tensor state(const History& history) override {
    return lea::mean_vectors(history, vectors_.values(), params_.decay).to(history.items.device());
  }

  // 0 for an empty history. Ignores the roles.
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    const Tensor states = lea::mean_vectors(history, vectors_.values(), params_.decay),
                 wanted = actions.to(at::kCPU).contiguous(),
                 rewards = at::zeros(wanted.sizes(), at::kFloat);
    const int64_t count = wanted.size(1), width = params_.width;
    const int64_t* action = wanted.const_data_ptr<int64_t>();
    const float* vector = vectors_.values().const_data_ptr<float>();
    float* reward = rewards.mutable_data_ptr<float>();
    for (int64_t row = 0; row < wanted.size(0); ++row) {
      const float* state = states.const_data_ptr<float>() + row * width;
      const float length = std::sqrt(lea::dot(state, state, width));
      if (length == 0) continue;
      for (int64_t k = 0; k < count; ++k) {
        const int64_t cell = row * count + k;
        reward[cell] = lea::dot(state, vector + action[cell] * width, width) / length;
      }
    }
    return rewards.to(actions.device());
  }

 private:
  const Params params_;
  const lea::Table vectors_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.item_vectors", "1.0.0", ItemVectors,
           "cosine with the history's items by vectors learned from training sequences")
