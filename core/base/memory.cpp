#include "core/base/memory.h"

#include <algorithm>
#include <fstream>
#include <new>
#include <string>

namespace lea {
namespace {

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

}  // namespace

uint64_t available_memory() {
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

bool is_out_of_memory(const std::exception& error) {
  const std::string text = error.what();
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         text.find("can't allocate memory") != text.npos ||
         text.find("not enough memory") != text.npos || text.find("out of memory") != text.npos;
}

}  // namespace lea
