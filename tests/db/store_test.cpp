// What the results index promises about its rows.
#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "tests/base/message.h"
#include "tests/db/fixture.h"

namespace lea::db {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Store, GivesBackWhatWasPut) {
  const Lab lab;
  {
    Store store(lab.path(), Store::Mode::kWrite);
    put(store, 7);
  }
  const Store store(lab.path(), Store::Mode::kReadOnly);
  const auto run = store.run(uuid_of(7));
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->experiment, "study");
  EXPECT_EQ(run->labels.at("framework"), "snqn");
  EXPECT_EQ(run->axes, std::vector<std::string>{"framework"});
  EXPECT_EQ(run->spec, nlohmann::json({{"seed", 1}}));
  EXPECT_THAT(store.results(), SizeIs(5));
  ASSERT_THAT(store.curve(uuid_of(7), "loss"), SizeIs(2));
  EXPECT_EQ(store.curve(uuid_of(7), "loss")[1].value, 1.0 / 3);
  EXPECT_THAT(store.problems(), IsEmpty());
}

TEST(Store, PutTwiceIsPutOnce) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  put(store, 1);
  const std::string once = store.content_hash();
  put(store, 1);
  EXPECT_EQ(store.content_hash(), once);
  EXPECT_THAT(store.runs(), SizeIs(1));
}

TEST(Store, ListsTheUntrainedRunsOfADataSetAndASplit) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  const auto put_run = [&](int number, const char* experiment, const nlohmann::json& train,
                           const char* data, const char* split) {
    RunRow run = finished_run(number, experiment);
    run.spec["train"] = train;
    run.result.update({{"data_fingerprint", data}, {"split_fingerprint", split}});
    store.put(run, good_results(run.uuid), {});
    return run;
  };
  put_run(1, "one", nullptr, "data", "split");
  put_run(2, "two", nullptr, "data", "split");
  put_run(3, "one", {{"batch_size", 1}}, "data", "split");
  put_run(4, "one", nullptr, "other", "split");
  put_run(5, "one", nullptr, "data", "other");
  RunRow other = put_run(6, "one", nullptr, "data", "split");
  other.uuid = uuid_of(7);
  other.source = "imported";
  store.put(other, {}, {});
  other.uuid = uuid_of(8);
  other.source = "lealab";
  other.state = "failed";
  store.put(other, {}, {});
  std::vector<std::string> found;
  for (const RunRow& run : store.untrained("data", "split")) found.push_back(run.uuid);
  EXPECT_EQ(found, (std::vector<std::string>{uuid_of(1), uuid_of(2), uuid_of(6)}));
  const std::vector<ResultRow> results = store.results_of(uuid_of(2));
  ASSERT_EQ(results.size(), good_results(uuid_of(2)).size());
  for (const ResultRow& result : results) EXPECT_EQ(result.uuid, uuid_of(2));
}

TEST(Store, FindsTheRunsWithAHashAndSeed) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  for (int i : {1, 2, 3}) put(store, i);
  RunRow again = finished_run(4);
  again.run_hash = "hash2";
  again.state = "interrupted";
  again.result = nullptr;
  store.put(again, {}, {});
  RunRow measured = finished_run(5);
  measured.result.update({{"wall_seconds", 1.5},
                          {"train_seconds", 1},
                          {"steps", 20},
                          {"parameters", 300},
                          {"numerics", 2},
                          {"data_fingerprint", "ab"}});
  store.put(measured, {}, {});

  std::map<std::string, size_t> key_of;
  std::map<std::string, FoundRun> found;
  store.find({{"hash2", 1}, {"hash3", 2}, {"hash5", 1}}, [&](size_t key, const FoundRun& run) {
    key_of[run.uuid] = key;
    found[run.uuid] = run;
  });
  EXPECT_EQ(key_of,
            (std::map<std::string, size_t>{{uuid_of(2), 0}, {uuid_of(4), 0}, {uuid_of(5), 2}}));
  EXPECT_EQ(found[uuid_of(2)].state, "finished");
  EXPECT_EQ(found[uuid_of(2)].created, "2026-01-01T00:00:00Z");
  EXPECT_EQ(found[uuid_of(4)].state, "interrupted");
  EXPECT_EQ(found[uuid_of(4)].steps, 0);
  EXPECT_EQ(found[uuid_of(5)].made_with,
            R"([[{"id":"lea.snqn","sha256":"ab","version":"1"}],2,"ab"])");
  EXPECT_EQ(found[uuid_of(5)].wall_seconds, 1.5);
  EXPECT_EQ(found[uuid_of(5)].train_seconds, 1);
  EXPECT_EQ(found[uuid_of(5)].steps, 20);
  EXPECT_EQ(found[uuid_of(5)].parameters, 300);
  EXPECT_THAT(store.uuids(), ::testing::UnorderedElementsAre(uuid_of(1), uuid_of(2), uuid_of(3),
                                                             uuid_of(4), uuid_of(5)));
}

