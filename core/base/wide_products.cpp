#include "core/base/wide_products.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstdlib>
#include <cstring>

namespace lea {
namespace {

bool choose() {
  if (!can_use_wide_products()) return false;
  const char* asked = std::getenv("LEALAB_PRODUCTS");
  if (asked != nullptr && std::strcmp(asked, "wide") == 0) return true;
  if (asked != nullptr && std::strcmp(asked, "libtorch") == 0) return false;
  const CpuModel model = cpu_model();
  return wide_products_pay(model.vendor, model.family, /*has_avx512=*/true);
}

}  // namespace

// It asks the processor, because /proc may be absent in a container.
CpuModel cpu_model() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d) == 0) return {};
  char vendor[12];
  std::memcpy(vendor, &b, 4);
  std::memcpy(vendor + 4, &d, 4);
  std::memcpy(vendor + 8, &c, 4);
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return {};
  const int base = static_cast<int>(a >> 8 & 0xf), extended = static_cast<int>(a >> 20 & 0xff);
  return {std::string(vendor, sizeof vendor), base == 0xf ? base + extended : base};
#else
  return {};
#endif
}

bool can_use_wide_products() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

bool wide_products_pay(std::string_view vendor, int family, bool has_avx512) {
  return has_avx512 && vendor == "AuthenticAMD" && family >= 26;
}

bool wide_products() {
  static const bool wide = choose();
  return wide;
}

}  // namespace lea
