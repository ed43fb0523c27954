// Rewards, states and proposals from files of a user, and what is said about files that are wrong.
#include <cmath>
#include <cstdio>
#include <fstream>

#include "core/base/safetensors.h"
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

// A safetensors file with one array.
std::string arrays(const std::string& name, const Tensor& values, const Tensor& pool = {}) {
  const auto bytes = [](const Tensor& whole) {
    return std::string(static_cast<const char*>(whole.const_data_ptr()), whole.nbytes());
  };
  const std::string content = bytes(values), items = pool.defined() ? bytes(pool) : "";
  const char* type = values.scalar_type() == at::kFloat    ? "F32"
                     : values.scalar_type() == at::kDouble ? "F64"
                                                           : "I64";
  std::vector<SafetensorsPart> parts = {{name, type, values.sizes().vec(), content}};
  if (pool.defined()) parts.push_back({"pool", "I64", pool.sizes().vec(), items});
  return encode_safetensors(parts);
}

// 10 x event + item for the logged item and the whole pool of each event: [E, N].
Tensor telling() {
  const Tensor logged = toy::training().item.to(at::kLong).unsqueeze(1);
  const Tensor items = at::cat({logged, toy::whole_pool()}, 1);
  return (10 * at::arange(toy::kEvents).unsqueeze(1) + items).to(at::kFloat);
}

TEST_F(Table, LooksUpTheLoggedItemAndThePoolOfEachEvent) {
  context_.negatives = toy::whole_pool();
  const History history = context_.data.histories(toy::longs({0, 3, 10}));
  const Tensor actions = toy::longs({1, 5, 8, 4, 1, 1, 7, 8, 6}).view({3, 3});
  const Tensor due = at::tensor({1., 5., 8., 34., 31., 31., 107., 108., 106.}).view({3, 3});
  const std::string golden = LEA_SOURCE_DIR "/tests/golden/npz/toy_rewards.npz";
  for (const std::string& path :
       {golden, write(arrays("rewards", telling())), write(arrays("table", telling())),
        write(arrays("rewards", telling().to(at::kDouble), toy::whole_pool()))}) {
    SCOPED_TRACE(path);
    const auto table = environment({{"rewards", path}, {"default_reward", -1}});
    for (const Role role : {Role::kLogged, Role::kSampled, Role::kProposed}) {
      EXPECT_TRUE(toy::near(table->reward(history, actions, {role, role, role}), due));
    }
    History outside = history;
    outside.event = toy::longs({0, -1, 10});
    EXPECT_TRUE(toy::near(table->reward(outside, actions, std::vector<Role>(3, Role::kSampled))[1],
                          at::full({3}, -1.)));
  }
}

TEST_F(Table, GivesTheDefaultOutsideThePoolAndTheFirstRewardOfAnItemThatIsThereTwice) {
  context_.negatives = toy::whole_pool().narrow(1, 0, 3).clone();
  context_.negatives[0].copy_(toy::longs({5, 6, 5}));
  const Tensor rewards = at::arange(4.).unsqueeze(0).expand({toy::kEvents, 4}).contiguous();
  const auto table =
      environment({{"rewards", write(arrays("rewards", rewards))}, {"default_reward", 9}});
  const Tensor actions = toy::longs({1, 5, 6, 7, 8}).view({1, 5});
  EXPECT_TRUE(toy::near(table->reward(context_.data.histories(toy::longs({0})), actions,
                                      std::vector<Role>(5, Role::kSampled)),
                        at::tensor({0., 1., 2., 9., 9.}).view({1, 5})));
}

TEST_F(Table, NeedsNoPoolForTheRewardsOfLoggedItems) {
  for (const Tensor& rewards : {at::arange(11.).unsqueeze(1), at::arange(11.)}) {
    const auto table = environment({{"rewards", write(arrays("rewards", rewards.contiguous()))}});
    const Tensor actions = toy::longs({3, 4}).view({1, 2});
    EXPECT_TRUE(toy::near(table->reward(context_.data.histories(toy::longs({2})), actions,
                                        {Role::kLogged, Role::kSampled}),
                          at::tensor({2., 0.}).view({1, 2})));
  }
}

