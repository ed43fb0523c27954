// Which process a number means. Process numbers are reused, and a zombie still answers signals, so
// a process is named by host, boot, number and start time.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "core/base/json_field.h"

namespace lea::run {

struct Process {
  std::string host;
  std::string boot;  // the kernel's boot id
  int64_t pid = 0;
  int64_t start = -1;  // clock ticks since boot; -1: unknown
};

Process this_process();

// Keys host, boot_id, pid and pid_start. A key that is missing leaves the default.
nlohmann::json to_json(const Process& process);
Process process_from(const JsonFields& fields);

bool is_on_this_host(const Process& process);

// Whether it still runs. Only known of a process on this host: false for all others, for a zombie,
// and for one whose start time is unknown.
bool is_alive(const Process& process);

}  // namespace lea::run
