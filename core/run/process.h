// Identifies a process across restarts. Process ids are reused, and a zombie still accepts signals,
// so a process is identified by host, boot, process id and start time.
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

// Keys: host, boot_id, pid and pid_start. process_from uses the defaults for missing keys.
nlohmann::json to_json(const Process& process);
Process process_from(const JsonFields& fields);

// "process 12 on host", for messages.
std::string process_text(const Process& process);

bool is_on_this_host(const Process& process);

// Whether the process still runs on this host. False for processes on other hosts, for zombies and
// for a process with an unknown start time.
bool is_alive(const Process& process);

}  // namespace lea::run
