// A backbone that logs, warns through LibTorch and prints while it works, and may then throw.
#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <cstdio>
#include <stdexcept>

#include "core/api/plugin.h"

namespace {

class Talkative final : public lea::Backbone {
 public:
  struct Params {
    bool throws = false;
    void fields(lea::Fields& f) {
      f.boolean("throws", throws, "whether the third call of encode throws");
    }
  };
  Talkative(const Params& params, const lea::Context& context)
      : context_(context), throws_(params.throws) {
    items_ = register_parameter("items", at::randn({context.items() + 1, 8}) * 0.1);
    context.log(lea::LogLevel::kDebug, "a detail");
    context.log(lea::LogLevel::kInfo, "made");
  }
  int64_t width() const override { return 8; }

  lea::Tensor encode(const lea::History& history) override {
    if (++calls_ == 2) {
      context_.log(lea::LogLevel::kWarning, "second call\nof encode");
      TORCH_WARN("a warning through LibTorch");
      std::fprintf(stderr, "printed by a plugin\n");
    }
    if (throws_ && calls_ == 3) throw std::runtime_error("enough\nwith a second line");
    return at::embedding(items_, history.items).sum(1) /
           history.length.clamp_min(1).unsqueeze(-1).to(at::kFloat);
  }

 private:
  const lea::Context& context_;
  const bool throws_;
  int calls_ = 0;
  lea::Tensor items_;
};

}  // namespace

LEA_PLUGIN(backbone, "test.talkative", "1.0.0", Talkative, "a backbone that logs")
