// Where a task computes.
#pragma once

#include <string>

namespace lea::worker {

// Throws ConfigError for what is not cpu, cuda or cuda:N, and Error(kEnvironment), which LibTorch
// would say with a backtrace, for a GPU that is not there. `key` is what the user wrote it under.
void check_device(const std::string& device, const std::string& key);

}  // namespace lea::worker
