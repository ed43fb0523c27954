// Which of the two float32 matrix products a process uses on the CPU.
//
// On AMD processors MKL, which LibTorch calls, runs its AVX2 code. Up to family 25 (Zen 4) the
// AVX-512 units are 256 bits wide, so nothing is lost. From family 26 on (Zen 5) they are 512 bits
// wide, and MKL reaches less than half of what the processor can do. There our own loops of
// core/api/wide_tiles.h are used.
#pragma once

#include <string>
#include <string_view>

namespace lea {

// What an x86 processor says of itself: "AuthenticAMD", 26. Empty and 0 elsewhere.
struct CpuModel {
  std::string vendor;
  int family = 0;
};
CpuModel cpu_model();

// Whether products run through our own AVX-512 loops. The answer depends on the processor alone and
// is the same for the whole process, so equal machines give equal bits. `LEALAB_PRODUCTS=libtorch`
// turns them off and `LEALAB_PRODUCTS=wide` turns them on where the processor has AVX-512; both are
// for tests and measurements, and another value changes nothing. The machine kind names the choice.
bool wide_products();

// The rule by itself, without the environment: of the vendor and the family that /proc/cpuinfo
// names. `has_avx512` says whether the processor can run the loops at all.
bool wide_products_pay(std::string_view vendor, int family, bool has_avx512);

// Whether this processor can run the loops.
bool can_use_wide_products();

}  // namespace lea
