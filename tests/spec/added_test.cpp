// Settings that are added after a release: the hash of a finished run does not know them.
#include <gtest/gtest.h>

#include "core/spec/section_json.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;

using LaterTrain = Later<TrainSection>;

TEST(AddedToASection, IsLeftOutWhileItHasItsDefault) {
  LaterTrain later;
  EXPECT_EQ(section_json(later), section_json(TrainSection()));
  later.later = 5;
  json expected = section_json(TrainSection());
  expected["later"] = 5;
  EXPECT_EQ(section_json(later), expected);
}

TEST(AddedToASection, HasItsDefaultWhereADocumentLacksIt) {
  const LaterTrain back = section_from_json<LaterTrain>(section_json(TrainSection()), "train");
  EXPECT_EQ(back.later, 3);
  EXPECT_EQ(back.decay, (std::vector<double>{0.5, 1}));
}

TEST(AddedToASection, SurvivesTheWayThroughADocument) {
  LaterTrain later;
  later.decay = {1};
  later.batch_size = 7;
  const json document = section_json(later);
  const LaterTrain back = section_from_json<LaterTrain>(document, "train");
  EXPECT_EQ(back.decay, std::vector<double>{1});
  EXPECT_EQ(back.batch_size, 7);
  EXPECT_EQ(section_json(back), document);
}

TEST(AddedToASection, MayBeStatedWithItsDefaultInADocument) {
  json document = section_json(TrainSection());
  document["later"] = 3;
  EXPECT_EQ(section_json(section_from_json<LaterTrain>(document, "train")),
            section_json(TrainSection()));
}

TEST(AddedToASection, IsShownWithItsDefault) {
  const auto& infos = infos_of<LaterTrain>();
  LaterTrain later;
  const json shown = with_added_defaults(infos, section_json(later));
  EXPECT_EQ(shown.at("later"), 3);
  EXPECT_EQ(shown.at("decay"), (std::vector<double>{0.5, 1}));
  EXPECT_EQ(without_added_defaults(infos, shown), section_json(later));
  later.later = 5;
  EXPECT_EQ(with_added_defaults(infos, section_json(later)).at("later"), 5);
}

template <class Section>
void expect_all(const json& document, const char* section) {
  for (const std::string& name : names_of(infos_of<Section>()))
    EXPECT_TRUE(document.at(section).contains(name)) << section << "." << name;
}

TEST(AddedToASection, IsShownInEverySectionOfARun) {
  RunSpec run;
  run.framework.id = run.state.id = run.augment.id = "lea.x";
  const json shown = with_added_defaults(to_json(run));
  expect_all<DataSection>(shown, "data");
  expect_all<SplitSection>(shown, "split");
  expect_all<TrainSection>(shown, "train");
  expect_all<NegativesSection>(shown, "negatives");
  expect_all<EvaluateSection>(shown, "evaluate");
  expect_all<StateSection>(shown, "state_use");
  expect_all<AugmentSection>(shown, "augment_use");
  run.state.id = "";
  EXPECT_TRUE(with_added_defaults(to_json(run)).at("state_use").is_null());
}

// The catalogue of today, or that of a later release whose plugins have a parameter more.
class AddedToAPlugin : public SpecTest {
 protected:
  PluginCatalogue catalogue() const override {
    std::vector<PluginInfo> plugins = small_catalogue().all();
    for (PluginInfo& plugin : plugins) {
      if (later_) plugin.params.push_back(added_);
    }
    return PluginCatalogue(std::move(plugins));
  }
  std::string hash(const std::string& lines, bool later) {
    later_ = later;
    return load(kBase + lines).runs.at(0).hash;
  }

  ParamInfo added_ = later_param();
  bool later_ = false;
};

const char* const kSlots =
    "reward: {shuffled: {of: {le: {portion: 0.2}}}}\n"
    "state: {of: le, combine: replace}\n"
    "augment: random\n";

TEST_F(AddedToAPlugin, LeavesEveryHashWhatItWas) {
  EXPECT_EQ(hash("", true), hash("", false));
  EXPECT_EQ(hash(kSlots, true), hash(kSlots, false));
}

TEST_F(AddedToAPlugin, WouldChangeEveryHashWithoutTheDeclaration) {
  added_.added = false;
  EXPECT_NE(hash("", true), hash("", false)) << "or the test above would prove nothing";
}

TEST_F(AddedToAPlugin, StatingItsDefaultIsTheSameRunAndAnotherValueIsNot) {
  const std::string before = hash(kSlots, false);
  const auto stated = [&](const char* line) {
    return hash(std::string(kSlots) + "overrides: [{set: {" + line + "}}]\n", true);
  };
  for (const char* key : {"backbone", "framework", "state", "augment", "reward"}) {
    EXPECT_EQ(stated((std::string(key) + ".later: 3").c_str()), before) << key;
    EXPECT_EQ(stated((std::string(key) + ".later: 3e0").c_str()), before) << key;
    EXPECT_NE(stated((std::string(key) + ".later: 5").c_str()), before) << key;
  }
}

TEST_F(AddedToAPlugin, IsLabelledByItsDefaultWhereAnAddedCellDoesNotNameIt) {
  later_ = true;
  const std::string rest = "framework.gamma: [0.1], include: [{framework.gamma: 0.3}]}\n";
  for (const std::string axis : {"framework.later", "environments.e.later"}) {
    const Experiment experiment = load(std::string(kBase) + "environments: {e: le}\nreward: e\n" +
                                       "grid: {" + axis + ": [5], " + rest);
    ASSERT_EQ(experiment.runs.size(), 2u) << axis;
    EXPECT_EQ(experiment.runs[0].labels.at(axis), "5");
    EXPECT_EQ(experiment.runs[1].labels.at(axis), "3") << axis;
  }
}

TEST_F(AddedToAPlugin, IsLeftOutOfInnerEnvironmentsToo) {
  const auto inner = [&](const char* params, bool later) {
    return hash(std::string("reward: {shuffled: {of: {le: {") + params + "}}}}\n", later);
  };
  const std::string before = inner("portion: 0.2", false);
  EXPECT_EQ(inner("portion: 0.2", true), before);
  EXPECT_EQ(inner("portion: 0.2, later: 3", true), before);
  EXPECT_NE(inner("portion: 0.2, later: 5", true), before);
}

TEST_F(AddedToAPlugin, IsInTheDocumentOnceItHasAnotherValue) {
  later_ = true;
  const RunSpec plain = load(kBase).runs.at(0).run;
  EXPECT_FALSE(plain.framework.params.contains("later"));
  const RunSpec stated =
      load(std::string(kBase) + "overrides: [{set: {framework.later: 1}}]\n").runs.at(0).run;
  EXPECT_EQ(stated.framework.params["later"], 1);
  EXPECT_EQ(to_values(catalogue().find("framework", "snqn")->params, stated.framework.params, "x")
                .at("later"),
            ParamValue(int64_t{1}));
}

}  // namespace
}  // namespace lea::spec
