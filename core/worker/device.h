// The device that a task computes on.
#pragma once

#include <string>

namespace lea::worker {

// Throws ConfigError when the name is not cpu, cuda or cuda:N, and Error(kEnvironment) when
// LibTorch sees no such GPU; LibTorch's own error would have a backtrace. `key` begins the message:
// the key or option that the user gave the name with.
void check_device(const std::string& device, const std::string& key);

}  // namespace lea::worker
