// Where and with what a number was made.
#pragma once

#include <nlohmann/json.hpp>

#include "core/worker/registry.h"

namespace lea::worker {

// {host, cpu, threads, device, libtorch, lealab, machine_kind, peak_memory_bytes, plugins: [...]}.
// `machine_kind` is Machine::kind() of core/base/machine.h for the threads that LibTorch uses now.
nlohmann::json provenance(const Registry& registry, const std::string& device);

// `lealab-worker machine`: prints the kind of this machine as one line of JSON, to_json(Machine).
// Throws like check_device. Returns the exit code.
int print_machine(int threads, const std::string& device);

// pid, start time and boot id tell a live process from a reused pid.
nlohmann::json this_process();

}  // namespace lea::worker
