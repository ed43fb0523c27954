// What a plugin throws, and where it crashes, is known by the plugin's name and its method.
#include "core/train/plugin_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <array>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/train/named_plugins.h"

namespace lea::train {
namespace {

using testing::ElementsAre;

template <class E = PluginError, class F>
std::string message_of(F&& run) {
  try {
    run();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

template <class F>
std::string thrown_by(F&& run) {
  return message_of([&] { call_plugin("backbone my.model", "encode()", run); });
}

TEST(PluginCall, NamesThePluginAndTheMethodOfWhatIsThrown) {
  EXPECT_EQ(thrown_by([] { throw std::runtime_error("enough"); }),
            "backbone my.model at encode() threw: enough");
  EXPECT_EQ(thrown_by([] { throw 42; }),
            "backbone my.model at encode() threw something that is no std::exception");
  EXPECT_EQ(call_plugin("backbone my.model", "width()", [] { return 7; }), 7);
  set_step(20);
  EXPECT_EQ(thrown_by([] { throw std::runtime_error("enough"); }),
            "backbone my.model at encode(), step 20, threw: enough");
  set_step(-1);
}

TEST(PluginCall, KeepsTheKindOfAnErrorThatIsForPeople) {
  const auto from = [](const auto& error) {
    return [&] { call_plugin("environment my.table", "its constructor", [&] { throw error; }); };
  };
  const std::string named = "a.tsv:3:5: is empty (in environment my.table at its constructor)";
  EXPECT_EQ(message_of<DataError>(from(DataError("a.tsv:3:5: is empty"))), named);
  EXPECT_EQ(message_of<ConfigError>(from(ConfigError("a.tsv:3:5: is empty"))), named);
  EXPECT_EQ(message_of<StoreError>(from(StoreError("a.tsv:3:5: is empty"))), named);
  try {
    from(Error(Exit::kEnvironment, "a.tsv:3:5: is empty"))();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Exit::kEnvironment);
    EXPECT_EQ(error.what(), named);
  }
}

TEST(PluginCall, OfWhichAnotherIsPartLeavesTheNamesOfTheInnerOne) {
  const auto inner = [](const auto& error) {
    return [&] { call_plugin("environment my.table", "reward()", [&] { throw error; }); };
  };
  EXPECT_EQ(thrown_by(inner(std::runtime_error("enough"))),
            "environment my.table at reward() threw: enough");
  EXPECT_EQ(thrown_by(inner(PluginError("enough"))),
            "enough (in environment my.table at reward())");
  EXPECT_EQ(thrown_by([&] {
              try {
                inner(std::runtime_error("enough"))();
              } catch (const std::exception&) {
                throw std::runtime_error("more than enough");
              }
            }),
            "backbone my.model at encode() threw: more than enough");
}

TEST(PluginCall, TellsAllThatWasThrownToTheLog) {
  try {
    call_plugin("backbone my.model", "encode()", [] { at::zeros({2}) + at::zeros({3}); });
    FAIL();
  } catch (const PluginThrew& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("backbone my.model at encode() threw: The size"));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    EXPECT_THAT(error.full(), testing::HasSubstr("The size of tensor a (2)"));
  }
}

TEST(PluginCall, LetsLackOfMemoryPassAndRemembersWhereItWas) {
  EXPECT_THROW(
      call_plugin(
          "framework my.learner", "loss()",
          [] { call_plugin("backbone my.model", "encode()", [] { throw std::bad_alloc(); }); }),
      std::bad_alloc);
  EXPECT_STREQ(place_without_memory(), "backbone my.model at encode()");
  call_plugin("framework my.learner", "loss()", [] {});
  EXPECT_STREQ(place_without_memory(), "") << "another call began since";
}

TEST(PluginCall, IsShownWhileItRuns) {
  std::array<char, 64> memory{};
  show_calls_in(memory.data(), memory.size());
  std::vector<std::string> seen;
  const auto look = [&] { seen.emplace_back(memory.data()); };
  look();
  set_step(20);
  call_plugin("framework my.learner", "loss()", [&] {
    look();
    call_plugin("backbone my.model", "encode()", look);
    look();
  });
  set_step(-1);
  EXPECT_THROW(call_plugin("backbone " + std::string(100, 'x'), "encode()",
                           [&] {
                             look();
                             throw std::runtime_error("enough");
                           }),
               PluginThrew);
  look();
  show_calls_in(nullptr, 0);
  EXPECT_THAT(seen, ElementsAre("", "framework my.learner at loss(), step 20",
                                "backbone my.model at encode(), step 20",
                                "framework my.learner at loss(), step 20",
                                "backbone " + std::string(54, 'x'), ""));
}

// A backbone with a parameter, a buffer and a module of its own.
class Model final : public Backbone {
 public:
  Model() {
    scale = register_parameter("scale", at::ones({4}));
    register_buffer("count", at::zeros({}, at::kLong));
    inner = register_module("inner", torch::nn::Linear(4, 4));
  }
  int64_t width() const override { return 4; }
  Tensor encode(const History& history) override {
    was_training = is_training();
    const Tensor hidden = inner(history.length.unsqueeze(1).to(at::kFloat) * scale);
    return wrong ? hidden.sum(1) : hidden;
  }
  Tensor item_embedding() const override { return scale; }

