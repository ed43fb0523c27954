// LibTorch's elementwise functions, called for the first time in the process by several threads at once.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <vector>

#include "core/lm/decoder.h"

namespace lea::lm {
namespace {

// Without core/lm/vector_math.h this failed once on a processor with AVX-512, in the cosines of positions.
TEST(VectorMath, IsAsAccurateInTheFirstCallOfManyThreadsAsInTheSecond) {
  EXPECT_FALSE(weight_shapes(Config{}).empty());  // so that the library is linked and loaded
  using Function = at::Tensor (*)(const at::Tensor&);
  const Function functions[] = {at::cos,  at::sin,  at::exp,  at::log, at::sqrt,
                                at::tanh, at::asin, at::acos, at::erf, at::log2};
  constexpr int kThreads = 4;
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor x = at::arange(1, 2000, type) / 2001;  // below the size that LibTorch splits
    for (size_t f = 0; f < std::size(functions); ++f) {
      std::vector<at::Tensor> first(kThreads);
      std::barrier together(kThreads);
      std::vector<std::jthread> threads;
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
          together.arrive_and_wait();
          first[static_cast<size_t>(i)] = functions[f](x);
        });
      }
      threads.clear();
      const at::Tensor second = functions[f](x);
      for (const at::Tensor& one : first) EXPECT_TRUE(at::equal(one, second)) << f << " " << type;
    }
  }
}

}  // namespace
}  // namespace lea::lm
