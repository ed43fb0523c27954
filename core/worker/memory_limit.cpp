#include "core/worker/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <new>
#include <string>

namespace lea::worker {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kShadowMemory = true;
#else
constexpr bool kShadowMemory = false;
#endif

uint64_t available_bytes() {
  uint64_t bytes = UINT64_MAX;
  std::ifstream file("/proc/meminfo");
  for (std::string key, unit; file >> key;) {
    uint64_t kib = 0;
    if (!(file >> kib)) break;
    std::getline(file, unit);
    if (key == "MemAvailable:") bytes = kib * 1024;
  }
  uint64_t limit = 0;  // the file says "max" where there is none
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> limit) bytes = std::min(bytes, limit);
  return bytes;
}

// Private writable pages of this process: what RLIMIT_DATA counts.
uint64_t data_bytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t field = 0;
  for (int i = 0; i < 6; ++i) file >> field;
  return field * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

rlim_t soft_limit() {
  rlimit now{};
  getrlimit(RLIMIT_DATA, &now);
  return now.rlim_cur;
}

void set_soft_limit(rlim_t value) {
  rlimit now{};
  getrlimit(RLIMIT_DATA, &now);
  now.rlim_cur = value;
  setrlimit(RLIMIT_DATA, &now);
}

}  // namespace

MemoryLimit::MemoryLimit() : available_(available_bytes()), before_(soft_limit()) {
  // A twentieth is left to the others.
  if (!kShadowMemory && available_ != UINT64_MAX)
    set_soft_limit(std::min<rlim_t>(before_, data_bytes() + available_ / 20 * 19));
}

MemoryLimit::~MemoryLimit() { set_soft_limit(before_); }

bool is_out_of_memory(const std::exception& error) {
  const std::string text = error.what();
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         text.find("can't allocate memory") != text.npos ||
         text.find("not enough memory") != text.npos || text.find("out of memory") != text.npos;
}

}  // namespace lea::worker
