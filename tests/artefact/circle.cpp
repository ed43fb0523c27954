// An environment whose artefacts are made from each other.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

class Circle final : public lea::Environment {
 public:
  struct Params {
    void fields(lea::Fields&) {}
  };
  static std::vector<lea::Artefact> artefacts() {
    return {{.kind = "a", .after = "b"}, {.kind = "b", .after = "a"}};
  }
  struct Maker final : lea::Preparer {
    explicit Maker(const Params&) {}
    void prepare(const lea::Artefact&, lea::PrepareContext&) override {}
  };

  Circle(const Params&, const lea::Context&) {}
  lea::Tensor reward(const lea::History&, const lea::Tensor& actions,
                     const std::vector<lea::Role>&) override {
    return at::zeros(actions.sizes(), at::kFloat);
  }
};

}  // namespace

LEA_PLUGIN(environment, "test.circle", "1.0.0", Circle, "artefacts that are made from each other")
