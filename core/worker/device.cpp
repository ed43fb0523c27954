#include "core/worker/device.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/base/device_name.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace lea::worker {

void check_device(const std::string& device, const std::string& key) {
  if (device == "cpu") return;
  if (!is_device_name(device))
    throw ConfigError(key + ": must be cpu, cuda or cuda:N, but is " + in_backticks(device));
  const size_t devices = torch::cuda::is_available() ? torch::cuda::device_count() : 0;
  const int64_t index = std::max<int64_t>(0, c10::Device(device).index());
  if (static_cast<size_t>(index) < devices) return;
  throw Error(Exit::kEnvironment,
              key + ": " + device + ": LibTorch sees " +
                  counted(static_cast<int64_t>(devices), "CUDA device") +
                  " here. Use cpu, or build with LIBTORCH=PATH of a LibTorch for CUDA "
                  "on a machine with a GPU.");
}

}  // namespace lea::worker
