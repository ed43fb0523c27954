// Untrained baseline: the score of an item is its training count, for every history.
#include <ATen/ATen.h>

#include "core/api/counting.h"
#include "core/api/plugin.h"

namespace {

class Popularity final : public lea::Framework {
 public:
  using Params = lea::NoParams;
  static std::vector<std::string> uses() { return {}; }

  Popularity(const Params&, const lea::Context&) {}

  void fit(const lea::TrainingData& training) override { count_ = lea::item_counts(training); }

  lea::Tensor score(const lea::History& history) override {
    return count_.to(history.items.device()).repeat({history.items.size(0), 1});
  }

 private:
  lea::Tensor count_;  // [N]
};

}  // namespace

LEA_PLUGIN(framework, "lea.popularity", "1.0.0", Popularity, "training count of each item")
