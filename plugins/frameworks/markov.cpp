// Untrained baseline: a first-order Markov chain over the training sequences. The score of an item
// is the number of times that it followed the history's last item.
#include "core/api/counting.h"
#include "core/api/plugin.h"

namespace {

class Markov final : public lea::LastItemFramework {
 public:
  using Params = lea::NoParams;
  static std::vector<std::string> uses() { return {}; }

  Markov(const Params&, const lea::Context&) {}

 protected:
  void pairs(const int32_t* items, int64_t count,
             std::vector<std::pair<int32_t, int32_t>>& out) const override {
    for (int64_t i = 0; i + 1 < count; ++i) out.emplace_back(items[i], items[i + 1]);
  }
};

}  // namespace

LEA_PLUGIN(framework, "lea.markov", "1.0.0", Markov,
           "how often an item followed the last one; popularity as fallback")
