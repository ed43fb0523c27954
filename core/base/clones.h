// Inner loops are compiled once for each instruction set and chosen when the library is loaded; the
// build itself stays at the processor's baseline, as the plugins' ABI tag asks.
#pragma once

// Sanitizers run before the choice can be made.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LEA_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LEA_CLONES
#endif