TEST_F(Table, GivesTheStatesOfPlaces) {
  const Tensor by_place = at::stack({at::arange(14.), at::arange(14.) / 8}, 1);
  const std::string golden = LEA_SOURCE_DIR "/tests/golden/npz/toy_states.npz";
  for (const std::string& path : {golden, write(arrays("states", by_place))}) {
    const auto table = environment({{"states", path}});
    ASSERT_EQ(table->state_width(), 2);
    // Events 3 and 4 with their next histories: the end of a sequence, and event 5.
    History history = context_.data.histories_at(toy::longs({3, 4, 5, 6, 13}));
    EXPECT_TRUE(
        toy::near(table->state(history), by_place.index_select(0, toy::longs({3, 4, 5, 6, 13}))));
    history.place = toy::longs({3, -1, 5, -1, 13});
    EXPECT_TRUE(toy::near(table->state(history)[1], at::zeros({2})));
  }
}

// Arrays that do not fit the data, and what is said about them.
TEST_F(Table, RefusesArraysOfAnotherShapeOrType) {
  const Tensor whole = telling();
  const std::string rows =
      "has 10 rows, but must have 11: one for each training event, in the order of the data, so "
      "the file belongs to one split";
  EXPECT_EQ(refusal(arrays("rewards", whole.narrow(0, 0, 10).contiguous())),
            "FILE: `rewards` " + rows);
  EXPECT_EQ(refusal(arrays("table", whole.narrow(0, 0, 10).contiguous())), "FILE: `table` " + rows);
  EXPECT_EQ(refusal(arrays("reward", whole)),
            "FILE: has no array `rewards` or `table` (it has: reward)");
  EXPECT_EQ(refusal(arrays("rewards", at::ones({11, 1, 1}))),
            "FILE: `rewards` must be a matrix, but has 3 dimensions");
  EXPECT_EQ(refusal(arrays("rewards", at::ones({11, 0}))), "FILE: `rewards` has no column");
  EXPECT_EQ(refusal(arrays("rewards", at::ones({11, 8}, at::kLong))),
            "FILE: `rewards` must hold floats (F32, F64 or BF16), but holds I64");
  Tensor infinite = whole.clone();
  infinite[10][7].fill_(INFINITY);
  EXPECT_EQ(refusal(arrays("rewards", infinite)),
            "FILE: `rewards` holds a value that is not finite, in the rows from 0");
  const std::string columns =
      "FILE: the rewards have 8 columns, one for the logged item and the others for a pool";
  try {
    environment({{"rewards", write(arrays("rewards", whole))}});
    FAIL() << "nothing thrown";
  } catch (const ConfigError& error) {
    const std::string message = error.what();
    EXPECT_EQ("FILE" + message.substr(message.find(": the rewards")),
              columns + "; state `negatives: {from: pool, pool: 7}` as it was when they were made");
  }
  context_.negatives = toy::whole_pool().narrow(1, 0, 3).contiguous();
  EXPECT_EQ(refusal(arrays("rewards", whole)), columns + ", but the run's pool has 3 items");
  context_.negatives = toy::whole_pool();
  EXPECT_EQ(refusal(arrays("rewards", whole, toy::whole_pool().flip(1).contiguous())),
            "FILE: was made for another pool: `pool` differs from the items that this run draws "
            "from. They depend on the data, the split, and pool, seed and exclude of `negatives`");
  EXPECT_EQ(refusal(arrays("rewards", whole).substr(0, 200)).substr(0, 38),
            "FILE: not a valid safetensors file: it");
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
            "FILE: has 2 rows, none of which belongs to a training sequence: sequence_id must hold "
            "the ids of the imported data set (`lealab data export` writes them)");
  EXPECT_THROW(environment({{"rewards", ::testing::TempDir()}}), DataError) << "a folder";
  EXPECT_THROW(environment({{"rewards", ::testing::TempDir() + "/missing.tsv"}}), DataError);
}

}  // namespace
}  // namespace lea
