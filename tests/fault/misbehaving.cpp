// A backbone that passes every check, and misbehaves once it trains: `mode` says how.
#include <ATen/ATen.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "core/api/plugin.h"

namespace {

constexpr int kGoodCalls = 5;

class Misbehaving final : public lea::Backbone {
 public:
  struct Params {
    std::string mode = "none";
    void fields(lea::Fields& f) {
      f.choice("mode", mode,
               {"none", "throw", "throw_int", "segfault", "abort", "exit", "hang", "allocate",
                "recurse", "nan", "wrong_shape", "print"},
               "what the sixth call of encode does");
    }
  };
  Misbehaving(const Params& params, const lea::Context& context) : mode_(params.mode) {
    items_ = register_parameter("items", at::randn({context.items() + 1, 8}) * 0.1);
  }
  int64_t width() const override { return 8; }

  lea::Tensor encode(const lea::History& history) override {
    const lea::Tensor mean = at::embedding(items_, history.items).sum(1) /
                             history.length.clamp_min(1).unsqueeze(-1).to(at::kFloat);
    if (!is_training() || ++calls_ <= kGoodCalls) return mean;
    if (mode_ == "throw") throw std::runtime_error("thrown by encode");
    if (mode_ == "throw_int") throw 42;
    if (mode_ == "segfault") std::raise(SIGSEGV);
    if (mode_ == "abort") std::abort();
    if (mode_ == "exit") std::exit(0);
    if (mode_ == "allocate") fill_memory();
    if (mode_ == "recurse") return at::full_like(mean, static_cast<double>(recurse(1)));
    if (mode_ == "nan") return mean * std::numeric_limits<float>::quiet_NaN();
    if (mode_ == "wrong_shape") return mean.sum(1);
    if (mode_ == "print") std::printf("{\"type\": \"done\", \"state\": \"finished\"}\nnoise\n");
    while (mode_ == "hang") pause();
    return mean;
  }

 private:
  // Not touched, so that only the limit is reached and not the memory.
  static void fill_memory() {
    for (;;) {
      // volatile: the compiler may not drop an allocation that is never used.
      [[maybe_unused]] char* volatile block = new char[size_t{64} << 20];
    }
  }
  // NOLINTNEXTLINE(misc-no-recursion): that is the point
  static int64_t recurse(int64_t depth) {
    volatile char frame[4096];
    frame[depth % 4096] = 1;
    return depth < 0 ? 0 : recurse(depth + 1) + frame[depth % 4096];
  }

  std::string mode_;
  int calls_ = 0;
  lea::Tensor items_;
};

}  // namespace

LEA_PLUGIN(backbone, "test.misbehaving", "1.0.0", Misbehaving, "a backbone that misbehaves")
