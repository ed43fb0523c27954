// The index is made from the run folders and from nothing else.
#include "core/lab/collector.h"

#include <fstream>

#include "tests/lab/fixture.h"

namespace lea::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string content(const TemporaryLab& lab) {
  return db::Store(lab.path(), db::Store::Mode::kReadOnly).content_hash();
}

TEST(Collector, CollectedTwiceIsCollectedOnce) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  run::save_plan(lab.path(), experiment);
  finished_run(lab.path(), experiment, 0);
  new_run(lab.path(), experiment, experiment.runs[1]);
  EXPECT_EQ(collect(lab.path()).runs, 2);
  const std::string once = content(lab);
  run::save_plan(lab.path(), experiment);
  const Collected again = collect(lab.path());
  EXPECT_EQ(again.unchanged, 1);
  EXPECT_EQ(content(lab), once);
}

TEST(Collector, RebuiltIsTheSameAsCollected) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish", "finish"});
  run::save_plan(lab.path(), experiment);
  for (size_t i : {0, 1}) {
    finished_run(lab.path(), experiment, i);
    collect(lab.path());
  }
  const std::string before = content(lab);
  std::string aside;
  rebuild(lab.path(), &aside);
  EXPECT_EQ(content(lab), before);
  EXPECT_EQ(aside, "");
  std::filesystem::remove(lab.path() + "/results.sqlite");
  rebuild(lab.path(), &aside);
  EXPECT_EQ(content(lab), before);
}

TEST(Collector, RebuildsFromADamagedIndex) {
  const TemporaryLab lab;
  finished_run(lab.path(), experiment_of({"finish"}));
  collect(lab.path());
  const std::string before = content(lab);
  std::ofstream(lab.path() + "/results.sqlite") << std::string(3000, '#');
  std::string aside;
  EXPECT_EQ(rebuild(lab.path(), &aside).runs, 1);
  EXPECT_EQ(content(lab), before);
  EXPECT_THAT(aside, HasSubstr("damaged-1"));
  EXPECT_EQ(read_file(aside), std::string(3000, '#'));
}

TEST(Collector, ReadsEventsUpToACutRecord) {
  const TemporaryLab lab;
  const run::Folder run = finished_run(lab.path(), experiment_of({"finish"}));
  const std::string path = run.path + "/events.jsonl";
  EXPECT_THAT(read_run(run).curves, SizeIs(2));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
  const auto curves = read_run(run).curves;
  ASSERT_THAT(curves, SizeIs(1));
  EXPECT_EQ(curves[0].metric, "loss");
  EXPECT_EQ(collect(lab.path()).runs, 1);
}

TEST(Collector, RefusesAMetricThatDoesNotFollowFromTheRanks) {
  const TemporaryLab lab;
  const run::Folder run = finished_run(lab.path(), experiment_of({"finish"}));
  auto result = *read_json(run.path + "/result.json");
  result["metrics"]["test"]["ndcg@10"] = 0.99;
  publish_file(run.path + "/result.json", result.dump());
  const Collected collected = collect(lab.path());
  ASSERT_THAT(collected.refused, SizeIs(1));
  EXPECT_THAT(collected.refused[0], HasSubstr("ndcg@10"));
  EXPECT_THAT(collected.refused[0], HasSubstr(run.uuid()));
  EXPECT_THAT(db::Store(lab.path(), db::Store::Mode::kReadOnly).runs(), IsEmpty());
}

