// Which process a pid means: pids are reused, and a zombie still answers signals.
#pragma once

#include <cstdint>
#include <string>

namespace lea::lab {

std::string this_host();
std::string this_boot();  // the kernel's boot id

// Start time in clock ticks since boot; -1 when there is no such process or it is a zombie.
int64_t process_start(int64_t pid);

}  // namespace lea::lab
