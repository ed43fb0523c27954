#include "core/run/process.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "core/base/host.h"

namespace lea::run {
namespace {

std::string this_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

// Start time in clock ticks since boot; -1 when there is no such process or it is a zombie.
int64_t start_of(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // Field 2, the program's name, may hold spaces and parentheses. Field 3 follows the last `)`.
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

}  // namespace

Process this_process() { return {host_name(), this_boot(), getpid(), start_of(getpid())}; }

nlohmann::json to_json(const Process& process) {
  return {{"host", process.host},
          {"boot_id", process.boot},
          {"pid", process.pid},
          {"pid_start", process.start}};
}

Process process_from(const JsonFields& fields) {
  return {fields.text("host", ""), fields.text("boot_id", ""), fields.integer("pid", 0),
          fields.integer("pid_start", -1)};
}

std::string process_text(const Process& process) {
  return "process " + std::to_string(process.pid) + " on " + process.host;
}

bool is_on_this_host(const Process& process) { return process.host == host_name(); }

bool is_alive(const Process& process) {
  return process.start >= 0 && is_on_this_host(process) && process.boot == this_boot() &&
         start_of(process.pid) == process.start;
}

}  // namespace lea::run
