// Fine-tuning of the LE, sections 3.3 to 3.5: one LoRA adapter and one score head, trained together
// with L_LE = w_rm L_rm + w_sm L_sm on a fraction of the training sequences.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <optional>
#include <string>

#include "core/api/types.h"
#include "plugins/le/settings.h"
#include "plugins/tuning/training.h"

namespace lea::le {

// Trains a Tuner (lea::train_environment) and writes kAdapterFolder, kHeadFile and kFiguresFile into
// `folder`. `tokens_folder` holds the item tokens and may be `folder`. Throws what
// lea::train_environment and opening the model throw.
std::optional<Tuned> tune(const Settings& settings, const std::string& tokens_folder,
                          const TrainingData& part, const TrainingData& rest,
                          const std::string& folder, at::Device device,
                          const std::function<bool(int64_t, int64_t)>& stop,
                          const std::function<void(const std::string&)>& warn);

}  // namespace lea::le
