#include "core/worker/provenance.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <sys/resource.h>
#include <torch/version.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/base/machine.h"
#include "core/worker/device.h"

namespace lea::worker {
namespace {

std::string first_line(const std::string& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof(name) - 1);
  return name;
}

// Field 22 of /proc/self/stat: start time in clock ticks since boot.
int64_t start_time() {
  const std::string stat = first_line("/proc/self/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));  // from field 3 on
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return std::stoll(field);
}

}  // namespace

nlohmann::json provenance(const Registry& registry, const std::string& device) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const Machine machine = this_machine(at::get_cpu_capability(), at::get_num_threads(), device);
  nlohmann::json plugins = nlohmann::json::array();
  for (const LoadedPlugin& plugin : registry.loaded()) {
    plugins.push_back({{"id", plugin.kind + " " + plugin.id},
                       {"version", plugin.version},
                       {"sha256", plugin.sha256}});
  }
  return {{"host", host_name()},
          {"cpu", machine.processor.name},
          {"threads", machine.threads},
          {"device", device},
          {"libtorch", TORCH_VERSION},
          {"lealab", LEA_VERSION},
          {"machine_kind", machine.kind()},
          {"peak_memory_bytes", static_cast<int64_t>(usage.ru_maxrss) * 1024},
          {"plugins", plugins}};
}

int print_machine(int threads, const std::string& device) {
  check_device(device, "--device");
  const Machine machine = this_machine(at::get_cpu_capability(), threads, device);
  std::printf("%s\n", to_json(machine).dump().c_str());
  return 0;
}

nlohmann::json this_process() {
  return {{"host", host_name()},
          {"pid", getpid()},
          {"pid_start", start_time()},
          {"boot_id", first_line("/proc/sys/kernel/random/boot_id")}};
}

}  // namespace lea::worker
