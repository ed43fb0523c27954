// The language model in training: what one step of the tuning computes, and how it is validated.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/types.h"
#include "plugins/le/environment_model.h"
#include "plugins/tuning/training.h"

namespace lea::le {

// The adapter of the settings, as it is made and trained.
lm::AdapterConfig adapter_of(const Settings& settings);

// Throws ConfigError for `targets` that name no module of such a model.
void require_targets(const Settings& settings, const lm::Config& config);

// The rows and columns of each matrix of such a model that the adapter changes.
std::vector<std::pair<int64_t, int64_t>> adapted_matrices(const Settings& settings,
                                                          const lm::Config& config);

class Tuner final : public Learner {
 public:
  // Opens the model and makes a new adapter and a new score head from the settings' seed. Throws
  // DataError when the item tokens are not those of the data.
  Tuner(const Settings& settings, const std::string& tokens_folder, const TrainingData& training,
        at::Device device);

  // A and B by the module's name, then the head, on the device.
  const std::vector<at::Tensor>& parameters() const override { return parameters_; }
  // Writes kAdapterFolder and kHeadFile.
  void save(const std::string& folder) const override;
  // The batch is computed in passes; leave() is asked before each of them.
  std::optional<TuningLosses> accumulate(const std::vector<TuningRow>& rows,
                                         const at::Tensor& negatives,
                                         const std::function<bool()>& leave = {}) override;
  std::optional<TuningValidation> validate(const TrainingData& rest,
                                           const std::function<bool()>& leave) const override;

 private:
  const Settings settings_;
  const TrainingData training_;
  std::unique_ptr<OpenModel> model_;
  at::Tensor tokens_;    // float [N, D]
  at::Tensor embedded_;  // the same in the model's type
  std::unique_ptr<Prompts> prompts_;
  std::optional<lm::Adapter> adapter_;
  ScoreHead head_;
  std::vector<at::Tensor> parameters_;
};

}  // namespace lea::le