TEST(Collector, RefusesASpecThatIsNotThatOfTheHash) {
  const TemporaryLab lab;
  const run::Folder run = finished_run(lab.path(), experiment_of({"finish"}));
  auto spec = spec::load_run(run.file(run::kSpecFile));
  spec.train.learning_rate = 0.25;
  publish_file(run.file(run::kSpecFile), spec::dump_yaml(spec::to_json(spec)));
  EXPECT_EQ(message_of([&] { read_run(run); }),
            run.file(run::kHeaderFile) +
                ": hash: does not belong to run.yaml. The run's folder is damaged.");
  auto header = *read_json(run.file(run::kHeaderFile));
  header["seed"] = 5;
  publish_file(run.file(run::kHeaderFile), header.dump());
  EXPECT_THAT(message_of([&] { read_run(run); }), HasSubstr("seed: is not that of run.yaml"));
  header["source"] = "somewhere";
  publish_file(run.file(run::kHeaderFile), header.dump());
  EXPECT_THAT(message_of([&] { read_run(run); }),
              HasSubstr("source: must be lealab or imported, but is `somewhere`"));
}

// What an edited result.json holds, and the key that the refusal names.
class EditedResult : public ::testing::TestWithParam<std::pair<nlohmann::json, const char*>> {};

TEST_P(EditedResult, IsRefusedByKey) {
  const TemporaryLab lab;
  const run::Folder run = finished_run(lab.path(), experiment_of({"finish"}));
  auto result = *read_json(run.path + "/result.json");
  result.merge_patch(GetParam().first);
  publish_file(run.path + "/result.json", result.dump());
  const Collected collected = collect(lab.path());
  ASSERT_THAT(collected.refused, SizeIs(1));
  EXPECT_THAT(collected.refused[0], HasSubstr(GetParam().second));
  EXPECT_THAT(db::Store(lab.path(), db::Store::Mode::kReadOnly).runs(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Collector, EditedResult,
    ::testing::Values(
        std::pair{R"({"ranks_sha256": null, "metrics": {"test": {"ndcg@10": 0.9}}})"_json,
                  "ranks_sha256"},
        std::pair{R"({"ranks_valid_sha256": null})"_json, "ranks_valid_sha256"},
        std::pair{R"({"metrics": {"test": {"ndcg@7": 0.9}}})"_json, "ndcg@7"},
        std::pair{R"({"metrics": {"test": null}})"_json, "test"},
        std::pair{R"({"metrics": {"valid": {"hr@10": 1}}})"_json, "hr@10"},
        std::pair{R"({"data_fingerprint": "cc"})"_json, "data_fingerprint"},
        std::pair{R"({"split_fingerprint": null})"_json, "split_fingerprint"}));

TEST(Collector, RefusesRanksThatAreNotTheRuns) {
  const TemporaryLab lab;
  const run::Folder run = finished_run(lab.path(), experiment_of({"finish"}));
  publish_file(run.path + "/ranks.bin", eval::encode_ranks(fake_ranks(9)));
  EXPECT_THAT(message_of([&] { read_run(run); }), HasSubstr("ranks_sha256"));
}

TEST(Collector, RefusesADamagedFolderAndTakesTheOthers) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  finished_run(lab.path(), experiment, 0);
  const run::Folder bad = finished_run(lab.path(), experiment, 1);
  publish_file(bad.path + "/result.json", "{\"state\": \"fini");
  const Collected collected = collect(lab.path());
  EXPECT_EQ(collected.runs, 1);
  ASSERT_THAT(collected.refused, SizeIs(1));
  EXPECT_THAT(collected.refused[0], HasSubstr(bad.uuid() + "/result.json"));
  const auto runs = db::Store(lab.path(), db::Store::Mode::kReadOnly).runs();
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].run_hash, experiment.runs[0].hash);
}

