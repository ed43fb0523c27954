#include "core/base/host.h"

#include <unistd.h>

namespace lea {

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace lea
