// The network of text_gru in training.
#pragma once

#include <string>
#include <vector>

#include "plugins/tuning/text_gru_model.h"
#include "plugins/tuning/training.h"

namespace lea {

inline constexpr const char* kTextGruFile = "/model.safetensors";

class TextGruLearner final : public Learner {
 public:
  // A new network over these vectors, from the settings' seed. `vectors` float [N + 1, W].
  TextGruLearner(const TuningSettings& settings, const Tensor& vectors,
                 const TrainingData& training, c10::Device device);

  const std::vector<Tensor>& parameters() const override { return model_.parameters(); }
  std::optional<TuningLosses> accumulate(const std::vector<TuningRow>& rows,
                                         const Tensor& negatives,
                                         const std::function<bool()>& leave = {}) override;
  std::optional<TuningValidation> validate(const TrainingData& rest,
                                           const std::function<bool()>& leave) const override;
  // Writes kTextGruFile.
  void save(const std::string& folder) const override { model_.save(folder + kTextGruFile); }

 private:
  const TuningSettings settings_;
  const TrainingData training_;
  const TextGruModel model_;
};

// The multiplications of the GRU for one item of a history.
double text_gru_step_cost(int64_t width);
// The multiplications of the training, about. Throws what TuningBatches throws.
double text_gru_training_cost(const TuningSettings& settings, const TrainingData& part,
                              int64_t width);

}  // namespace lea
