// LibTorch's elementwise functions are as accurate in a process's first call as in every later one.
#pragma once

namespace lea {

// On x86 LibTorch gives cos, sin, exp, log, sqrt and others to MKL's vector functions, which choose
// their code in the first call of each. When several threads make that call at once, MKL may compute
// the part of one of them with code of low accuracy: of 1e-4 instead of 1e-7, without a word
// (github.com/pytorch/pytorch/issues/188792). This makes the first calls on one thread. A library of
// ours that computes with LibTorch calls it when it is loaded. It takes less than a millisecond, and
// returns true, so that the initialiser of a constant can call it.
bool settle_vector_math();

}  // namespace lea
