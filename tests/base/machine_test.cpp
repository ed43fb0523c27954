#include "core/base/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/clones.h"
#include "core/base/wide_products.h"

namespace lea {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Texts of /proc/cpuinfo, cut to the lines and flags that matter and some that do not.
constexpr const char* kZen4 =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
    "model name\t: AMD EPYC 9354 32-Core Processor\nstepping\t: 1\n"
    "flags\t\t: fpu vme sse4_2 fma avx f16c avx2 bmi2 avx512f avx512dq avx512_bf16 avx512_vnni\n"
    "bugs\t\t: sysret_ss_attrs\npower management: ts ttp\n\n"
    "processor\t: 1\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n\n";
constexpr const char* kZen5 =
    "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\n"
    "model name\t: AMD EPYC 9355 32-Core Processor\nstepping\t: 1\n"
    "flags\t\t: fpu vme sse4_2 fma avx f16c avx2 bmi2 avx_vnni avx512f avx512dq avx512_bf16 "
    "avx512_vnni\n\n";
constexpr const char* kIntel =
    "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\n"
    "model name\t: Intel(R) Xeon(R) Platinum 8592+\n"
    "flags\t\t: fpu fma avx avx2 avx512f avx512_bf16 avx512_vnni amx_bf16 avx512_fp16 amx_tile\n";
constexpr const char* kArm =
    "processor\t: 0\nBogoMIPS\t: 243.75\n"
    "Features\t: fp asimd evtstrm aes fphp asimdhp cpuid sve bf16 i8mm\n"
    "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0xd40\n"
    "CPU revision\t: 1\n\n";

Machine machine(const std::string& cpuinfo) {
  return {parse_cpuinfo(cpuinfo, "x86_64"), "x86-64-v4", "AVX512", 1, "cpu"};
}

TEST(Machine, TellsGenerationsOfOneVendorApart) {
  EXPECT_EQ(machine(kZen4).kind(),
            "AuthenticAMD family 25 model 17 (avx avx2 fma avx512f avx512_vnni avx512_bf16), "
            "kernels x86-64-v4, LibTorch AVX512, 1 thread, cpu");
  EXPECT_EQ(machine(kZen5).kind(),
            "AuthenticAMD family 26 model 2 (avx avx2 fma avx512f avx512_vnni avx512_bf16), "
            "kernels x86-64-v4, LibTorch AVX512, 1 thread, cpu");
  EXPECT_EQ(machine(kZen4).short_kind(), "amd-25-17-avx512-1-thread");
  EXPECT_EQ(machine(kZen5).short_kind(), "amd-26-2-avx512-1-thread");
}

TEST(Machine, ListsTheInstructionSetsThatDecideInOneOrder) {
  EXPECT_THAT(parse_cpuinfo(kIntel, "x86_64").instruction_sets,
              ElementsAre("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16",
                          "avx512_fp16", "amx_bf16"));
  EXPECT_EQ(machine(kIntel).short_kind(), "intel-6-207-avx512-1-thread");
  EXPECT_EQ(parse_cpuinfo(kIntel, "x86_64").name, "Intel(R) Xeon(R) Platinum 8592+");
}

TEST(Machine, TakesNoFlagForAnotherThatBeginsLikeIt) {
  const std::string text = "vendor_id : A\ncpu family : 1\nmodel : 2\nflags : avx_vnni avx512fp\n";
  EXPECT_THAT(parse_cpuinfo(text, "x86_64").instruction_sets, IsEmpty());
}

TEST(Machine, NamesAnArmByImplementerAndPart) {
  const Machine arm{parse_cpuinfo(kArm, "aarch64"), "baseline", "SVE256", 4, "cpu"};
  EXPECT_EQ(arm.kind(),
            "ARM implementer 0x41 part 0xd40 (asimdhp bf16 sve), kernels baseline, LibTorch "
            "SVE256, 4 threads, cpu");
  EXPECT_EQ(arm.short_kind(), "arm-0x41-0xd40-sve256-4-threads");
  EXPECT_EQ(arm.processor.name, "unknown");
}

TEST(Machine, FallsBackToTheArchitecture) {
  for (const char* text : {"", "\n\n\n", "no colon here", "vendor_id\t: Someone\n"}) {
    const Machine other{parse_cpuinfo(text, "riscv64"), "baseline", "DEFAULT", 2, "cpu"};
    EXPECT_EQ(other.kind(),
              "riscv64 (no listed instruction set), kernels baseline, LibTorch DEFAULT, 2 threads, "
              "cpu")
        << text;
    EXPECT_EQ(other.short_kind(), "riscv64-default-2-threads") << text;
  }
}

TEST(Machine, SaysWhatALineLacks) {
  const Processor processor = parse_cpuinfo("vendor_id : GenuineIntel\ncpu family :\n", "x86_64");
  EXPECT_EQ(processor.kind, "GenuineIntel family unknown model unknown");
  EXPECT_EQ(processor.short_kind, "intel-unknown-unknown");
  EXPECT_EQ(processor.name, "unknown");
}

TEST(Machine, ReadsTheFirstProcessorOnly) {
  const std::string mixed = std::string(kZen4) +
                            "processor : 2\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 1\n"
                            "model name : other\nflags : amx_bf16\n";
  EXPECT_EQ(machine(mixed).kind(), machine(kZen4).kind());
}

// A hypervisor chooses the name; JSON refuses bytes that are not UTF-8.
TEST(Machine, KeepsStrangeBytesOutOfTextsAndFileNames) {
  const Machine strange =
      machine("vendor_id : ../\xFF\x1b[31m\ncpu family : 6\nmodel : 1\nmodel name : \xFE\r\n");
  EXPECT_EQ(strange.processor.kind, "../\\xff\\x1b[31m family 6 model 1");
  EXPECT_EQ(strange.short_kind(), "xff-x1b-31m-6-1-avx512-1-thread");
  EXPECT_EQ(strange.processor.name, "\\xfe");
  EXPECT_NO_THROW(to_json(strange).dump());
}

TEST(Machine, DiffersByKernelsLibTorchThreadsAndDevice) {
  const Machine base = machine(kIntel);
  std::vector<Machine> others(4, base);
  others[0].kernels = "baseline";
  others[1].libtorch = "AVX2";
  others[2].threads = 2;
  others[3].device = "cuda:0";
  for (const Machine& other : others) EXPECT_NE(other.kind(), base.kind());
  EXPECT_EQ(others[1].short_kind(), "intel-6-207-avx2-1-thread");
  EXPECT_EQ(others[2].short_kind(), "intel-6-207-avx512-2-threads");
  EXPECT_EQ(others[3].short_kind(), "intel-6-207-avx512-1-thread-cuda-0");
}

TEST(Machine, IsReadFromThisProcessorAndPrintedAsJson) {
  const Machine here = this_machine("AVX2", 3, "cpu");
  EXPECT_EQ(here.kernels,
            running_clone() + std::string(wide_products() ? " and wide products" : ""));
  EXPECT_FALSE(here.processor.kind.empty());
  const nlohmann::json json = to_json(here);
  EXPECT_EQ(json.at("machine_kind"), here.kind());
  EXPECT_EQ(json.at("short"), here.short_kind());
  EXPECT_EQ(json.at("cpu"), here.processor.name);
  EXPECT_EQ(json.at("threads"), 3);
  EXPECT_EQ(json.at("device"), "cpu");
}

#if LEA_HAS_CLONES && defined(__GNUC__) && !defined(__clang__)
// The compiler's own choice among the levels of LEA_CLONES.
__attribute__((target("arch=x86-64-v4"))) const char* chosen() { return "x86-64-v4"; }
__attribute__((target("arch=x86-64-v3"))) const char* chosen() { return "x86-64-v3"; }
__attribute__((target("default"))) const char* chosen() { return "baseline"; }

TEST(Machine, NamesTheCloneThatTheDispatcherChooses) { EXPECT_STREQ(running_clone(), chosen()); }
#else
TEST(Machine, HasOnlyTheBaselineWhereNothingIsCloned) { EXPECT_STREQ(running_clone(), "baseline"); }
#endif

}  // namespace
}  // namespace lea
