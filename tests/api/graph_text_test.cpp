// The scores of graph_text against NumPy, SciPy and scikit-learn (tests/golden/graph_text).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "core/api/framework.h"
#include "core/base/error.h"
#include "tests/api/host.h"

namespace lea::testing {
namespace {

class GraphText : public ::testing::Test {
 protected:
  GraphText() : golden_(golden("graph_text/graph_text.json")) {
    context_.item_count = golden_.at("items").get<int64_t>();
    context_.data = training_data(context_.item_count, 5,
                                  golden_.at("sequences").get<std::vector<std::vector<int32_t>>>());
    context_.columns = golden_.at("columns").get<std::map<std::string, std::vector<std::string>>>();
  }

  std::shared_ptr<Framework> make(const ParamValues& values) {
    const auto framework = load_plugin("graph_text").framework(values, context_);
    framework->fit(context_.data);
    return framework;
  }

  History histories() const {
    std::vector<std::vector<int64_t>> items;
    std::vector<int64_t> length;
    for (const nlohmann::json& history : golden_.at("histories")) {
      items.push_back(history.get<std::vector<int64_t>>());
      length.push_back(std::ssize(items.back()));
      items.back().resize(5, 0);
    }
    return make_history(items, length);
  }

  std::string refusal(const ParamValues& values) {
    try {
      make(values);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing thrown";
  }

  const nlohmann::json golden_;
  TestContext context_;
};

TEST_F(GraphText, ScoresAsNumPyDoes) {
  for (const nlohmann::json& wanted : golden_.at("graph_text")) {
    ParamValues values = {{"columns", wanted.at("columns").get<std::string>()}};
    for (const auto& [name, value] : wanted.at("settings").items()) {
      if (name == "last") {
        values[name] = value.get<int64_t>();
      } else {
        values[name] = value.get<double>();
      }
    }
    const auto framework = make(values);
    EXPECT_TRUE(framework->groups().empty());
    for (int again = 0; again < 2; ++again) {  // the second time from kept rows
      const Tensor found = framework->score(histories());
      ASSERT_EQ(found.sizes(), (std::vector<int64_t>{std::ssize(wanted.at("scores")), 17}));
      for (int64_t row = 0; row < found.size(0); ++row) {
        for (int64_t item = 0; item < 17; ++item)
          EXPECT_NEAR(found[row][item].item<double>(), wanted.at("scores")[row][item].get<double>(),
                      3e-7)
              << wanted.at("columns") << ", history " << row << ", item " << item + 1;
      }
    }
  }
}

TEST_F(GraphText, HasTheseDefaults) {
  const Tensor stated = make({{"last", int64_t{3}},
                              {"decay", .5},
                              {"forward", 1.},
                              {"two_hops", 1.},
                              {"backward", .1},
                              {"text", .2},
                              {"skip", .1},
                              {"popularity", 1e-4},
                              {"columns", std::string("title*2, brand, description:300")}})
                            ->score(histories());
  EXPECT_TRUE(make({})->score(histories()).equal(stated));
}

TEST_F(GraphText, NeedsTextsUnlessTheyHaveNoWeight) {
  const Tensor with = make({{"text", 0.}})->score(histories());
  context_.columns.clear();
  EXPECT_EQ(refusal({}),
            "framework.text: the data set has no item texts. Set `text: 0`, or put an items.tsv "
            "beside its interactions and import it again");
  EXPECT_TRUE(
      make({{"text", 0.}, {"columns", std::string("nowhere")}})->score(histories()).equal(with));
}

TEST_F(GraphText, RefusesAColumnThatIsNotThere) {
  EXPECT_EQ(
      refusal({{"columns", std::string("titel")}}),
      "framework.columns: the item texts have no column `titel`, did you mean `title`? (there "
      "are: brand, description, title)");
}

TEST_F(GraphText, WorksWithATitleAlone) {
  const Tensor stated = make({{"columns", std::string("title*2")}})->score(histories());
  context_.columns = {{"title", context_.columns.at("title")}};
  EXPECT_TRUE(make({})->score(histories()).equal(stated));
}

TEST_F(GraphText, RefusesGradientSteps) { EXPECT_THROW(make({})->loss({}, {}), PluginError); }

}  // namespace
}  // namespace lea::testing
