// An environment without a language model: items whose texts share rare words belong together. A
// reward is the cosine of the item's TF-IDF row and the mean of the rows of the history's items. A
// state is the mean of their rows, projected to the leading right singular vectors of the matrix of
// all items (latent semantic analysis, Deerwester et al. 1990).
//
// It reads no event. Items without text have the row 0, so their reward is 0.
#include <ATen/ATen.h>

#include <cmath>

#include "core/api/low_rank.h"
#include "core/api/plugin.h"
#include "core/api/sparse_file.h"
#include "plugins/environments/item_vectors.h"
#include "plugins/tuning/text_rows.h"

namespace {

using lea::History;
using lea::SparseRows;
using lea::Tensor;

constexpr const char* kName = "text_tfidf";  // in messages
constexpr const char* kRowsFile = "/rows.safetensors";
constexpr uint64_t kStart = 1;  // of the search for singular vectors, which forgets it

class TextTfidf final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params : lea::TextSettings {
    int64_t width = 64;
    double decay = 1;
    void fields(lea::Fields& f) {
      TextSettings::fields(f);
      f.real("decay", decay, {0, 1},
             "weight of a history's item relative to the one after it; 1: the plain mean");
      f.integer("width", width, {1, 4096}, "width of the state, S");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"rows",
             /*after=*/"",
             {"texts", "pairs", "sublinear", "min_documents", "max_features"},
             /*reads=*/{"texts"},
             /*slot=*/""},
            {"vectors", "rows", {"width"}, {}, "state"}};
  }

  class Maker final : public lea::Preparer {
   public:
    explicit Maker(const Params& params) : params_(params) {}

    lea::Counts count(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      if (artefact.kind == "vectors") {
        return {{"multiply_adds",
                 lea::low_rank_cost(context.items(), params_.max_features,
                                    lea::kFeaturesOfItem * double(context.items()), params_.width)},
                {"state_width", double(params_.width)}};
      }
      double bytes = 0;
      for (const std::string& text : lea::text_documents(params_, context, kName))
        bytes += double(text.size());
      return {{"text_bytes", bytes}};
    }

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      artefact.kind == "rows" ? prepare_rows(context) : prepare_vectors(context);
    }

   private:
    void prepare_rows(lea::PrepareContext& context) const {
      const auto found = lea::text_rows(params_, context, kName, "reward");
      if (!found) return;
      lea::write_sparse_rows(context.folder() + kRowsFile, found->rows);
      found->record(context);
    }

    void prepare_vectors(lea::PrepareContext& context) const {
      const SparseRows rows =
          lea::read_sparse_rows(context.earlier() + kRowsFile, context.items() + 1);
      const auto vectors = lea::low_rank(rows, params_.width, kStart,
                                         [&](int64_t d, int64_t t) { return context.stop(d, t); });
      if (!vectors) return;
      // U Sigma = A V: the projected rows.
      lea::write_item_vectors(context.folder(), vectors->row_vectors(params_.width, 1));
      context.record("explained", vectors->explained(rows));
    }

    const Params params_;
  };

  TextTfidf(const Params& params, const lea::Context& context)
      : params_(params), context_(context) {}

  int64_t state_width() const override { return params_.width; }

  // The projection is linear, so the projected mean is the mean of the projected rows.
  Tensor state(const History& history) override {
    if (!vectors_)
      vectors_.emplace(lea::read_item_vectors(context_.artefact("vectors"), context_.items()));
    return lea::mean_vectors(history, vectors_->values(), params_.decay).to(history.items.device());
  }

  // 0 for an empty history. Ignores the roles.
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    if (!rows_) read_rows();
    const Tensor items = history.items.to(at::kCPU).contiguous(),
                 wanted = actions.to(at::kCPU).contiguous(),
                 weights = lea::history_weights(history, params_.decay),
                 rewards = at::zeros(wanted.sizes(), at::kFloat);
    const int64_t count = wanted.size(1), positions = items.size(1);
    const int64_t* item = items.const_data_ptr<int64_t>();
    const int64_t* action = wanted.const_data_ptr<int64_t>();
    const float* weight = weights.const_data_ptr<float>();
    float* reward = rewards.mutable_data_ptr<float>();
    for (int64_t row = 0; row < wanted.size(0); ++row, item += positions, weight += positions) {
      for (int64_t j = 0; j < positions; ++j) rows_->add_row(item[j], weight[j], mean_.data());
      double square = 0;
      for (int64_t j = 0; j < positions; ++j) square += weight[j] * with_mean(item[j]);
      for (int64_t k = 0; k < count && square > 0; ++k) {
        const int64_t cell = row * count + k;
        reward[cell] = static_cast<float>(with_mean(action[cell]) / std::sqrt(square));
      }
      for (int64_t j = 0; j < positions; ++j) forget(item[j]);
    }
    return rewards.to(actions.device());
  }

 private:
  void read_rows() {
    rows_ = lea::read_sparse_rows(context_.artefact("rows") + kRowsFile, context_.items() + 1);
    mean_.assign(static_cast<size_t>(rows_->columns), 0);
  }

  // The product of an item's row and the mean.
  double with_mean(int64_t item) const {
    double sum = 0;
    for (int64_t i = rows_->offset[item]; i < rows_->offset[item + 1]; ++i)
      sum += rows_->value[i] * mean_[rows_->column[i]];
    return sum;
  }

  void forget(int64_t item) {
    for (int64_t i = rows_->offset[item]; i < rows_->offset[item + 1]; ++i)
      mean_[rows_->column[i]] = 0;
  }

  const Params params_;
  const lea::Context& context_;
  // Read at the first call that needs them, because a slot has only its own artefacts.
  std::optional<SparseRows> rows_;
  std::optional<lea::Table> vectors_;
  // The mean of the rows of one history, [columns]; zeros between calls.
  std::vector<double> mean_;
};

}  // namespace

LEA_PLUGIN(environment, "lea.text_tfidf", "1.0.0", TextTfidf,
           "cosine with the history's items by the words of their texts")
