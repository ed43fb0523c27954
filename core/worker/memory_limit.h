// Keeps a plugin that allocates without end from taking the machine with it.
#pragma once

#include <cstdint>
#include <exception>

namespace lea::worker {

// While it lives, this process may allocate what was available when it was made: of the machine,
// and of the control groups that it is in (a container, a Slurm job). Beyond that allocations fail,
// which a run survives as an exception, instead of the kernel killing whichever process it picks.
// Several workers may still want too much together. Without effect under a sanitizer, whose shadow
// memory counts as allocated.
class MemoryLimit {
 public:
  MemoryLimit();
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  uint64_t available() const { return available_; }  // bytes

 private:
  uint64_t available_ = 0;
  uint64_t before_ = 0;  // the limit that was there
};

// True for what new and LibTorch's allocators throw when there is no memory.
bool is_out_of_memory(const std::exception& error);

}  // namespace lea::worker