TEST(Collector, StoresManyRunsTogetherAndLeavesOutTheDamagedOnes) {
  constexpr size_t kRuns = 40;
  const TemporaryLab lab;
  const auto experiment = experiment_of(std::vector<std::string>(kRuns, "finish"));
  std::vector<run::Folder> runs;
  for (size_t i = 0; i < kRuns; ++i) runs.push_back(finished_run(lab.path(), experiment, i));
  { const db::Store makes_the_file(lab.path(), db::Store::Mode::kWrite); }
  for (size_t i : {0, 17, 39}) publish_file(runs[i].file(run::kResultFile), "{");
  // SQLite counts the transactions that changed the file in its bytes 24 to 27.
  const auto transactions = [&] {
    const std::string bytes = read_file(db::index_file(lab.path()));
    int64_t count = 0;
    for (size_t i = 24; i < 28; ++i) count = count << 8 | static_cast<unsigned char>(bytes.at(i));
    return count;
  };
  const int64_t before = transactions();
  const Collected collected = collect(lab.path());
  EXPECT_EQ(collected.runs, static_cast<int64_t>(kRuns) - 3);
  EXPECT_FALSE(collected.unwritten);
  EXPECT_LT(transactions() - before, static_cast<int64_t>(kRuns) / 2);
  ASSERT_THAT(collected.refused, SizeIs(3));
  for (size_t i : {0, 17, 39})
    EXPECT_THAT(collected.refused, ::testing::Contains(HasSubstr(runs[i].uuid())));
  EXPECT_THAT(db::Store(lab.path(), db::Store::Mode::kReadOnly).states(), SizeIs(kRuns - 3));
}

TEST(Collector, DropsAnOpenRunWhoseFolderIsGoneAndKeepsOneThatHadEnded) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  const run::Folder ended = finished_run(lab.path(), experiment, 0);
  const run::Folder open = new_run(lab.path(), experiment, experiment.runs[1]);
  collect(lab.path());
  for (const run::Folder& run : {ended, open}) std::filesystem::remove_all(run.path);
  collect(lab.path());
  const auto states = db::Store(lab.path(), db::Store::Mode::kReadOnly).states();
  EXPECT_THAT(states, ::testing::ElementsAre(::testing::Pair(ended.uuid(), "finished")));
}

TEST(Collector, TakesTheNewestPlanOfAName) {
  const TemporaryLab lab;
  const auto experiment = experiment_of({"finish", "finish"});
  run::save_plan(lab.path(), experiment);
  for (size_t i : {0, 1}) finished_run(lab.path(), experiment, i);
  collect(lab.path());
  auto smaller = experiment;
  smaller.runs.pop_back();
  run::save_plan(lab.path(), smaller);
  collect(lab.path());
  const auto runs = db::Store(lab.path(), db::Store::Mode::kReadOnly).runs("study");
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs[0].run_hash, experiment.runs[0].hash);
}

TEST(Collector, TakesThePlanOfTheLargestGrid) {
  constexpr size_t kRuns = 100000;
  const TemporaryLab lab;
  auto experiment = experiment_of({"finish"});
  experiment.axes = {"backbone", "framework", "seed"};
  experiment.runs[0].labels = {{"backbone", "gru4rec"}, {"framework", "snqn"}, {"seed", "1"}};
  experiment.runs.resize(kRuns, experiment.runs[0]);
  for (size_t i = 1; i < kRuns; ++i) experiment.runs[i].hash = std::to_string(i);
  run::save_plan(lab.path(), experiment);
  finished_run(lab.path(), experiment);
  EXPECT_THAT(collect(lab.path()).refused, IsEmpty());
  std::string aside;
  EXPECT_THAT(rebuild(lab.path(), &aside).refused, IsEmpty());
  const CurrentIndex index = current_index(lab.path());
  EXPECT_THAT(index.left_out, IsEmpty());
  EXPECT_THAT(index.store->experiment("study")->runs, SizeIs(kRuns));
  EXPECT_THAT(index.store->runs("study"), SizeIs(1));
}

TEST(Collector, RefusesAnExperimentNameThatIsAPath) {
  const TemporaryLab lab;
  for (const char* name : {"../x", "a/b", "", ".hidden", "a\nb"}) {
    EXPECT_THAT(message_of([&] { run::save_plan(lab.path(), experiment_of({"finish"}, name)); }),
                HasSubstr("name: must be letters, digits"));
  }
}

}  // namespace
}  // namespace lea::lab
