// Where and with what a number was made.
#pragma once

#include <nlohmann/json.hpp>

#include "core/worker/registry.h"

namespace lea::worker {

// {host, cpu, threads, libtorch, lealab, machine_kind, peak_memory_bytes, plugins: [...]}.
// `machine_kind` is what bit-equality depends on: processor model, LibTorch's vector level, threads
// and device.
nlohmann::json provenance(const Registry& registry, const std::string& device);

// pid, start time and boot id tell a live process from a reused pid.
nlohmann::json this_process();

}  // namespace lea::worker
