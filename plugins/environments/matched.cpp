// A control: another environment's rewards on the scale of the predefined ones. An affine map gives
// logged items the mean 1 and sampled items the mean 0 (U5). Environments that are compared this
// way differ in the rewards of single pairs, but not in these means. An environment that gives
// logged items less than sampled ones is refused.
#include "plugins/environments/role_means.h"

#include <cmath>

#include "core/api/plugin.h"
#include "core/base/error.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class Matched final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;  // of the inner environment, if it has one
  struct Params : lea::MeansParams {
    void fields(lea::Fields& f) { MeansParams::fields(f, "environment whose rewards are mapped"); }
  };

  Matched(const Params& params, const lea::Context& context)
      : inner_(context.environment(params.of)) {
    const lea::RoleMeans means =
        lea::role_means(*inner_, context, params, lea::mix(0x6d61746368ULL, uint64_t(params.seed)));
    const double gap = means.logged - means.sampled;
    require_gap(gap, means);
    if (gap <= 2 * means.gap_error) {
      context.log(lea::LogLevel::kWarning,
                  "matched: the inner environment hardly tells logged items from sampled ones: "
                  "their mean rewards are " +
                      both(means) + ", and the difference has a standard error of " +
                      std::to_string(means.gap_error) +
                      ". Mapped to 1 and 0, what separates single pairs is mostly noise");
    }
    scale_ = 1 / gap;
    shift_ = -means.sampled / gap;
  }

  int64_t state_width() const override { return inner_->state_width(); }
  Tensor state(const History& history) override { return inner_->state(history); }

  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override {
    return inner_->reward(history, actions, roles) * scale_ + shift_;
  }

 private:
  static std::string both(const lea::RoleMeans& means) {
    return std::to_string(means.logged) + " and " + std::to_string(means.sampled);
  }

  // A negative factor would turn an environment round by what was logged, which its user must know.
  static void require_gap(double gap, const lea::RoleMeans& means) {
    if (std::abs(gap) <= 1e-6 * (std::abs(means.logged) + std::abs(means.sampled))) {
      throw lea::ConfigError(
          "matched: the inner environment gives logged and sampled items the same mean reward (" +
          both(means) +
          "), so no map brings them to 1 and 0: use it without `matched`, or another environment");
    }
    if (gap > 0) return;
    throw lea::ConfigError(
        "matched: the inner environment gives logged items a lower mean reward than sampled ones "
        "(" +
        both(means) +
        "), so it ranks the wrong way. The map to 1 and 0 would turn it round by what was logged, "
        "and hide that: use it as it is, in `standardised`, or use another environment");
  }

  std::shared_ptr<lea::Environment> inner_;
  double scale_ = 1, shift_ = 0;
};

}  // namespace

LEA_PLUGIN(environment, "lea.matched", "1.0.0", Matched,
           "another environment's rewards, mapped so that logged items average 1 and sampled 0")
