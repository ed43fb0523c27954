// An environment without a language model: items that stand close to each other in training
// sequences belong together. A reward is the association of the item with the last items of the
// history, a state is the mean of their vectors.
//
//   cosine  n_ij / sqrt(n_i n_j)                            0..1 (Sarwar et al. 2001, on counts)
//   npmi    max(0, ln(p_ij / (p_i p_j)) / -ln p_ij)         0..1 (Bouma 2009)
//
// n_ij counts the pairs of items i and j within the window, n_i is the sum of row i, p are shares of
// all pairs. Items that never stand together have no association. The vectors are U sqrt(Sigma) of
// the positive pointwise mutual information (Levy, Goldberg, Dagan 2015, with p = 0.5).
#include <ATen/ATen.h>

#include "core/api/low_rank.h"
#include "core/api/pair_counts.h"
#include "core/api/plugin.h"
#include "core/api/sparse_file.h"
#include "plugins/environments/item_vectors.h"

namespace {

using lea::History;
using lea::SparseRows;
using lea::Tensor;

constexpr const char* kCountsFile = "/counts.safetensors";

class Cooccurrence final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params {
    double portion = 0.1, decay = 0.8;
    int64_t seed = 1, window = 5, width = 64;
    std::string measure = "npmi";
    void fields(lea::Fields& f) {
      f.real("portion", portion, {1e-6, 1}, "fraction of the training sequences to count in");
      f.integer("seed", seed, {0, 9e15},
                "which training sequences, and the random start of the vectors; independent of the "
                "run's seed");
      f.integer("window", window, {1, 1000},
                "farthest distance of two events that count as a pair");
      f.choice("measure", measure, {"npmi", "cosine"}, "the association of two items");
      f.real("decay", decay, {0, 1},
             "weight of a history's item relative to the one after it; 0: the last item alone");
      f.integer("width", width, {1, 4096}, "width of the state, S");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"counts",
             /*after=*/"",
             {"portion", "seed", "window"},
             /*reads=*/{"training"},
             /*slot=*/""},
            {"vectors", "counts", {"width", "seed"}, {}, "state"}};
  }

  class Maker final : public lea::Preparer {
   public:
    explicit Maker(const Params& params) : params_(params) {}

    lea::Counts count(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      if (artefact.kind == "vectors") {
        const int64_t rows = context.items() + 1;
        constexpr double kNeighbours = 30;  // of an item: a guess, because the counts do not exist
        return {{"multiply_adds",
                 lea::low_rank_cost(rows, rows, kNeighbours * double(rows), params_.width)},
                {"state_width", double(params_.width)}};
      }
      const lea::TrainingData& training = context.training(params_.portion, uint64_t(params_.seed));
      return {{"memory_accesses", double(training.events()) * 2 * double(params_.window)}};
    }

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      artefact.kind == "counts" ? prepare_counts(context) : prepare_vectors(context);
    }

   private:
    void prepare_counts(lea::PrepareContext& context) {
      const auto counts = lea::count_pairs(
          context.training(params_.portion, uint64_t(params_.seed)), params_.window,
          [&](int64_t d, int64_t t) { return context.stop(d, t); });
      if (!counts) return;
      lea::write_sparse_rows(context.folder() + kCountsFile, *counts);
      context.record("pairs", lea::total_of(*counts) / 2);
    }

    void prepare_vectors(lea::PrepareContext& context) {
      const SparseRows information = lea::shifted_information(
          lea::read_sparse_rows(context.earlier() + kCountsFile, context.items() + 1), 0);
      const auto vectors = lea::low_rank(information, params_.width, uint64_t(params_.seed),
                                         [&](int64_t d, int64_t t) { return context.stop(d, t); });
      if (!vectors) return;
      lea::write_item_vectors(context.folder(), vectors->row_vectors(params_.width, 0.5));
      context.record("explained", vectors->explained(information));
    }

    const Params params_;
  };

  Cooccurrence(const Params& params, const lea::Context& context)
      : params_(params), context_(context) {}

  int64_t state_width() const override { return params_.width; }

  Tensor state(const History& history) override {
    if (!vectors_)
      vectors_.emplace(lea::read_item_vectors(context_.artefact("vectors"), context_.items()));
    return lea::mean_vectors(history, vectors_->values(), params_.decay).to(history.items.device());
  }

  // The weighted mean of the associations with the history's items; 0 for an empty history. Ignores
  // the roles.
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    if (!association_) read_association();
    const Tensor items = history.items.to(at::kCPU).contiguous(),
                 wanted = actions.to(at::kCPU).contiguous(),
                 weights = lea::history_weights(history, params_.decay);
    const int64_t rows = wanted.size(0), count = wanted.size(1), positions = items.size(1);
    const Tensor rewards = at::zeros({rows, count}, at::kFloat);
    const int64_t* item = items.const_data_ptr<int64_t>();
    const int64_t* action = wanted.const_data_ptr<int64_t>();
    const float* weight = weights.const_data_ptr<float>();
    float* reward = rewards.mutable_data_ptr<float>();
    for (int64_t row = 0; row < rows; ++row, item += positions, weight += positions) {
      for (int64_t k = 0; k < count; ++k, ++action, ++reward) {
        for (int64_t j = 0; j < positions; ++j) {
          if (weight[j] > 0) *reward += weight[j] * lea::value_at(*association_, item[j], *action);
        }
      }
    }
    return rewards.to(actions.device());
  }

 private:
  void read_association() {
    const SparseRows counts =
        lea::read_sparse_rows(context_.artefact("counts") + kCountsFile, context_.items() + 1);
    const double total = lea::total_of(counts);
    const bool cosine = params_.measure == "cosine";
    association_ = lea::with_values(counts, [&](double count, double row, double column) {
      if (cosine) return count / std::sqrt(row * column);
      return lea::normalised_information(count, row, column, total);
    });
  }

  const Params params_;
  const lea::Context& context_;
  // Read at the first call that needs them, because a slot has only its own artefacts.
  std::optional<SparseRows> association_;
  std::optional<lea::Table> vectors_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.cooccurrence", "1.0.0", Cooccurrence,
           "association with the history's items in training sequences")
