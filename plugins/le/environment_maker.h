// Makes the artefacts of the language-model environment.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/api/preparer.h"
#include "core/lm/config.h"
#include "plugins/le/environment.h"
#include "plugins/le/passes.h"

namespace lea::le {

inline constexpr int64_t kItemsOfLoss = 200;  // whose loss is measured after the tokenisation

class LanguageEnvironment::Maker final : public Preparer {
 public:
  explicit Maker(const Settings& settings) : settings_(settings) {}

  Counts count(const Artefact& artefact, PrepareContext& context) override;
  void prepare(const Artefact& artefact, PrepareContext& context) override;
  // Item sentences, and the prompts of the last events of the first training sequences
  // (shown_prompts.cpp).
  std::vector<std::string> show(PrepareContext& context, int64_t limit) override;

 private:
  // The rows that go through the model without a gradient and with one, the multiplications of what
  // is trained in float32 beside it, and the rows of the longest sentence or prompt of what is
  // trained, as far as they are known.
  struct Work {
    double read = 0, learned = 0, beside = 0;
    int64_t longest = kRowsOfPass;
  };
  // `pool` is the width of the pool for the rewards; other artefacts ignore it. This and count()
  // are in environment_work.cpp.
  Work work_of(const Artefact& artefact, PrepareContext& context, int64_t pool) const;
  // These are in environment_sizes.cpp. The bytes of the files that `prepare` leaves, without their
  // headers and without those that it links or keeps from item texts (kTitlesFile); and the bytes
  // that opening the model needs, 0 when it is not opened, or not on the CPU.
  double bytes_of_files(const Artefact& artefact, PrepareContext& context, int64_t pool) const;
  double bytes_of_model(const Artefact& artefact, PrepareContext& context, int64_t longest) const;
  void make_tokens(PrepareContext& context) const;
  void make_adapter(PrepareContext& context) const;
  void make_states(PrepareContext& context) const;
  void make_rewards(PrepareContext& context) const;
  // These are in quality.cpp.
  std::unique_ptr<EnvironmentModel> open_model(const PrepareContext& context) const;
  void make_quality(PrepareContext& context) const;
  void make_choices(PrepareContext& context) const;

  const Settings settings_;
};

// A history of the training data that is asked about, by its sequence and its number of items.
struct AskedPlace {
  int64_t sequence = 0, end = 0;
};

// All places, or with `events` only those of events, in the order of the tables, in chunks that take
// about ten seconds with a small model on two cores. The same data gives the same chunks, so that an
// interrupted making computes the same passes as one that is not.
std::vector<std::vector<AskedPlace>> chunks_of(const TrainingData& training, bool events,
                                               const RowsOfParts& parts, int64_t actions);

// Throws DataError when the item tokens are of other items than the data.
void require_items(const EnvironmentModel& model, const PrepareContext& context);

// Whether `choices` asks the model for any: there are events, and as many labels as candidates.
bool measures_choices(const Settings& settings);

// The rows that the quality and the choices take, about. The prompts need to know item 1 alone.
double rows_of_quality(const Settings& settings, PrepareContext& context, const Prompts& prompts,
                       const RowsOfParts& parts);
double rows_of_choices(const Settings& settings, PrepareContext& context,
                       const SelectionPrompts& prompts);
// The multiplications of the baselines that are trained beside either of the two.
double cost_beside_quality(const Settings& settings, PrepareContext& context);

}  // namespace lea::le
