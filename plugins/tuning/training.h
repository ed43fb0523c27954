// The training of an environment by L_LE = w_rm L_rm + w_sm L_sm (sections 3.3 to 3.5) on a fraction
// of the training sequences, whatever it is that learns: batches, Adam, validation, divergence and
// checkpoints.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/types.h"
#include "plugins/tuning/batches.h"
#include "plugins/tuning/settings.h"
#include "plugins/tuning/tuned.h"

namespace lea {

// Means over the rows of a batch; `total` is weighted, L_LE. These also are the means when the sum
// over rows is differentiated, see weight_of_reward_loss().
struct TuningLosses {
  double total = 0, reward = 0, state = 0;
};

// The shares of pairs of a logged and a sampled item in which the logged one has the higher reward,
// or is more similar to the state; equal ones count half. `cosine` is mean_cosine() of the states.
struct TuningValidation {
  double accuracy = 0, state_accuracy = 0, cosine = 0;
};

// What is trained.
class Learner {
 public:
  virtual ~Learner() = default;

  // Float32, with gradients; always the same tensors.
  virtual const std::vector<at::Tensor>& parameters() const = 0;
  // Adds the gradients of L_LE to those of the parameters. `negatives` int64 [B, K]. Returns nothing
  // when leave() was true; then the gradients are incomplete.
  virtual std::optional<TuningLosses> accumulate(const std::vector<TuningRow>& rows,
                                                 const at::Tensor& negatives,
                                                 const std::function<bool()>& leave) = 0;
  // Over the pairs of validation_pairs(). Returns nothing when leave() was true.
  virtual std::optional<TuningValidation> validate(const TrainingData& rest,
                                                   const std::function<bool()>& leave) const = 0;
  // Writes what was learned into the folder.
  virtual void save(const std::string& folder) const = 0;
};

// A logged item and one that is drawn beside it, after a history that is not empty.
struct ValidationPair {
  TuningRow row;  // of `rest`
  int64_t logged = 0, sampled = 0;
};

// The pairs of the first `validation_sequences` sequences of `rest`, by sequence and event; the same
// ones in each call.
std::vector<ValidationPair> validation_pairs(const TuningSettings& settings,
                                             const TrainingData& rest);

// What R such pairs give: `states` [R, D], `rewards` [R, 2] of the logged and the sampled item, and
// the vectors of these items, each [R, D]. All on the CPU, float.
TuningValidation validation_of(const TuningSettings& settings, const at::Tensor& states,
                               const at::Tensor& rewards, const at::Tensor& logged,
                               const at::Tensor& sampled);

// How often a training validates, when it is not interrupted by a loss that diverges.
inline constexpr int64_t kValidations = 10;

// Trains and calls Learner::save(folder). `part` is the fraction, `rest` the training sequences
// outside of it, of which the first
// `validation_sequences` validate, each tenth of the training. `make` makes the
// learner with its start, once the settings and the data were found to be fit.
//
// Adam has the usual constants (.9, .999, 1e-8). The learning rate of step i, from 0, is multiplied
// by (i + 1) / warm_up_steps before the end of the warm-up, and with the schedule linear by (steps -
// i) / (steps - warm_up_steps) after it. `keep: best` keeps the parameters of the greatest
// validation_accuracy, or validation_state_accuracy with reward_weight 0.
//
// The training diverges when a loss is not finite, or when the mean loss of 20 steps is above 2 ln 2
// and above three times the lowest such mean so far; the first loss counts as one. Then the training
// ends with the parameters of the last twentieth step whose loss was still below these bounds.
//
// Checkpoints are kept in `folder` at least every 30 seconds. At the end the result is written
// (write_tuned), and only then the checkpoint is removed. So a call that was killed or interrupted
// at any moment goes on and ends with the same bytes, and one that finds the result trains nothing
// and returns it. LibTorch's generator is seeded by the settings' seed and the step before each
// step. Returns nothing when stop(done, total) was true. Warns when no row of any step had a
// negative for L_sm. Throws what require_trainable() throws, DataError for data without anything to
// learn from, and what `make` throws.
std::optional<Tuned> train_environment(const TuningSettings& settings, const TrainingData& part,
                                       const TrainingData& rest, const std::string& folder,
                                       const std::function<std::unique_ptr<Learner>()>& make,
                                       const std::function<bool(int64_t, int64_t)>& stop,
                                       const std::function<void(const std::string&)>& warn);

}  // namespace lea
