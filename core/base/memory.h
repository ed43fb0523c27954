// How much memory there is for this process.
#pragma once

#include <cstdint>

namespace lea {

// Bytes that can still be allocated on this machine, and in the control groups of this process (a
// container, a Slurm job), without writing memory to disk. UINT64_MAX when that is unknown.
uint64_t available_memory();

}  // namespace lea
