// A good backbone, except for what the hooks of behaviour.cpp do.
#include <ATen/ATen.h>

#include <limits>

#include "core/api/plugin.h"
#include "tests/loader/bad/hooks.h"

namespace {

class TestBackbone final : public lea::Backbone {
 public:
  using Params = TestParams;
  static std::vector<lea::Artefact> artefacts() { return lea_test_artefacts(); }
  struct Maker final : lea::Preparer {
    explicit Maker(const Params&) {}
    void prepare(const lea::Artefact&, lea::PrepareContext&) override {}
  };
  TestBackbone(const Params&, const lea::Context&) {
    weight_ = register_parameter("weight", at::ones({4}));
  }
  int64_t width() const override { return 4; }
  lea::Tensor encode(const lea::History& history) override {
    const Answer answer = lea_test_first_call();
    const lea::Tensor good = history.length.to(at::kFloat).unsqueeze(1) * weight_;  // [B, 4]
    if (answer == kNotANumber) return good * std::numeric_limits<float>::quiet_NaN();
    return answer == kWrongShape ? good.sum(1) : good;
  }

 private:
  lea::Tensor weight_;
};

}  // namespace

extern "C" LEA_EXPORT void lea_register(lea::Registrar& registrar) {
  const char* id = lea_test_register();
  registrar.backbone<TestBackbone>(id, "1.0.0", "a backbone of the loader's tests");
}
