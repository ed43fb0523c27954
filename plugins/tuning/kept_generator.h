// Keeps LibTorch's random number generator of the CPU as it is, around code that draws from it.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace lea {

// The destructor gives the generator the state that it had at the constructor.
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
