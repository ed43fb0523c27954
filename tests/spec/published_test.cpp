// The defaults of the sections are those that were published. Those of the bundled plugins are
// compared by tests/loader/published_test.cpp.
#include "tests/spec/published.h"

#include <gmock/gmock.h>

#include "core/spec/section_json.h"
#include "core/spec/sections.h"
#include "tests/spec/fixture.h"

namespace lea::spec {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

using Infos = std::vector<ParamInfo>;

// The comparison of the sections of this release, except that `train` declares `train`.
Published sections(const Infos& train) {
  Published published("sections");
  published.compare("data", infos_of<DataSection>());
  published.compare("split", infos_of<SplitSection>());
  published.compare("train", train);
  published.compare("negatives", infos_of<NegativesSection>());
  published.compare("evaluate", infos_of<EvaluateSection>());
  published.compare("state_use", infos_of<StateSection>());
  published.compare("augment_use", infos_of<AugmentSection>());
  return published;
}

TEST(PublishedDefaults, OfTheSectionsStayWhatTheyAre) {
  sections(infos_of<TrainSection>()).expect_no_problems();
}

TEST(PublishedDefaults, TheComparisonSeesEachWayToBreakThem) {
  const Infos now = infos_of<TrainSection>();
  EXPECT_THAT(sections(now).problems(), IsEmpty());

  const auto with = [&](const char* name, auto change) {
    Infos infos = now;
    change(*std::find_if(infos.begin(), infos.end(),
                         [&](const ParamInfo& info) { return info.name == name; }));
    return sections(infos).problems();
  };
  EXPECT_THAT(
      with("patience", [](ParamInfo& info) { info.default_value = int64_t{11}; }),
      ElementsAre("train: patience is published as {\"default\":10} and is now {\"default\":11}"));
  EXPECT_THAT(
      with("threads", [](ParamInfo& info) { info.default_value = 1.0; }),
      ElementsAre("train: threads is published as {\"default\":1} and is now {\"default\":1.0}"))
      << "another type gives another hash";
  EXPECT_THAT(with("device", [](ParamInfo& info) { info.added = true; }),
              ElementsAre("train: device is published as {\"default\":\"cpu\"} and is now "
                          "{\"added\":true,\"default\":\"cpu\"}"));
  EXPECT_THAT(with("device", [](ParamInfo& info) { info.name = "processor"; }),
              ElementsAre("train: device is gone, but finished runs state it",
                          "train: processor is new, but not declared `added`"));
  EXPECT_THAT(sections(infos_of<Later<TrainSection>>()).problems(),
              ElementsAre("train: decay is not recorded; run tests/golden/spec/record",
                          "train: later is not recorded; run tests/golden/spec/record"));
  Published more = sections(now);
  more.compare("extra", {});
  EXPECT_THAT(more.problems(), ElementsAre("extra is not recorded; run tests/golden/spec/record"));
  EXPECT_THAT(Published("sections").problems(),
              Contains("train is gone, but finished runs state it"));
}

}  // namespace
}  // namespace lea::spec
