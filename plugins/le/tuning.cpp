#include "plugins/le/tuning.h"

#include <memory>

#include "plugins/le/tuner.h"

namespace lea::le {

std::optional<Tuned> tune(const Settings& settings, const std::string& tokens_folder,
                          const TrainingData& part, const TrainingData& rest,
                          const std::string& folder, at::Device device,
                          const std::function<bool(int64_t, int64_t)>& stop,
                          const std::function<void(const std::string&)>& warn) {
  const auto make = [&] { return std::make_unique<Tuner>(settings, tokens_folder, part, device); };
  return train_environment(settings, part, rest, folder, make, stop, warn);
}

}  // namespace lea::le