TEST(Store, FindsTheSameRunsForFewKeysAndForMany) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  for (int i = 1; i <= 40; ++i) put(store, i);
  const auto found = [&](const std::vector<Store::Key>& keys) {
    std::map<std::string, std::string> made_with;  // by uuid
    store.find(keys, [&](size_t key, const FoundRun& run) {
      EXPECT_EQ(run.uuid, uuid_of(std::stoi(keys[key].first.substr(4))));
      made_with[run.uuid] = run.made_with;
    });
    return made_with;
  };
  std::vector<Store::Key> keys;
  for (int i = 1; i <= 40; ++i) keys.emplace_back("hash" + std::to_string(i), 1);
  const auto many = found(keys);
  EXPECT_EQ(many.size(), 40U);
  for (const Store::Key& key : keys) {
    const auto few = found({key});
    ASSERT_EQ(few.size(), 1U);
    EXPECT_EQ(few.begin()->second, many.at(few.begin()->first));
  }
  keys.assign(30, {"hash99", 1});
  EXPECT_TRUE(found(keys).empty());
}

TEST(Store, GivesASampleOfTheFinishedRuns) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  for (int i : {1, 2, 3}) put(store, i);
  RunRow other = finished_run(4, "other"), failed = finished_run(5), imported = finished_run(6);
  failed.state = "failed";
  imported.source = "imported";
  for (const RunRow& run : {other, failed, imported}) store.put(run, {}, {});
  const auto uuids = [&](const std::string& experiment, int64_t most) {
    std::vector<std::string> uuids;
    for (const RunRow& run : store.finished(experiment, most)) uuids.push_back(run.uuid);
    return uuids;
  };
  EXPECT_EQ(uuids("", 9), (std::vector{uuid_of(1), uuid_of(2), uuid_of(3), uuid_of(4)}));
  EXPECT_EQ(uuids("study", 2), (std::vector{uuid_of(1), uuid_of(2)}));
  EXPECT_EQ(uuids("other", 9), (std::vector{uuid_of(4)}));
  EXPECT_EQ(store.finished("other", 9)[0].spec, nlohmann::json({{"seed", 1}}));
  EXPECT_EQ(store.finished("other", 9)[0].result["attempt"], 1);
}

TEST(Store, HashesContentNotOrder) {
  const Lab first, second;
  Store a(first.path(), Store::Mode::kWrite), b(second.path(), Store::Mode::kWrite);
  for (int i : {1, 2, 3}) put(a, i);
  for (int i : {3, 1, 2}) put(b, i);
  EXPECT_EQ(a.content_hash(), b.content_hash());
  put(b, 4);
  EXPECT_NE(a.content_hash(), b.content_hash());
  b.clear();
  EXPECT_THAT(b.runs(), IsEmpty());
  EXPECT_THAT(b.results(), IsEmpty());
}

TEST(Store, KeepsAFinishedRunWhenAnEarlierStateArrivesLate) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  RunRow run = finished_run(1);
  run.result["attempt"] = 2;
  store.put(run, good_results(run.uuid), {});
  const std::string before = store.content_hash();
  RunRow late = finished_run(1);
  late.state = "running";
  late.result = nullptr;
  store.put(late, {}, {});
  store.put(finished_run(1), {}, {});  // attempt 1
  EXPECT_EQ(store.content_hash(), before);
}

