// Fine-tuning of the LE, sections 3.3 to 3.5: one LoRA adapter and one score head, trained together
// with L_LE = w_rm L_rm + w_sm L_sm on a fraction of the training sequences.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/api/types.h"
#include "plugins/le/environment_model.h"

namespace lea::le {

// Eq. (1): mean over rows of -log sigma(logged - sampled). logged float [B], sampled float [B, K].
at::Tensor reward_loss(const at::Tensor& logged, const at::Tensor& sampled);

// Eq. (2) in the forms 2a, 2b and 2c (A2), the mean over rows that have at least one negative.
// state [B, D], positive [B, D] the tokens of the logged items, others [M, D] the tokens of the
// possible negatives, allowed bool [B, M]. Computed in float32.
at::Tensor state_loss(const Settings& settings, const at::Tensor& state, const at::Tensor& positive,
                      const at::Tensor& others, const at::Tensor& allowed);

// What may be a negative of L_sm: bool [B, M]. Item others[m] is allowed for row b unless it stands in
// the row's training sequence, so also when it is the row's own action or in the user's future.
// `others` int64 [M]; `sequence` int64 [B].
at::Tensor allowed_negatives(const TrainingData& training, const at::Tensor& sequence,
                             const at::Tensor& others);

// Mean cosine of random pairs of rows, leaving out rows of zeros; 0 with fewer than two others. Near 1
// all states are alike: they have collapsed.
double mean_cosine(const at::Tensor& states, uint64_t seed);
inline constexpr double kCollapsed = 0.9;
// What is wrong with such states, and what to change; empty below kCollapsed.
std::string collapse_warning(double cosine);

struct Tuned {
  int64_t steps = 0;      // that were taken
  bool diverged = false;  // the kept adapter is that before the loss rose
  // loss, reward_loss and state_loss: means over the last 20 steps. With validation sequences, of the
  // adapter that is kept: validation_accuracy and validation_state_accuracy, the shares of pairs of a
  // logged and a sampled item in which the logged one has the higher reward, or is more similar to
  // the state; and state_cosine, mean_cosine() of the states.
  std::map<std::string, double> figures;
};

// Trains and writes kAdapterFolder and kHeadFile into `folder`. `part` is the fraction, `rest` the
// training sequences outside of it, of which the first 200 validate, each tenth of the training.
// `tokens_folder` holds the item tokens and may be `folder`.
//
// Adam has the usual constants (.9, .999, 1e-8). The learning rate of step i, from 0, is multiplied
// by (i + 1) / warm_up_steps before the end of the warm-up, and with the schedule linear by (steps -
// i) / (steps - warm_up_steps) after it. `keep: best` keeps the adapter of the greatest
// validation_accuracy, or validation_state_accuracy with reward_weight 0.
//
// The training diverges when a loss is not finite, or when the mean loss of 20 steps is above 2 ln 2
// and above three times the lowest such mean so far; the first loss counts as one. Then the training
// ends with the adapter of the last twentieth step whose loss was still below these bounds.
//
// Checkpoints are kept in `folder` at least every 30 seconds and removed at the end; an interrupted
// call goes on and ends with the same bytes. All random numbers depend on the settings' seed and the
// step alone. Returns nothing when stop(done, total) was true. Throws ConfigError for settings that
// contradict each other, DataError for data without anything to learn from, and what opening the
// model throws.
std::optional<Tuned> tune(const Settings& settings, const std::string& tokens_folder,
                          const TrainingData& part, const TrainingData& rest,
                          const std::string& folder, at::Device device,
                          const std::function<bool(int64_t, int64_t)>& stop,
                          const std::function<void(const std::string&)>& warn);

}  // namespace lea::le
