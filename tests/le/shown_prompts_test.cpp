// What people are shown before anything is made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "plugins/le/environment_maker.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Asked final : public PrepareContext {
 public:
  int64_t items() const override { return 12; }
  int64_t history() const override { return data_.history; }
  c10::Device device() const override { return c10::kCPU; }
  const TrainingData& training(double, uint64_t) override { return data_; }
  const TrainingData& rest(double, uint64_t) override { return data_; }
  std::vector<std::string> texts(const std::string&) override {
    std::vector<std::string> titles(12, "red lamp");
    titles[3] = "";
    return titles;
  }
  std::vector<std::string> text_columns() override { return {"title"}; }
  Tensor pool() override { return {}; }
  std::string folder() const override { return ""; }
  std::string earlier() const override { return ""; }
  void record(const std::string&, double) override {}
  bool stop(int64_t, int64_t) override { return false; }
  void log(LogLevel, const std::string&) override {}

 private:
  const TrainingData data_ = training_of({{1}, {1, 2, 3}, {5, 6, 4}});
};

std::vector<std::string> shown(const nlohmann::json& more, int64_t limit = 1) {
  nlohmann::json all = {{"order", "hoisted"}, {"item_sentence", "{item} is titled {title}."}};
  all.update(more);
  Asked context;
  return LanguageEnvironment::Maker(tiny_settings(all)).show(context, limit);
}

TEST(ShownPrompts, HaveTextAndIds) {
  const std::vector<std::string> lines = shown(nlohmann::json::object());
  EXPECT_THAT(
      lines,
      ElementsAre("sentence of item 3: <item 3> is titled red lamp.", StartsWith("  <item 3> "),
                  "state of training sequence 2", HasSubstr(" <item 1> "),
                  "reward of item 3: the user has bought these products: <item 1>, <item 2> next "
                  "<item 3>",
                  HasSubstr(" <item 3>"),
                  "selection: the user has bought these products in order: <item 1>, <item 2>, in "
                  "the list of:[<item 3>, <item 1>, <item 2>, <item 4>, <item 5>], next",
                  HasSubstr(" <item 5> ")));
}

TEST(ShownPrompts, SayThatAnItemHasNoText) {
  const std::vector<std::string> lines = shown(nlohmann::json::object(), 2);
  ASSERT_EQ(lines.size(), 16U);
  EXPECT_EQ(lines[8], "sentence of item 4: no text");
  EXPECT_EQ(lines[9], "  <item 4>");
}

TEST(ShownPrompts, SayWhyASelectionCannotBeShown) {
  const std::vector<std::string> lines = shown({{"labels", "first of all|second"}});
  ASSERT_EQ(lines.size(), 7U);
  EXPECT_THAT(lines[4], StartsWith("reward of item 3: "));
  EXPECT_THAT(lines[6], StartsWith("selection: cannot be shown: le: labels: `first of all` is "));
}

TEST(ShownPrompts, OfStatesAndRewardsMustBeRight) {
  EXPECT_THROW(shown({{"hoisted_prompt", "{item} {history}"}}), ConfigError);
}

}  // namespace
}  // namespace lea::le
