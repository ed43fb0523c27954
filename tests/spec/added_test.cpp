// Settings that are added after a release: the hash of a finished run does not know them.
#include <gtest/gtest.h>

#include "core/base/hash.h"
#include "core/spec/run_spec.h"
#include "core/spec/section_json.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using nlohmann::json;

// The section `train` of a later release.
struct LaterTrain : TrainSection {
  int64_t warm_up = 0;
  std::vector<double> decay = {0.5, 1};
  void fields(Fields& f) {
    TrainSection::fields(f);
    f.integer("warm_up", warm_up, {0, 1e6}, "a setting that was added");
    f.reals("decay", decay, {0, 1}, "another one");
    f.added("warm_up");
    f.added("decay");
  }
};

TEST(AddedToASection, IsLeftOutWhileItHasItsDefault) {
  LaterTrain later;
  EXPECT_EQ(section_json(later), section_json(TrainSection()));
  later.warm_up = 5;
  json expected = section_json(TrainSection());
  expected["warm_up"] = 5;
  EXPECT_EQ(section_json(later), expected);
}

TEST(AddedToASection, HasItsDefaultWhereADocumentLacksIt) {
  const LaterTrain back = section_from_json<LaterTrain>(section_json(TrainSection()), "train");
  EXPECT_EQ(back.warm_up, 0);
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
  document["warm_up"] = 0;
  EXPECT_EQ(section_json(section_from_json<LaterTrain>(document, "train")),
            section_json(TrainSection()));
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

  ParamInfo added_{
      "later", ParamType::kReal, 0.25, {0, 1}, {}, "a parameter that was added", false, "", true};
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
    EXPECT_EQ(stated((std::string(key) + ".later: 0.25").c_str()), before) << key;
    EXPECT_EQ(stated((std::string(key) + ".later: 25e-2").c_str()), before) << key;
    EXPECT_NE(stated((std::string(key) + ".later: 0.5").c_str()), before) << key;
  }
}

TEST_F(AddedToAPlugin, IsLeftOutOfInnerEnvironmentsToo) {
  const auto inner = [&](const char* params, bool later) {
    return hash(std::string("reward: {shuffled: {of: {le: {") + params + "}}}}\n", later);
  };
  const std::string before = inner("portion: 0.2", false);
  EXPECT_EQ(inner("portion: 0.2", true), before);
  EXPECT_EQ(inner("portion: 0.2, later: 0.25", true), before);
  EXPECT_NE(inner("portion: 0.2, later: 0.5", true), before);
}

TEST_F(AddedToAPlugin, IsInTheDocumentOnceItHasAnotherValue) {
  later_ = true;
  const RunSpec plain = load(kBase).runs.at(0).run;
  EXPECT_FALSE(plain.framework.params.contains("later"));
  const RunSpec stated =
      load(std::string(kBase) + "overrides: [{set: {framework.later: 1}}]\n").runs.at(0).run;
  EXPECT_EQ(stated.framework.params["later"], 1.0);
  EXPECT_EQ(to_values(catalogue().find("framework", "snqn")->params, stated.framework.params, "x")
                .at("later"),
            ParamValue(1.0));
}

}  // namespace
}  // namespace lea::spec
