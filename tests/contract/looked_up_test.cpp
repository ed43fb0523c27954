// Runs whose rewards are looked up, and what the host samples for them.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "core/base/safetensors.h"
#include "core/train/sampler.h"
#include "tests/contract/short_run.h"

namespace lea::short_run {
namespace {

constexpr int64_t kPool = 7;

const Study& study() {
  static const Study study;
  return study;
}

std::string bytes_of(const Tensor& values) {
  const Tensor whole = values.contiguous();
  return {static_cast<const char*>(whole.const_data_ptr()), whole.nbytes()};
}

class LookedUp : public ::testing::Test {
 protected:
  // SNQN with negatives of a pool, and the predefined rewards 1 and 0 whatever the behaviour.
  spec::RunSpec run(const std::string& exclude = "target") const {
    spec::RunSpec run = study().run_of("lea.snqn", nlohmann::json::object());
    run.reward.params["behaviours"] = "";
    run.negatives.from = "pool";
    run.negatives.pool = kPool;
    run.negatives.exclude = exclude;
    return run;
  }
  // The use of lea.table with these rewards of the logged item and the pool, [E, 1 + P]. A pair that
  // the table lacks would get a reward that changes every result.
  spec::PluginUse table(const spec::RunSpec& run, const Tensor& rewards) const {
    const Tensor pool = train::draw_pool(run.negatives, study().training());
    const std::string values = bytes_of(rewards), items = bytes_of(pool);
    const std::string path =
        study().write("looked_up.safetensors",
                      encode_safetensors({{"rewards", "F32", rewards.sizes().vec(), values},
                                          {"pool", "I64", pool.sizes().vec(), items}}));
    return {"lea.table",
            {{"rewards", {{"path", path}, {"sha256", ""}}}, {"default_reward", 1000.0}}};
  }
  static spec::PluginUse of(const std::string& id, const spec::PluginUse& inner,
                            nlohmann::json params = nlohmann::json::object()) {
    params["of"] = {{"id", inner.id}, {"params", inner.params}};
    return {id, params};
  }

  // 1 for the logged item, 0 for the pool.
  const Tensor predefined_ = [] {
    const Tensor rewards = at::zeros({study().training().events(), 1 + kPool});
    rewards.select(1, 0).fill_(1);
    return rewards;
  }();
};

TEST_F(LookedUp, OneForLoggedAndZeroForSampledItemsIsThePredefinedRunByteForByte) {
  for (const std::string exclude : {"target", "history"}) {
    SCOPED_TRACE(exclude);
    spec::RunSpec looked_up = run(exclude);
    const auto due = study().files_of(looked_up);
    looked_up.reward = table(looked_up, predefined_);
    EXPECT_EQ(study().files_of(looked_up), due);
  }
}

TEST_F(LookedUp, TheControlsAskForNoPairThatTheTableLacks) {
  spec::RunSpec controlled = run();
  const auto due = study().files_of(controlled);
  const spec::PluginUse inner = table(controlled, predefined_);
  for (const spec::PluginUse& use :
       {of("lea.matched", inner), of("lea.class_mean", inner), of("lea.shuffled", inner),
        of("lea.shuffled", inner, {{"scope", "within_role"}})}) {
    SCOPED_TRACE(use.id + use.params.dump());
    controlled.reward = use;
    EXPECT_EQ(study().files_of(controlled), due);
  }
}

TEST_F(LookedUp, OtherRewardsAndOtherPoolsGiveOtherRuns) {
  spec::RunSpec other = run();
  const auto due = study().files_of(other);
  const Tensor rewards = predefined_.clone();
  rewards.select(1, kPool).fill_(0.5);
  other.reward = table(other, rewards);
  EXPECT_NE(study().files_of(other), due) << "the last column of the pool is used, too";
  EXPECT_NE(study().files_of(run("sequence")), due);
}

}  // namespace
}  // namespace lea::short_run
