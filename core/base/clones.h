// Inner loops are compiled once for each instruction set and chosen when the library is loaded; the
// build itself stays at the processor's baseline, as the plugins' ABI tag asks.
#pragma once

// Sanitizers run before the choice can be made, and Clang knows these levels from version 18 on.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    (!defined(__clang__) || __clang_major__ >= 18)
#define LEA_HAS_CLONES 1
#define LEA_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LEA_HAS_CLONES 0
#define LEA_CLONES
#endif

namespace lea {

// Which clone of a LEA_CLONES function runs on this processor: "x86-64-v4", "x86-64-v3" or
// "baseline". The compiler's dispatcher asks the same questions in the same order.
inline const char* running_clone() {
#if LEA_HAS_CLONES
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
#endif
  return "baseline";
}

}  // namespace lea
