#include "core/worker/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "core/base/memory.h"

namespace lea::worker {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kShadowMemory = true;
#else
constexpr bool kShadowMemory = false;
#endif

// The private writable memory of this process, which RLIMIT_DATA limits.
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

MemoryLimit::MemoryLimit() : available_(available_memory()), before_(soft_limit()) {
  if (kShadowMemory || available_ == UINT64_MAX) return;
  const rlim_t now = data_bytes();
  // Other processes keep a twentieth.
  const rlim_t limit = std::min<rlim_t>(before_, now + available_ / 20 * 19);
  set_soft_limit(limit);
  allowed_ = limit - std::min(limit, now);
}

MemoryLimit::~MemoryLimit() { set_soft_limit(before_); }

}  // namespace lea::worker
