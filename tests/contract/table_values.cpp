// Rewards, states and proposals from files of a user, and what is said about files that are wrong.
#include <cstdio>
#include <fstream>

#include "tests/contract/toy.h"

namespace lea {
namespace {

using nlohmann::json;

class Table : public ::testing::Test {
 protected:
  std::string write(const std::string& text) {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string path =
        ::testing::TempDir() + "/" + test->name() + std::to_string(files_++) + ".tsv";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::shared_ptr<Environment> environment(const json& params) {
    return context_.environment(toy::use("lea.table", params));
  }

  // What is said about a file, with FILE for its path.
  std::string refusal(const std::string& text) {
    const std::string path = write(text);
    try {
      environment({{"rewards", path}});
    } catch (const DataError& error) {
      const std::string message = error.what();
      return message.starts_with(path) ? "FILE" + message.substr(path.size()) : message;
    }
    return "nothing thrown";
  }

  torch::NoGradGuard no_grad_;
  toy::Context context_;
  int files_ = 0;
  const std::string header_ = "sequence_id\tposition\titem_id\treward\n";
};

TEST_F(Table, GivesTheRewardOfItsRowElseTheDefault) {
  const auto table = environment(
      {{"rewards",
        write(header_ + "s0\t0\ti1\t0.5\ns0\t0\ti4\t-2\r\ns2\t4\ti7\t1e-1\ns9\t0\ti1\t9\n"
                        "s1\t2\ti1\t9\n")},
       {"default_reward", 7}});
  const History history = context_.data.histories(toy::longs({0, 1, 10}));
  const Tensor actions = toy::longs({1, 4, 1, 4, 7, 1}).view({3, 2});
  EXPECT_TRUE(toy::near(table->reward(history, actions, {Role::kLogged, Role::kSampled}),
                        at::tensor({.5, -2., 7., 7., .1, 7.}).view({3, 2}), 1e-7));
  EXPECT_EQ(table->state_width(), 0);
  EXPECT_THROW(table->state(history), Error);
}

TEST_F(Table, GivesTheStateBeforeTheEventAndAfterItsAction) {
  const auto table = environment(
      {{"states", write("sequence_id\tposition\ta\tb\ns0\t0\t1\t2\ns0\t1\t3\t4\ns0\t3\t5\t6\n")}});
  ASSERT_EQ(table->state_width(), 2);
  const History before = context_.data.histories(toy::longs({0, 1, 2, 3}));
  const Tensor wanted = at::tensor({1., 2., 3., 4., 0., 0., 5., 6.}).view({4, 2});
  EXPECT_TRUE(toy::near(table->state(before), wanted)) << "position 2 has no row";
  // The next histories of events 0..3: those of events 1..3, and one that no event follows.
  History after = {toy::longs({1, 0, 0, 1, 2, 0, 1, 2, 3, 2, 3, 4}).view({4, 3}),
                   toy::longs({1, 2, 3, 3}), toy::longs({1, 2, 3, -1})};
  EXPECT_TRUE(
      toy::near(table->state(after), at::tensor({3., 4., 0., 0., 5., 6., 0., 0.}).view({4, 2})));
  History outside = before;
  outside.event = toy::longs({-1, -1, -1, -1});
  EXPECT_TRUE(toy::near(table->state(outside), at::zeros({4, 2})));
}

TEST_F(Table, StatesPassThroughTheWrappers) {
  const json states = {{"id", "lea.table"},
                       {"params", {{"states", write("sequence_id\tposition\ta\ns0\t1\t3\n")}}}};
  for (const std::string id : {"lea.shuffled", "lea.class_mean"}) {
    const auto wrapper = context_.environment(toy::use(id, {{"of", states}}));
    ASSERT_EQ(wrapper->state_width(), 1) << id;
    const History history = context_.data.histories(toy::longs({1, 4}));
    EXPECT_TRUE(toy::near(wrapper->state(history), at::tensor({3., 0.}).view({2, 1}))) << id;
  }
}

TEST_F(Table, ProposesTheItemOfItsRowElseNothing) {
  const PluginEntry& entry = toy::registry().get("augmenter", "lea.table");
  const auto table = entry.augmenter(
      {{"proposals", write("sequence_id\tposition\titem_id\ns0\t2\ti8\ns1\t0\ti1\n")}}, context_);
  const History history = context_.data.histories(toy::longs({1, 2, 4, 5}));
  EXPECT_TRUE(
      toy::near(table->propose(history, at::ones({4, 5}, at::kLong)), toy::longs({0, 8, 1, 0})));
}

TEST_F(Table, RefusesAHeaderThatIsNotItsOwn) {
  const std::string form = "sequence_id<TAB>position<TAB>item_id<TAB>reward";
  EXPECT_EQ(refusal("user\tposition\titem_id\treward\n"),
            "FILE:1: the header's column 1 must be `sequence_id`, but is `user`; the whole "
            "header is " +
                form);
  EXPECT_EQ(refusal("sequence_id\tposition\titem_id\n"),
            "FILE:1: the header must be " + form + ", but has 3 columns");
  EXPECT_EQ(refusal(""), "FILE:1: the file is empty; its header must be " + form);
}

TEST_F(Table, RefusesRowsWithFileAndLine) {
  EXPECT_EQ(refusal(header_ + "s0\t0\ti1\t1\ns0\t1\ti2\n"),
            "FILE:3: must have 4 columns separated by tabs, but has 3");
  EXPECT_EQ(refusal(header_ + "s0\tx\ti1\t1\n"),
            "FILE:2: position must be a whole number, 0 or more, but is `x`");
  EXPECT_EQ(refusal(header_ + "s0\t-1\ti1\t1\n"), "FILE:2: position must be 0 or more, but is -1");
  EXPECT_EQ(refusal(header_ + "s0\t0\ti9\t1\n"), "FILE:2: there is no item `i9` in the data set");
  EXPECT_EQ(refusal(header_ + "s0\t0\ti1\tgood\n"),
            "FILE:2: reward must be a finite number, but is `good`");
  EXPECT_EQ(refusal(header_ + "s0\t0\ti1\tnan\n"), "FILE:2: reward must be finite");
  EXPECT_EQ(refusal(header_ + "s0\t0\ti1\t\n"),
            "FILE:2: reward must be a finite number, but is ``");
  EXPECT_EQ(refusal(header_ + "s0\t0\ti1\t1\ns0\t1\ti1\t1\ns0\t0\ti1\t2\n"),
            "FILE:4: the same sequence, position and item as in line 2: keep one of the two");
}

TEST_F(Table, RefusesAFileOfAnotherDataSet) {
  EXPECT_EQ(refusal(header_ + "u0\t0\ti1\t1\nu1\t0\ti1\t1\n"),
            "FILE: none of its 2 rows belongs to a training sequence: sequence_id must hold the "
            "ids of the imported data set (`lealab data export` writes them)");
  EXPECT_THROW(environment({{"rewards", ::testing::TempDir()}}), DataError) << "a folder";
  EXPECT_THROW(environment({{"rewards", ::testing::TempDir() + "/missing.tsv"}}), DataError);
}

}  // namespace
}  // namespace lea
