// The worker's task behind the estimates of how long artefacts take: the pace of this machine.
#pragma once

#include <string>

namespace lea::worker {

// Measures for about eight seconds how much of each sort of work (core/api/preparer.h) this machine
// does in a second. Prints {"type": "pace", "machine_kind", "pace": {sort: amount per second}}.
// `folder` is where the bytes are written. Returns the exit code.
int run_measuring(int threads, const std::string& device, const std::string& folder);

}  // namespace lea::worker
