// The kind of a machine: what the bits of a result depend on besides the software and its settings.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lea {

struct Processor {
  std::string kind;        // "GenuineIntel family 6 model 207", "ARM implementer 0x41 part 0xd0c"
  std::string short_kind;  // the same for file names: "intel-6-207", "arm-0x41-0xd0c"
  std::string name;        // for people; "unknown" where the kernel gives none, as on ARM
  std::vector<std::string> instruction_sets;  // of the list in machine.cpp, in its order
};

// Reads the text of /proc/cpuinfo, where the first processor stands for all. On x86 the kind is
// vendor, family and model, on ARM implementer and part; where the text has neither it is
// `architecture`, uname's name of the machine ("riscv64"). Any text is accepted.
Processor parse_cpuinfo(std::string_view cpuinfo, const std::string& architecture);

struct Machine {
  Processor processor;
  // The variant of our own loops that runs: running_clone() of clones.h, and whether matrix products
  // run through them, wide_products(): "x86-64-v4 and wide products".
  std::string kernels;
  std::string libtorch;  // LibTorch's vector level, at::get_cpu_capability(): "AVX512"
  int threads = 1;
  std::string device;  // cpu, cuda or cuda:N

  // Machines with equal texts give equal bits: "GenuineIntel family 6 model 207 (avx avx2 fma),
  // kernels x86-64-v3, LibTorch AVX2, 1 thread, cpu".
  std::string kind() const;
  // For file names: "intel-6-207-avx2-1-thread", and with a device other than the CPU
  // "...-1-thread-cuda-0". It leaves out instruction sets and kernels.
  std::string short_kind() const;
};

// The machine that this process runs on. The caller knows the rest; this room is torch-free.
Machine this_machine(std::string libtorch, int threads, std::string device);

// {"machine_kind": kind(), "short": short_kind(), "cpu": processor.name, "threads", "device"}.
nlohmann::json to_json(const Machine& machine);

}  // namespace lea
