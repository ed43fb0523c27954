#include "core/lab/process_identity.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace lea::lab {

std::string this_host() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return host;
}

std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

int64_t process_start(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // The program's name, field 2, may hold spaces and parentheses: count from the last one.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return -1;
  std::istringstream fields(text.substr(name_end + 1));
  std::string state, skipped;
  fields >> state;  // field 3
  if (state == "Z" || state == "X") return -1;
  for (int i = 4; i < 22; ++i) fields >> skipped;
  int64_t start = -1;
  fields >> start;
  return fields ? start : -1;
}

}  // namespace lea::lab
