#include "core/worker/provenance.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <sys/resource.h>
#include <torch/version.h>

#include <cstdio>

#include "core/base/machine.h"
#include "core/run/process.h"
#include "core/spec/made_with.h"
#include "core/worker/device.h"
#include "core/worker/revision.h"

namespace lea::worker {
run::Provenance provenance(const Registry& registry, const std::string& device) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const Machine machine = this_machine(at::get_cpu_capability(), at::get_num_threads(), device);
  run::Provenance made;
  for (const LoadedPlugin& plugin : registry.loaded()) {
    made.plugins.push_back({plugin.kind + " " + plugin.id, plugin.version, plugin.sha256});
  }
  made.numerics = spec::kNumerics;
  made.libtorch = TORCH_VERSION;
  made.lealab = LEA_VERSION;
  made.revision = built_from().id;
  made.tree_clean = built_from().clean;
  made.host = run::this_process().host;
  made.cpu = machine.processor.name;
  made.threads = machine.threads;
  made.device = device;
  made.machine_kind = machine.kind();
  made.peak_memory_bytes = static_cast<int64_t>(usage.ru_maxrss) * 1024;
  return made;
}

int print_machine(int threads, const std::string& device) {
  check_device(device, "--device");
  const Machine machine = this_machine(at::get_cpu_capability(), threads, device);
  std::printf("%s\n", to_json(machine).dump().c_str());
  return 0;
}

}  // namespace lea::worker
