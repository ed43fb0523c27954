// Simple rules that score items after a history, beside which the quality of an environment is
// measured (core/api/quality.h): what they know already, no language model is needed for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/api/types.h"

namespace lea {

class LEA_API Baseline {
 public:
  // What is asked about.
  struct Asked {
    std::span<const int32_t> history;  // items, oldest first, at least one
    std::span<const int32_t> own;      // all items of the sequence that it is from
  };

  explicit Baseline(std::string name) : name_(std::move(name)) {}
  virtual ~Baseline();
  const std::string& name() const { return name_; }

  // The score of item j is added to scores[j - 1]. `scores` [N].
  virtual void score(const Asked& asked, double* scores) const = 0;
  // The same by the similarity of the item and vector(), for a rule that ranks otherwise by its
  // state than by its scores. Returns false, and adds nothing, for one that does not.
  virtual bool state_score(const Asked& asked, double* scores) const;
  // A vector of the history, double [W], of which cosines are taken. Undefined for a rule that has
  // none; that is so for all histories or for no history.
  virtual Tensor vector(const Asked& asked) const;

 private:
  const std::string name_;
};

// How often the item occurs in these training sequences. Named `popularity`.
LEA_API std::unique_ptr<Baseline> popularity_baseline(const TrainingData& training);

// The mean association of the item with those of the history, as lea.cooccurrence computes it by
// default: normalised pointwise mutual information within 5 events, and each item of the history
// weighs 0.8 of the one after it. The vector has the associations with all items. With
// `leave_out_own` the sequence that is asked about is one of `training`, and its own pairs are left
// out of the counts.
LEA_API std::unique_ptr<Baseline> cooccurrence_baseline(const std::string& name,
                                                        const TrainingData& training,
                                                        bool leave_out_own);

// The cosine of the item's TF-IDF row and the mean row of the history's items, as lea.text_tfidf
// computes it by default. `texts` [N]. Named `text`.
LEA_API std::unique_ptr<Baseline> text_baseline(const std::vector<std::string>& texts);

// The cosine of the item's vector and the mean vector of the history's items, both less the mean of
// all vectors. `vectors` float [N, V].
LEA_API std::unique_ptr<Baseline> vector_baseline(const std::string& name, const Tensor& vectors);

// The vectors less their mean, each divided by its length; zeros stay. float [N, V].
LEA_API Tensor centred_units(const Tensor& vectors);

}  // namespace lea