TEST(Store, KeepsAFailedRunWhenAnEarlierStateArrivesLate) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  RunRow failed = finished_run(1);
  failed.state = "failed";
  store.put(failed, {}, {});
  RunRow late = failed;
  late.state = "running";
  late.result = nullptr;
  store.put(late, {}, {});
  EXPECT_EQ(store.states().at(uuid_of(1)), "failed");
}

TEST(Store, ReplacesEvenAFinishedRunWhenItsFolderWasChanged) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  RunRow finished = finished_run(1);
  finished.stamp = "before";
  store.put(finished, good_results(finished.uuid), {});
  const std::string before = store.content_hash();
  RunRow changed = finished_run(1);
  changed.stamp = "after";
  store.put(changed, good_results(changed.uuid), {});
  EXPECT_EQ(store.stamps().at(uuid_of(1)), "after");
  EXPECT_EQ(store.content_hash(), before) << "the stamp is no content";
  changed.state = "queued";
  changed.result = nullptr;
  store.put(changed, {}, {}, Store::Over::kAny);
  EXPECT_EQ(store.states().at(uuid_of(1)), "queued");
  EXPECT_THAT(store.results(), IsEmpty());
  store.drop({uuid_of(1)}, {});
  EXPECT_THAT(store.stamps(), IsEmpty()) << "it goes with its run";
}

TEST(Store, DropsRunsAndPlans) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  for (int i : {1, 2}) put(store, i);
  for (const char* name : {"study", "other"}) {
    store.put_experiment({name, "2026 " + std::string(name), {}, nullptr, {{"hash1", 1, {}}}});
  }
  EXPECT_EQ(store.plans().at("other"), "2026 other");
  store.drop({uuid_of(1), uuid_of(9)}, {"other", "nothing"});
  EXPECT_THAT(store.runs(), SizeIs(1));
  EXPECT_THAT(store.results(), SizeIs(5)) << "the results went with their run";
  EXPECT_THAT(store.plans(), SizeIs(1));
  EXPECT_THAT(store.problems(), IsEmpty());
}

TEST(Store, InMemoryHasTheIndexAndLosesWhatIsAdded) {
  const Lab lab;
  {
    const Store none(lab.path(), Store::Mode::kMemory);
    EXPECT_THAT(none.runs(), IsEmpty());
    EXPECT_FALSE(has_index(lab.path()));
  }
  Store writer(lab.path(), Store::Mode::kWrite);  // does not keep a copy from being made
  put(writer, 1);
  {
    Store copy(lab.path(), Store::Mode::kMemory);
    EXPECT_EQ(copy.content_hash(), writer.content_hash());
    put(copy, 2);
    EXPECT_THAT(copy.runs(), SizeIs(2));
    EXPECT_THAT(copy.problems(), IsEmpty());
  }
  EXPECT_THAT(writer.runs(), SizeIs(1));
}

TEST(Store, WaitsForTheLockNoLongerThanAsked) {
  const Lab lab;
  const Store writer(lab.path(), Store::Mode::kWrite);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(message_of([&] { Store(lab.path(), Store::Mode::kWrite, /*seconds=*/0.2); }),
              HasSubstr("the results index is in use by process " + std::to_string(getpid())));
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(waited.count(), 0.2);
  EXPECT_LT(waited.count(), 20) << "it waited as if nothing had been asked";
}

struct BadRow {
  const char* name;
  ResultRow row;
  const char* message;
};

class RefusedRow : public ::testing::TestWithParam<BadRow> {};

