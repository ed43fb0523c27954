#include "core/base/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace lea {

void keep_standard_streams() {
  // open returns the lowest number that is free.
  int file = 0;
  while ((file = open("/dev/null", O_RDWR)) >= 0 && file <= STDERR_FILENO) {
  }
  if (file > STDERR_FILENO) close(file);
}

}  // namespace lea
