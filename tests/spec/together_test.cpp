// Values that are right one by one and wrong together.
#include <gmock/gmock.h>

#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

class Together : public SpecTest {
 protected:
  std::string error_with(const std::string& text, const std::vector<std::string>& set = {}) const {
    PluginInfo framework = spec::framework("lea.clipped", {"backbone", "negatives", "train"});
    framework.params = {real("low", 0, {-10, 10}), integer("high", 5, {-10, 10})};
    framework.params[0].not_above = "high";
    framework.min_negatives = 2;
    try {
      load_experiment(
          write("spec.yaml", "data: {name: small}\nbackbone: gru4rec\nseeds: [1]\n" + text), set,
          PluginCatalogue({backbone("lea.gru4rec"), framework}));
    } catch (const ConfigError& error) {
      return std::string(error.what()).substr(folder_.size() + 1);
    }
    return "";
  }
};

TEST_F(Together, TwoNumbersTheWrongWayRoundAreRefusedWhereTheSpecStatesOneOfThem) {
  const std::string two = "negatives: {count: 2}\n";
  EXPECT_EQ(error_with(two + "framework: {clipped: {low: 5, high: 5}}\n"), "");
  EXPECT_EQ(error_with(two + "framework: {clipped: {high: 2, low: 2.5}}\n"),
            "spec.yaml:5:29: framework.clipped.low: must not be above high (2), but is 2.5");
  EXPECT_EQ(error_with(two + "framework: {clipped: {high: -1}}\n"),
            "spec.yaml:5:29: framework.clipped.low: must not be above high (-1), but is 0.0");
  EXPECT_EQ(error_with(two + "framework: {clipped: {low: 11, high: -5}}\n"),
            "spec.yaml:5:28: framework.clipped.low: must be a number from -10 to 10, but is `11`")
      << "one problem, one message";
}

TEST_F(Together, AFrameworkIsNotGivenFewerNegativesThanItNeeds) {
  EXPECT_EQ(error_with("framework: clipped\nnegatives: {count: 1}\n"),
            "spec.yaml:5:20: negatives.count: must be at least 2 for lea.clipped, but is 1");
  EXPECT_THAT(
      error_with("framework: clipped\n"),
      ::testing::HasSubstr("negatives.count: must be at least 2 for lea.clipped, but is 1"));
  EXPECT_EQ(error_with("framework: clipped\n", {"negatives.count=2"}), "");
}

}  // namespace
}  // namespace lea::spec
