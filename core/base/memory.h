// How much memory there is for this process.
#pragma once

#include <cstdint>
#include <exception>

namespace lea {

// Bytes that can still be allocated on this machine, and in the control groups of this process (a
// container, a Slurm job), without writing memory to disk. UINT64_MAX when that is unknown.
uint64_t available_memory();

// Whether the error is one that `new` or LibTorch's allocators throw when memory runs out.
bool is_out_of_memory(const std::exception& error);

}  // namespace lea
