// The language model in training: what one step of the tuning computes, and how it is validated.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/types.h"
#include "plugins/le/environment_model.h"
#include "plugins/le/tuning_batches.h"

namespace lea::le {

class Tuner {
 public:
  // Opens the model and makes a new adapter and a new score head from the settings' seed. Throws
  // DataError when the item tokens are not those of the data.
  Tuner(const Settings& settings, const std::string& tokens_folder, const TrainingData& training,
        at::Device device);

  // What is trained, float32, on the device: A and B by the module's name, then the head.
  const std::vector<at::Tensor>& parameters() const { return parameters_; }
  // Writes kAdapterFolder and kHeadFile.
  void save(const std::string& folder) const;

  // Means over the rows of the batch; `total` is weighted, L_LE.
  struct Losses {
    double total = 0, reward = 0, state = 0;
  };
  // Adds the gradients of L_LE to those of the parameters. `negatives` int64 [B, K]. The batch is
  // computed in passes. Returns nothing when leave(), which is asked before each of them, was true;
  // then the gradients are incomplete.
  std::optional<Losses> accumulate(const std::vector<TuningRow>& rows, const at::Tensor& negatives,
                                   const std::function<bool()>& leave = {});

  struct Validation {
    double accuracy = 0, state_accuracy = 0;  // see Tuned::figures
    double cosine = 0;                        // mean_cosine() of the states
  };
  // Over the events of the first 200 sequences of `rest` that have a history, with one sampled item
  // each, the same ones in each call. Returns nothing when leave() was true.
  std::optional<Validation> validate(const TrainingData& rest,
                                     const std::function<bool()>& leave) const;

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
