// Limits the memory of a worker, so that a plugin that allocates without end cannot stop the
// machine.
#pragma once

#include <cstdint>

namespace lea::worker {

// While the object exists, this process may allocate 19/20 of the memory that was available when it
// was made: on the machine, and in the control groups of the process (a container, a Slurm job).
// Beyond that an allocation fails with an exception, which ends one run. Without the limit the
// kernel would kill a process of its choice. Several workers together can still allocate too much.
// There is no limit under a sanitizer, because its shadow memory counts as allocated.
class MemoryLimit {
 public:
  MemoryLimit();
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  uint64_t available() const { return available_; }  // bytes
  // How many more bytes the process may allocate; UINT64_MAX without a limit.
  uint64_t allowed() const { return allowed_; }

 private:
  uint64_t available_ = 0, allowed_ = UINT64_MAX;
  uint64_t before_ = 0;  // the limit that the destructor restores
};

}  // namespace lea::worker
