// Fine-tuning of the LE, sections 3.3 to 3.5: one LoRA adapter and one score head, trained together
// with L_LE = w_rm L_rm + w_sm L_sm on a fraction of the training sequences.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
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

struct Tuned {
  int64_t steps = 0;                      // that were taken
  bool diverged = false;                  // the kept state is that before the loss rose
  std::map<std::string, double> figures;  // loss, reward_loss, state_loss, validation_accuracy ...
};

// Trains and writes kAdapterFolder and kHeadFile into `folder`. `part` is the fraction, `rest` the
// training sequences outside of it, of which the first 200 validate. Checkpoints are kept in
// `folder` at least every 30 seconds and removed at the end; an interrupted call goes on and ends with
// the same bytes. All random numbers depend on the settings' seed and the step alone. Returns nothing
// when stop(done, total) was true.
std::optional<Tuned> tune(const Settings& settings, const std::string& tokens_folder,
                          const TrainingData& part, const TrainingData& rest,
                          const std::string& folder, at::Device device,
                          const std::function<bool(int64_t, int64_t)>& stop,
                          const std::function<void(const std::string&)>& warn);

}  // namespace lea::le
