// What a run keeps of its network when it has ended.
#include "core/train/kept_network.h"

#include "core/base/files.h"
#include "core/eval/ranks.h"
#include "core/train/checkpoint.h"
#include "tests/base/message.h"
#include "tests/train/toy.h"

namespace lea::train {
namespace {

namespace fs = std::filesystem;

class KeptNetwork : public ToyTest {
 protected:
  KeptNetwork() {
    run_.train.max_steps = 3;
    run_.train.validate_every = 1;
  }
  Outcome train() { return train::train(run_, data_, split_, lookup(), paths(), listener_); }
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : load_best(paths().checkpoint)) names.push_back(name);
    return names;
  }
  // A trained framework, and the ranks of its validation events.
  std::shared_ptr<ToyFramework> trained() {
    auto framework = std::make_shared<ToyFramework>(5);
    framework->w.data().fill_(3);
    framework->unranked.data().fill_(7);
    return framework;
  }
  std::string ranks_of(ToyFramework& framework) const {
    return eval::encode_ranks(evaluator_.rank(framework, data::Part::kValid, [] { return true; }));
  }
  Tensors needed_of(ToyFramework& framework, const std::string& ranks) {
    return tensors_of_scores(framework, evaluator_, ranks, [this] { ++at_work_; });
  }

  Listener listener_;
  int at_work_ = 0;
  const Evaluator evaluator_{data_, split_, 2, at::kCPU};
};

using Names = std::vector<std::string>;

TEST_F(KeptNetwork, IsWhatTheSpecSaysAndChangesNoRank) {
  std::string ranks;
  for (const char* keep : {kKeepAll, kKeepScoring, kKeepNothing}) {
    SCOPED_TRACE(keep);
    fs::remove_all(paths().checkpoint);
    run_.train.keep = keep;
    train();
    if (ranks.empty()) ranks = read_file(paths().ranks);
    EXPECT_EQ(read_file(paths().ranks), ranks);
    if (keep == kKeepNothing) {
      EXPECT_FALSE(fs::exists(best_file(paths().checkpoint)));
    } else {
      EXPECT_EQ(kept(), keep == kKeepAll ? (Names{"unranked", "w"}) : Names{"w"});
      EXPECT_EQ(load_best(paths().checkpoint).at("w").item<float>(), 3);
    }
    for (const auto& entry : fs::directory_iterator(paths().checkpoint))
      EXPECT_EQ(entry.path().filename(), "best.safetensors") << "no checkpoint is left";
  }
}

TEST_F(KeptNetwork, OpensTheTestPart) {
  train();
  const std::string ranks = read_file(paths().ranks), top = read_file(paths().top);
  const auto open = [&] {
    run_.evaluate.test = true;
    return open_test(run_, data_, split_, lookup(), paths(), listener_,
                     [](const eval::RankFile&) {});
  };
  for (const char* keep : {kKeepScoring, kKeepNothing}) {
    SCOPED_TRACE(keep);
    for (const auto& path : {paths().checkpoint, paths().ranks, paths().top}) fs::remove_all(path);
    run_.train.keep = keep;
    run_.evaluate.test = false;
    train();
    if (keep == kKeepNothing) {
      EXPECT_NE(message_of(open).find("best.safetensors: is missing. A run keeps no network with"),
                std::string::npos);
      EXPECT_FALSE(fs::exists(paths().ranks));
    } else {
      open();
      EXPECT_EQ(read_file(paths().ranks), ranks);
      EXPECT_EQ(read_file(paths().top), top);
      EXPECT_TRUE(framework_->unranked.isnan().all().item<bool>()) << "it was not kept";
    }
  }
}

TEST_F(KeptNetwork, HoldsWhatAnyScoreDependsOn) {
  const auto framework = trained();
  const Tensors needed = needed_of(*framework, ranks_of(*framework));
  EXPECT_EQ(needed.size(), 1u);
  EXPECT_EQ(needed.at("w").item<float>(), 3);
  EXPECT_GT(at_work_, 2);

  const auto both = trained();
  both->on_score = [&](const History& history) {
    const Tensor place = at::arange(5, at::kFloat);
    return (place - both->w - both->unranked).expand({history.items.size(0), 5});
  };
  EXPECT_EQ(needed_of(*both, ranks_of(*both)).size(), 2u);
  EXPECT_EQ(both->unranked.item<float>(), 7) << "the values are as before";
}

TEST_F(KeptNetwork, IsWholeWhenSomeEventRanksOtherwiseWithoutARest) {
  const auto framework = trained();
  const Tensors needed = needed_of(*framework, "other ranks");
  ASSERT_EQ(needed.size(), 2u);
  EXPECT_EQ(needed.at("unranked").item<float>(), 7);
}

TEST_F(KeptNetwork, IsWholeForAFrameworkThatRefusesNaN) {
  const auto framework = trained();
  framework->on_score = [&](const History& history) {
    if (framework->unranked.isnan().item<bool>()) throw std::runtime_error("a weight is NaN");
    return at::arange(5, at::kFloat).expand({history.items.size(0), 5}) - framework->w;
  };
  EXPECT_EQ(needed_of(*framework, ranks_of(*framework)).size(), 2u);
}

TEST_F(KeptNetwork, OfAnotherPluginIsRefused) {
  const auto framework = trained();
  save_best(paths().checkpoint, {{"w", at::zeros({1})}});
  EXPECT_NO_THROW(load_kept(*framework, paths().checkpoint, kKeepScoring));
  EXPECT_NE(message_of([&] {
              load_kept(*framework, paths().checkpoint, kKeepAll);
            }).find("no tensor unranked"),
            std::string::npos);
  save_best(paths().checkpoint, {{"w", at::zeros({2})}});
  EXPECT_THROW(load_kept(*framework, paths().checkpoint, kKeepScoring), DataError);
}

}  // namespace
}  // namespace lea::train
