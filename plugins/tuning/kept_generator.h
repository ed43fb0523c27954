// Whoever draws from LibTorch's generator of the CPU on the way, and must leave it as it was.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace lea {

// Gives the generator, when it goes, the state that it had.
class KeptGenerator {
 public:
  KeptGenerator() : state_(generator_.get_state()) {}
  ~KeptGenerator() { generator_.set_state(state_); }
  KeptGenerator(const KeptGenerator&) = delete;
  KeptGenerator& operator=(const KeptGenerator&) = delete;

 private:
  at::Generator generator_ = at::detail::getDefaultCPUGenerator();
  const at::Tensor state_;
};

}  // namespace lea
