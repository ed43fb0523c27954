// A run that goes on after its data, its split or a plugin was replaced.
#include "core/train/checkpoint.h"
#include "core/train/trainer.h"
#include "tests/train/toy.h"

namespace lea::train {
namespace {

using Plugins = std::map<std::string, spec::PluginBuild>;

const Plugins kPlugins = {{"framework toy.framework", {"1.0.0", "11111111111111111111"}},
                          {"backbone toy.backbone", {"0.1.0-dev", "22222222222222222222"}}};

class ReplacedTest : public ToyTest {
 protected:
  ReplacedTest() { run_.train.max_steps = 6; }

  // Trains until `stop_at`; gives the steps that were computed.
  std::vector<int64_t> attempt(int64_t stop_at, const Plugins& plugins = kPlugins) {
    std::vector<int64_t> steps;
    prepare_ = [&](ToyFramework& framework) {
      framework.on_loss = [&](ToyFramework& f, const Transition&, const Step& step) {
        steps.push_back(step.index);
        return Loss{-f.w.sum(), "ranked", {}};
      };
    };
    listener_ = Listener();
    listener_.stop_at = stop_at;
    outcome_ = train(run_, data_, split_, lookup(), paths(), listener_, [&] { return plugins; });
    return steps;
  }
  void expect_fresh_start(const std::vector<int64_t>& steps, const std::string& said) {
    EXPECT_EQ(steps, (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(listener_.said, said +
                                  "so the checkpoint of step 4 belongs to another experiment: "
                                  "the run starts again from step 0\n");
    EXPECT_FALSE(outcome_.interrupted);
    EXPECT_EQ(outcome_.steps, 6);
    EXPECT_EQ(listener_.values<int64_t>("train", "step"), steps);
  }

  Listener listener_;
  Outcome outcome_;
};

TEST_F(ReplacedTest, GoesOnWhereNothingWas) {
  EXPECT_EQ(attempt(4).size(), 4u);
  EXPECT_TRUE(outcome_.interrupted);
  EXPECT_EQ(attempt(100), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(listener_.said, "");
}

TEST_F(ReplacedTest, StartsAgainWithAnotherVersionOfAPluginAndSaysSo) {
  attempt(4);
  Plugins raised = kPlugins;
  raised["framework toy.framework"].version = "1.1.0";
  expect_fresh_start(attempt(100, raised),
                     "since the last attempt the plugin framework toy.framework was replaced "
                     "(was 1.0.0 111111111111, is 1.1.0 111111111111)\n");
}

TEST_F(ReplacedTest, ResumesWithAnotherBuildOfAReleasedVersion) {
  attempt(4);
  Plugins rebuilt = kPlugins;
  rebuilt["framework toy.framework"].sha256 = "33333333333333333333";
  EXPECT_EQ(attempt(100, rebuilt), (std::vector<int64_t>{4, 5}));
}

TEST_F(ReplacedTest, StartsAgainWithAnotherBuildOfAPluginInDevelopment) {
  attempt(4);
  Plugins rebuilt = kPlugins;
  rebuilt["backbone toy.backbone"].sha256 = "33333333333333333333";
  expect_fresh_start(attempt(100, rebuilt),
                     "since the last attempt the plugin backbone toy.backbone was replaced "
                     "(was 0.1.0-dev 222222222222, is 0.1.0-dev 333333333333)\n");
}

TEST_F(ReplacedTest, StartsAgainWithOtherDataAndSaysSo) {
  attempt(4);
  const std::string was = data_->fingerprint().substr(0, 12);
  const std::string split_was = split_->fingerprint.substr(0, 12);
  data_ = import({{"u1", "abc"}, {"u4", "abdd"}, {"u2", "bc"}, {"u5", "dcae"}, {"u3", "caddd"}},
                 "other");
  split_ =
      split({{"u1", "train"}, {"u2", "train"}, {"u3", "train"}, {"u4", "valid"}, {"u5", "test"}});
  expect_fresh_start(attempt(100), "since the last attempt the data set was replaced (was " + was +
                                       ", is " + data_->fingerprint().substr(0, 12) +
                                       ")\nsince the last attempt the split was replaced (was " +
                                       split_was + ", is " + split_->fingerprint.substr(0, 12) +
                                       ")\n");
}

TEST_F(ReplacedTest, StartsAgainWithAnotherSplitAndSaysSo) {
  attempt(4);
  const std::string was = split_->fingerprint.substr(0, 12);
  split_ =
      split({{"u1", "train"}, {"u2", "train"}, {"u3", "train"}, {"u4", "test"}, {"u5", "valid"}});
  expect_fresh_start(attempt(100), "since the last attempt the split was replaced (was " + was +
                                       ", is " + split_->fingerprint.substr(0, 12) + ")\n");
}

TEST_F(ReplacedTest, KeepsTheCheckpointsOfTheFreshStartThatHaveFewerSteps) {
  attempt(4);
  Plugins rebuilt = kPlugins;
  rebuilt["backbone toy.backbone"].sha256 = "33333333333333333333";
  EXPECT_EQ(attempt(2, rebuilt), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(attempt(100, rebuilt), (std::vector<int64_t>{2, 3, 4, 5}));
}

TEST_F(ReplacedTest, TrustsACheckpointOfAnOlderVersionThatNamesNothing) {
  attempt(4);
  auto checkpoint = load_checkpoint(paths().checkpoint, [](const std::string&) {});
  ASSERT_TRUE(checkpoint);
  for (const char* key :
       {"data_fingerprint", "split_fingerprint", "plugins", "numerics", "software"})
    EXPECT_EQ(checkpoint->progress.erase(key), 1u) << key;
  save_checkpoint(paths().checkpoint, *checkpoint);
  EXPECT_EQ(attempt(100), (std::vector<int64_t>{4, 5}));
}

// Checkpoints before plugin API 3 name the library's sha256 and no version.
TEST_F(ReplacedTest, ComparesTheLibraryAloneOfAnOlderCheckpointAndOnlyInDevelopment) {
  attempt(4);
  auto checkpoint = load_checkpoint(paths().checkpoint, [](const std::string&) {});
  ASSERT_TRUE(checkpoint);
  checkpoint->progress["plugins"] = {{"framework toy.framework", "44444444444444444444"},
                                     {"backbone toy.backbone", "22222222222222222222"}};
  save_checkpoint(paths().checkpoint, *checkpoint);
  EXPECT_EQ(attempt(5), (std::vector<int64_t>{4}));

  checkpoint = load_checkpoint(paths().checkpoint, [](const std::string&) {});
  ASSERT_TRUE(checkpoint);
  checkpoint->progress["plugins"] = {{"backbone toy.backbone", "44444444444444444444"}};
  save_checkpoint(paths().checkpoint, *checkpoint);
  EXPECT_EQ(attempt(100), (std::vector<int64_t>{0, 1, 2, 3, 4, 5}));
}

TEST_F(ReplacedTest, StartsAgainWhereTheHostComputesOtherwise) {
  attempt(4);
  auto checkpoint = load_checkpoint(paths().checkpoint, [](const std::string&) {});
  ASSERT_TRUE(checkpoint);
  checkpoint->progress["numerics"] = spec::kNumerics + 1;
  save_checkpoint(paths().checkpoint, *checkpoint);
  expect_fresh_start(attempt(100),
                     "since the last attempt the way of computing (numerics) was replaced (was " +
                         std::to_string(spec::kNumerics + 1) + ", is " +
                         std::to_string(spec::kNumerics) + ")\n");
}

TEST_F(ReplacedTest, StartsAgainUnderAnotherLibTorch) {
  attempt(4);
  auto checkpoint = load_checkpoint(paths().checkpoint, [](const std::string&) {});
  ASSERT_TRUE(checkpoint);
  const std::string now = checkpoint->progress.at("software").at("LibTorch");
  checkpoint->progress.at("software").at("LibTorch") = "1.9.0";
  save_checkpoint(paths().checkpoint, *checkpoint);
  expect_fresh_start(attempt(100),
                     "since the last attempt LibTorch was replaced (was 1.9.0, is " + now + ")\n");
}

TEST(MadeWith, NamesEachPartThatIsAnotherNow) {
  const MadeWith was{"d1",
                     "s1",
                     {{"framework f", {"1", "f1"}}, {"backbone b", {"1", "b1"}}},
                     {{"rewards of e", "a1"}},
                     {{"LibTorch", "2.12.0"}}};
  const nlohmann::json progress = was.to_json();
  EXPECT_TRUE(replaced_since(progress, was).empty());
  EXPECT_EQ(replaced_since(progress, {"d2",
                                      "s2",
                                      {{"framework f", {"2", "f2"}}},
                                      {{"rewards of e", "a2"}},
                                      {{"LibTorch", "2.13.0"}}}),
            (std::vector<std::string>{"the data set was replaced (was d1, is d2)",
                                      "the split was replaced (was s1, is s2)",
                                      "the plugin backbone b was replaced (was 1 b1, is absent)",
                                      "the plugin framework f was replaced (was 1 f1, is 2 f2)",
                                      "the artefact rewards of e was replaced (was a1, is a2)",
                                      "LibTorch was replaced (was 2.12.0, is 2.13.0)"}));
}

}  // namespace
}  // namespace lea::train
