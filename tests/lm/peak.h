// How much memory something took.
#pragma once

#include <malloc.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace lea::lm {

inline size_t memory_of_process(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    size_t kib = 0;
    if (word == key && file >> kib) return kib << 10;
  }
  throw std::runtime_error("/proc/self/status lacks " + key);
}

// What this process holds now apart from mapped files.
inline size_t private_bytes() { return memory_of_process("RssAnon:"); }

// The most memory that this process has had since this was made, beyond what it had then. Nothing
// under a sanitizer, which holds freed memory back.
class Peak {
 public:
  Peak() {
    malloc_trim(0);  // what is free, or it would be taken again without being seen
    std::ofstream("/proc/self/clear_refs") << 5;
    before_ = memory_of_process("VmRSS:");
  }
  size_t bytes() const {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    const size_t most = memory_of_process("VmHWM:");
    return most > before_ ? most - before_ : 0;
#endif
  }

 private:
  size_t before_ = 0;
};

}  // namespace lea::lm
