// The queries of windows.
#include <gmock/gmock.h>

#include "core/base/error.h"
#include "tests/db/fixture.h"

namespace lea::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class StoreList : public testing::Test {
 protected:
  // Three runs: the second is the newest and has no results; the third is of another experiment.
  StoreList() : store_(lab_.path(), Store::Mode::kWrite) {
    store(1, "study", "2026-01-02T00:00:00Z", 0.3);
    store(2, "study", "2026-01-03T00:00:00Z", 0);
    store(3, "other", "2026-01-01T00:00:00Z", 0.4);
  }
  void store(int number, const std::string& experiment, const std::string& created, double hr) {
    RunRow run = finished_run(number, experiment);
    run.created = created;
    std::vector<ResultRow> results;
    if (hr > 0) results.push_back({run.uuid, "hr", "test", 10, hr});
    store_.put(run, results, {{"loss", 0, 2}, {"loss", 100, 1}});
  }
  std::vector<std::string> listing(const RunOrder& order, const std::string& experiment = "") {
    return store_.listing(experiment, order);
  }

  Lab lab_;
  Store store_;
};

TEST_F(StoreList, IsInTheOrderOfAColumn) {
  EXPECT_THAT(listing({}), ElementsAre(uuid_of(2), uuid_of(1), uuid_of(3)));
  EXPECT_THAT(listing({"created", "", "test", 0, /*descending=*/false}),
              ElementsAre(uuid_of(3), uuid_of(1), uuid_of(2)));
  EXPECT_THAT(listing({}, "study"), ElementsAre(uuid_of(2), uuid_of(1)));
  EXPECT_THAT(listing({}, "nothing"), IsEmpty());
}

TEST_F(StoreList, PutsRunsWithoutTheMetricLastInBothDirections) {
  RunOrder order{"", "hr", "test", 10, /*descending=*/true};
  EXPECT_THAT(listing(order), ElementsAre(uuid_of(3), uuid_of(1), uuid_of(2)));
  order.descending = false;
  EXPECT_THAT(listing(order), ElementsAre(uuid_of(1), uuid_of(3), uuid_of(2)));
}

TEST_F(StoreList, RefusesAColumnThatIsNone) {
  try {
    listing({"stat", "", "test", 0, true});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "runs cannot be sorted by `stat`, did you mean `state`?");
  }
}

TEST_F(StoreList, GivesTheRowsThatAreLeftInTheirOrder) {
  store_.drop({uuid_of(1)}, {});
  const auto rows = store_.rows({uuid_of(3), uuid_of(1), uuid_of(2)});
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].uuid, uuid_of(3));
  EXPECT_EQ(rows[1].uuid, uuid_of(2));
  EXPECT_EQ(rows[1].spec, finished_run(2).spec);
}

TEST_F(StoreList, VisitsRunsUntilItIsToldToStop) {
  size_t visited = 0;
  store_.visit("study", [&](RunRow&& run) {
    EXPECT_EQ(run.experiment, "study");
    return ++visited < 1;
  });
  EXPECT_EQ(visited, 1u);
}

TEST_F(StoreList, GivesOneMetricAllCurvesAndAnExampleOfEachExperiment) {
  EXPECT_THAT(store_.metric("hr", "test", 10),
              ElementsAre(Pair(uuid_of(1), 0.3), Pair(uuid_of(3), 0.4)));
  const auto curves = store_.curves(uuid_of(2));
  ASSERT_THAT(curves, SizeIs(2));
  EXPECT_EQ(curves[1].step, 100);
  EXPECT_EQ(curves[1].value, 1);
  EXPECT_THAT(store_.examples(), ElementsAre(Pair("other", uuid_of(3)), Pair("study", uuid_of(1))));
}

TEST_F(StoreList, HasAnotherVersionAfterAnotherConnectionHasWritten) {
  const Store viewer(lab_.path(), Store::Mode::kReadOnly);
  const int64_t before = viewer.version();
  EXPECT_EQ(viewer.version(), before);
  store(4, "study", "2026-01-04T00:00:00Z", 0);
  EXPECT_NE(viewer.version(), before);
}

TEST_F(StoreList, FailsWhenItIsInterrupted) {
  const Store viewer(lab_.path(), Store::Mode::kReadOnly);
  size_t visited = 0;
  try {
    viewer.visit("", [&](RunRow&&) {
      ++visited;
      viewer.interrupt();
      return true;
    });
    FAIL() << "all runs were visited";
  } catch (const StoreError& error) {
    EXPECT_THAT(error.what(), HasSubstr("interrupted"));
  }
  EXPECT_EQ(visited, 1u);
}

}  // namespace
}  // namespace lea::db