TEST_P(RefusedRow, NamesRunAndRowAndStoresNothing) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  const RunRow run = finished_run(1);
  auto rows = good_results(run.uuid);
  rows.push_back(GetParam().row);
  rows.back().uuid = run.uuid;
  const std::string message = message_of([&] { store.put(run, rows, {}); });
  EXPECT_THAT(message, HasSubstr(run.uuid));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
  EXPECT_THAT(store.runs(), IsEmpty());
  EXPECT_THAT(store.results(), IsEmpty());
  EXPECT_THAT(store.problems(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedRow,
    ::testing::Values(BadRow{"NaN", {"", "mrr", "test", 5, std::nan("")}, "test mrr@5"},
                      BadRow{"Infinity",
                             {"", "mrr", "test", 5, std::numeric_limits<double>::infinity()},
                             "test mrr@5"},
                      BadRow{"Negative", {"", "mrr", "test", 5, -0.1}, "not in [0, 1]"},
                      BadRow{"AboveOne", {"", "mrr", "test", 5, 1.1}, "not in [0, 1]"},
                      BadRow{"UnknownMetric", {"", "accuracy", "test", 5, 0.1}, "test accuracy@5"},
                      BadRow{"ZeroCut", {"", "mrr", "test", 0, 0.1}, "test mrr@0"},
                      BadRow{"UnknownPart", {"", "mrr", "train", 5, 0.1}, "unknown part"},
                      BadRow{"Twice", {"", "hr", "test", 5, 0.2}, "given twice"},
                      BadRow{"FallingHitRate", {"", "hr", "test", 20, 0.1}, "break a bound"},
                      BadRow{"GainAboveHits", {"", "hr", "valid", 20, 0.1}, "break a bound"}),
    [](const auto& test) { return test.param.name; });

TEST(Store, RefusesACurveThatIsNotFinite) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  EXPECT_THAT(message_of([&] {
                store.put(finished_run(1), {}, {{"loss", 30, std::nan("")}});
              }),
              HasSubstr("curve loss at step 30"));
  EXPECT_THAT(store.runs(), IsEmpty());
  EXPECT_THAT(store.curve(uuid_of(1), "loss"), IsEmpty());
}

TEST(Store, SharesARunBetweenExperimentsThatPlanIt) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  put(store, 1);
  put(store, 2);
  store.put_experiment({"other", "now", {"gamma"}, {}, {{"hash2", 1, {{"gamma", "0.5"}}}}});
  const auto runs = store.runs("other");
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].uuid, uuid_of(2));
  EXPECT_EQ(runs[0].labels.at("gamma"), "0.5");
  EXPECT_EQ(runs[0].position, 0);
  EXPECT_THAT(store.results("other"), SizeIs(5));
  EXPECT_THAT(store.runs("study"), SizeIs(2));
  EXPECT_THAT(store.experiments(), ::testing::ElementsAre("other", "study"));
}

TEST(Store, GivesEveryRunOfAPlannedHashForTheRuleToChooseFrom) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  for (int i : {1, 2, 3}) {
    RunRow run = finished_run(i);
    run.run_hash = "same";
    run.created = "2026-01-0" + std::to_string(i) + "T00:00:00Z";
    if (i == 3) run.state = "failed";
    store.put(run, {}, {});
  }
  store.put_experiment({"other", "2026", {}, nlohmann::json::object(), {{"same", 1, {}}}});
  for (const char* experiment : {"study", "other"}) {
    const auto runs = store.runs(experiment);
    ASSERT_THAT(runs, SizeIs(3)) << experiment;
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(runs[i].uuid, uuid_of(static_cast<int>(i) + 1));
  }
}

TEST(Store, FindsARunByItsFirstDigits) {
  const Lab lab;
  Store store(lab.path(), Store::Mode::kWrite);
  put(store, 1);
  put(store, 1'000'000'002);
  const std::string digits = uuid_of(1'000'000'002).substr(0, 27);
  ASSERT_FALSE(uuid_of(1).starts_with(digits));
  const auto found = store.run(digits);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->uuid, uuid_of(1'000'000'002));
  EXPECT_FALSE(store.run("ff").has_value());
  EXPECT_THAT(message_of([&] { store.run("0000"); }), HasSubstr("several runs begin so"));
}

}  // namespace
}  // namespace lea::db