  Tensor scale;
  torch::nn::Linear inner{nullptr};
  bool wrong = false, was_training = false;
};

History three_histories() {
  return {at::ones({3, 2}, at::kLong), at::ones({3}, at::kLong), {}, {}};
}

TEST(NamedBackbone, SharesItsTensorsUnderTheirNames) {
  const auto model = std::make_shared<Model>();
  const auto named = with_named_calls(std::shared_ptr<Backbone>(model), "my.model");
  const auto names = [](const torch::nn::Module& module) {
    std::vector<std::string> names;
    for (const auto& item : module.named_parameters()) names.push_back(item.key());
    for (const auto& item : module.named_buffers()) names.push_back(item.key());
    return names;
  };
  EXPECT_EQ(names(*named), names(*model));
  EXPECT_THAT(names(*named), ElementsAre("scale", "inner.weight", "inner.bias", "count"));
  for (const auto& item : named->named_parameters())
    EXPECT_TRUE(item.value().is_same(model->named_parameters()[item.key()])) << item.key();
  EXPECT_TRUE(named->item_embedding().is_same(model->scale));
  named->encode(three_histories()).sum().backward();
  EXPECT_TRUE(model->scale.grad().defined());
}

TEST(NamedBackbone, TrainsAndEvaluatesAsItIsTold) {
  const auto model = std::make_shared<Model>();
  const auto named = with_named_calls(std::shared_ptr<Backbone>(model), "my.model");
  for (const bool training : {false, true}) {
    named->train(training);
    named->encode(three_histories());
    EXPECT_EQ(model->was_training, training);
    EXPECT_EQ(model->inner->is_training(), training);
  }
  named->to(at::kDouble);
  EXPECT_EQ(model->scale.scalar_type(), at::kDouble);
  EXPECT_EQ(named->named_parameters()["inner.weight"].scalar_type(), at::kDouble);
}

TEST(NamedBackbone, IsNamedForAnOutputOfAWrongShape) {
  const auto model = std::make_shared<Model>();
  const auto named = with_named_calls(std::shared_ptr<Backbone>(model), "my.model");
  model->wrong = true;
  EXPECT_EQ(message_of([&] {
              call_plugin("framework my.learner", "loss()",
                          [&] { named->encode(three_histories()); });
            }),
            "backbone my.model at encode(): must give Float [3, 4], but gave Float [3]");
}

class Rewards : public Environment {
 public:
  Tensor reward(const History&, const Tensor& actions, const std::vector<Role>&) override {
    return at::zeros(actions.sizes(), at::kDouble);
  }
};
class Choosing final : public Rewards, public Chooser {
 public:
  int64_t longest_list() const override { return 3; }
  Tensor list_scores(const History&, const Tensor& lists) override {
    return at::zeros(lists.sizes());
  }
  Tensor state_scores(const History&, const Tensor&) override {
    throw std::runtime_error("no state");
  }
};
class First : public Augmenter {
 public:
  Tensor propose(const History&, const Tensor& candidates) override { return candidates; }
};
class Listing final : public First, public ListReader {
 public:
  Tensor lists(const History&, const Tensor& candidates) override { return candidates; }
};

TEST(NamedEnvironment, ChoosesIfTheInnerOneDoes) {
  const auto named = [](std::shared_ptr<Environment> environment) {
    return with_named_calls(std::move(environment), "my.table");
  };
  const auto plain = named(std::make_shared<Rewards>());
  EXPECT_EQ(plain->state_width(), 0);
  EXPECT_FALSE(dynamic_cast<Chooser*>(plain.get()));
  const auto choosing = named(std::make_shared<Choosing>());
  auto* chooser = dynamic_cast<Chooser*>(choosing.get());
  ASSERT_TRUE(chooser);
  const Tensor lists = at::ones({3, 2}, at::kLong);
  EXPECT_EQ(chooser->longest_list(), 3);
  EXPECT_EQ(chooser->list_scores(three_histories(), lists).sizes(), lists.sizes());
  EXPECT_EQ(message_of([&] { chooser->state_scores(three_histories(), lists); }),
            "environment my.table at state_scores() threw: no state");
  EXPECT_EQ(message_of([&] { plain->reward(three_histories(), lists, {}); }),
            "environment my.table at reward(): must give Float [3, 2], but gave Double [3, 2]");
  EXPECT_THAT(message_of([&] { plain->state(three_histories()); }),
              testing::EndsWith("(in environment my.table at state())"));
}

TEST(NamedAugmenter, ReadsListsIfTheInnerOneDoes) {
  const auto named = [](std::shared_ptr<Augmenter> augmenter) {
    return with_named_calls(std::move(augmenter), "my.first");
  };
  const Tensor candidates = at::ones({3, 5}, at::kLong);
  const auto first = named(std::make_shared<First>());
  EXPECT_FALSE(dynamic_cast<ListReader*>(first.get()));
  EXPECT_EQ(message_of([&] { first->propose(three_histories(), candidates); }),
            "augmenter my.first at propose(): must give Long [3], but gave Long [3, 5]");
  const auto listing = named(std::make_shared<Listing>());
  auto* reader = dynamic_cast<ListReader*>(listing.get());
  ASSERT_TRUE(reader);
  EXPECT_TRUE(reader->lists(three_histories(), candidates).equal(candidates));
}

}  // namespace
}  // namespace lea::train
