// Untrained baseline: what followed, preceded and resembles the last items of the history. It adds
// up transition shares over one and two hops, in both directions, and the cosine of item texts.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/api/counting.h"
#include "core/api/plugin.h"
#include "core/api/tfidf.h"
#include "core/base/error.h"

namespace {

using lea::PairCounts;
using lea::Tensor;

using Pairs = std::vector<std::pair<int32_t, int32_t>>;

// Rows that are kept in memory. Others are made again whenever they are asked for.
constexpr int64_t kKeptBytes = int64_t{256} << 20;

class GraphText final : public lea::Framework {
 public:
  struct Params {
    int64_t last = 3;
    double decay = 0.5;
    double forward = 1;
    double two_hops = 1;
    double backward = 0.1;
    double text = 0.2;
    double skip = 0.1;
    double popularity = 1e-4;
    std::string columns = "auto";
    void fields(lea::Fields& f) {
      f.integer("last", last, {1, 1000}, "items of the history that count, from its end");
      f.real("decay", decay, {0, 1}, "how much less an item counts than the one after it");
      f.real("forward", forward, {0, 1e6},
             "weight of T: the share of each item among those that followed");
      f.real("two_hops", two_hops, {0, 1e6}, "weight of T^2: T twice in a row");
      f.real("backward", backward, {0, 1e6},
             "weight of B: the share of each item among those that came before");
      f.real(
          "text", text, {0, 1e6},
          "weight of S: the cosine of the TF-IDF vectors of two items' texts (0: reads no texts)");
      f.real("skip", skip, {0, 1e6},
             "weight of K: the share of each item two events later, for the last item but one");
      f.real(
          "popularity", popularity, {0, 1e6},
          "weight of the training count relative to that of the most frequent item: the fallback");
      f.text("columns", columns,
             "of the item texts: `title*2, brand, description:300` is the title twice, the brand "
             "and 300 characters of the description; auto: the title twice and 300 characters of "
             "each other column that does not come from interactions, as also_buy does");
    }
  };
  static std::vector<std::string> uses() { return {}; }

  GraphText(const Params& params, const lea::Context& context) : params_(params) {
    if (params.text == 0) return;
    if (context.text_columns().empty()) {
      throw lea::ConfigError(
          "framework.text: the data set has no item texts. Set `text: 0`, or put an items.tsv "
          "beside its interactions and import it again");
    }
    features_ = lea::tfidf(lea::item_documents(context, params.columns, "framework.columns"));
    items_with_ = features_.transposed();
  }

  void fit(const lea::TrainingData& training) override {
    const int32_t* item = training.item.const_data_ptr<int32_t>();
    const int64_t* offset = training.offset.const_data_ptr<int64_t>();
    Pairs forward, backward, skip;
    for (int64_t s = 0; s < training.sequences(); ++s) {
      for (int64_t i = offset[s]; i + 1 < offset[s + 1]; ++i) {
        forward.emplace_back(item[i], item[i + 1]);
        backward.emplace_back(item[i + 1], item[i]);
        if (i + 2 < offset[s + 1]) skip.emplace_back(item[i], item[i + 2]);
      }
    }
    graph_.clear();
    for (Pairs* pairs : {&forward, &backward, &skip})
      graph_.emplace_back(training.items, std::move(*pairs));
    const Tensor counts = lea::item_counts(training).to(at::kDouble);
    popularity_ = counts * (params_.popularity / counts.max().clamp_min(1).item<double>());
    rows_.assign(training.items + 1, {});
    kept_bytes_ = 0;
  }

  Tensor score(const lea::History& history) override {
    const Tensor items = history.items.to(at::kCPU).contiguous();
    const Tensor length = history.length.to(at::kCPU).contiguous();
    const Tensor scores = popularity_.repeat({items.size(0), 1});
    for (int64_t row = 0; row < items.size(0); ++row) {
      add_scores(items.const_data_ptr<int64_t>() + row * items.size(1),
                 length.const_data_ptr<int64_t>()[row],
                 scores.mutable_data_ptr<double>() + row * scores.size(1));
    }
    return scores.to(history.items.device(), at::kFloat);
  }

 private:
  enum Counts { kForward, kBackward, kSkip };

  void add_scores(const int64_t* items, int64_t length, double* scores) {
    double weight = 1;
    for (int64_t i = 0; i < std::min(params_.last, length); ++i, weight *= params_.decay) {
      const std::vector<float>& row = row_of(items[length - 1 - i]);
      for (size_t j = 0; j < row.size(); ++j) scores[j] += weight * row[j];
    }
    if (length > 1) graph_[kSkip].add_shares(items[length - 2], params_.skip, scores);
  }

  // The weighted sum of T, T^2, B and S for one item: a number for each item.
  const std::vector<float>& row_of(int64_t item) {
    std::vector<float>& kept = rows_[item];
    if (!kept.empty()) return kept;
    std::vector<double> sum(popularity_.size(0), 0);
    add_texts(item, sum.data());
    graph_[kForward].add_shares(item, params_.forward, sum.data());
    graph_[kForward].add_two_hops(item, params_.two_hops, sum.data());
    graph_[kBackward].add_shares(item, params_.backward, sum.data());
    const int64_t bytes = std::ssize(sum) * static_cast<int64_t>(sizeof(float));
    std::vector<float>& row = kept_bytes_ + bytes > kKeptBytes ? passing_ : kept;
    if (&row == &kept) kept_bytes_ += bytes;
    row.assign(sum.begin(), sum.end());
    return row;
  }

  void add_texts(int64_t item, double* sum) const {
    if (features_.rows() == 0) return;
    for (int64_t i = features_.offset[item - 1]; i < features_.offset[item]; ++i)
      items_with_.add_row(features_.column[i], params_.text * features_.value[i], sum);
    sum[item - 1] = 0;  // an item says nothing about itself
  }

  const Params params_;
  lea::TfidfMatrix features_;             // a row for each item; none without texts
  lea::SparseRows items_with_;            // the same, a row for each feature
  std::vector<PairCounts> graph_;         // by Counts; empty before fit()
  Tensor popularity_;                     // double [N]
  std::vector<std::vector<float>> rows_;  // by item; empty where it is not kept
  std::vector<float> passing_;            // a row that is not kept
  int64_t kept_bytes_ = 0;
};

}  // namespace

LEA_PLUGIN(framework, "lea.graph_text", "1.0.0", GraphText,
           "transition shares and text similarity of the last items; popularity as fallback")
