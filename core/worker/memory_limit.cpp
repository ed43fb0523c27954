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

// Bytes that a control group (version 2) can still allocate. A group without a limit has no file
// memory.max, or one that contains "max". The kernel can drop cached files, so they do not count as
// used.
uint64_t available_in(const std::string& group) {
  uint64_t limit = 0, used = 0, cached = 0;
  if (!(std::ifstream(group + "/memory.max") >> limit)) return UINT64_MAX;
  std::ifstream(group + "/memory.current") >> used;
  std::ifstream statistics(group + "/memory.stat");
  std::string key;
  for (uint64_t value = 0; statistics >> key >> value;) {
    if (key == "inactive_file" || key == "active_file") cached += value;
  }
  used -= std::min(used, cached);
  return limit - std::min(limit, used);
}

uint64_t available_bytes() {
  uint64_t bytes = UINT64_MAX;
  std::ifstream file("/proc/meminfo");
  for (std::string key, unit; file >> key;) {
    uint64_t kib = 0;
    if (!(file >> kib)) break;
    std::getline(file, unit);
    if (key == "MemAvailable:") bytes = kib * 1024;
  }
  // The file contains a line such as "0::/system.slice/job". Each parent group limits the memory,
  // too. In a container the path is "/".
  std::string group;
  std::getline(std::ifstream("/proc/self/cgroup"), group);
  group = group.starts_with("0::/") ? group.substr(3) : "";
  while (true) {
    while (group.ends_with('/')) group.pop_back();
    bytes = std::min(bytes, available_in("/sys/fs/cgroup" + group));
    if (group.empty()) return bytes;
    group.resize(group.rfind('/'));
  }
}

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

MemoryLimit::MemoryLimit() : available_(available_bytes()), before_(soft_limit()) {
  if (kShadowMemory || available_ == UINT64_MAX) return;
  const rlim_t now = data_bytes();
  // Other processes keep a twentieth.
  const rlim_t limit = std::min<rlim_t>(before_, now + available_ / 20 * 19);
  set_soft_limit(limit);
  allowed_ = limit - std::min(limit, now);
}

MemoryLimit::~MemoryLimit() { set_soft_limit(before_); }

bool is_out_of_memory(const std::exception& error) {
  const std::string text = error.what();
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         text.find("can't allocate memory") != text.npos ||
         text.find("not enough memory") != text.npos || text.find("out of memory") != text.npos;
}

}  // namespace lea::worker
