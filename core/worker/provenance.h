// Where and with what a number was made.
#pragma once

#include <string>

#include "core/run/result.h"
#include "core/worker/registry.h"

namespace lea::worker {

// Of this process, with the plugins that it has loaded and the threads that LibTorch uses now.
run::Provenance provenance(const Registry& registry, const std::string& device);

// `lealab-worker machine`: prints the kind of this machine as one line of JSON (to_json of
// core/base/machine.h). Throws like check_device. Returns the exit code.
int print_machine(int threads, const std::string& device);

}  // namespace lea::worker
