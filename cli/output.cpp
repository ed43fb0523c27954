#include "cli/output.h"

#include <cstdio>

#include "core/base/error.h"

namespace lea::cli {

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(Exit::kEnvironment, "cannot write to standard output: disk full or pipe closed");
  }
}

}  // namespace lea::cli
