#include "core/run/result.h"

#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/run/stale.h"
#include "tests/run/fixture.h"

namespace lea::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result finished() {
  Result result;
  result.attempt = 2;
  result.finished_at = "2026-01-31T23:59:59Z";
  result.test = {{"ndcg@20", 0.25}};
  result.valid = {{"ndcg@20", 0.5}};
  result.data_fingerprint = "d";
  result.split_fingerprint = "s";
  result.ranks_sha256 = "r";
  result.ranks_valid_sha256 = "v";
  result.tie_share = 0.125;
  result.collapsed = true;
  result.training = Training{100, 90, 50, 1234, 2.5, 3.5};
  result.made_with = Provenance{{{"framework lea.snqn", "1.0.0", "ab"}},
                                1,
                                "2.13.0",
                                "0.1.0",
                                "host",
                                "a processor",
                                "cpu",
                                "a kind",
                                2,
                                1 << 20};
  return result;
}

class ResultTest : public RunTest {};

TEST_F(ResultTest, IsReadAsItWasWritten) {
  const Folder run = new_run();
  EXPECT_FALSE(read_result(run).has_value());
  write_result(run, finished());
  const auto read = read_result(run);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(*read), to_json(finished()));
  EXPECT_EQ(read->training->best_step, 50);
  EXPECT_EQ(read->training->wall_seconds, 3.5);
  EXPECT_EQ(read->made_with->machine_kind, "a kind");
  EXPECT_EQ(read->made_with->plugins.at(0).version, "1.0.0");
  EXPECT_EQ(read->test.at("ndcg@20"), 0.25);
  EXPECT_EQ(read->valid.at("ndcg@20"), 0.5);
}

TEST_F(ResultTest, HasTheKeysOfTheFormatsDocument) {
  const nlohmann::json document = to_json(finished());
  std::vector<std::string> keys;
  for (const auto& [key, value] : document.items()) keys.push_back(key);
  EXPECT_THAT(keys,
              ElementsAre("attempt", "best_step", "collapsed", "cpu", "data_fingerprint", "device",
                          "finished_at", "host", "lealab", "libtorch", "machine_kind", "metrics",
                          "numerics", "parameters", "peak_memory_bytes", "plugins", "ranks_sha256",
                          "ranks_valid_sha256", "reason", "split_fingerprint", "state", "steps",
                          "threads", "tie_share", "train_seconds", "updates", "wall_seconds"));
}

TEST_F(ResultTest, HasTheWidthsOfAStateAndOfTheBackboneWhenThereIsAState) {
  Result result = finished();
  result.training->state_width = 576;
  result.training->backbone_width = 64;
  const nlohmann::json document = to_json(result);
  EXPECT_EQ(document.at("state_width"), 576);
  EXPECT_EQ(result_from(document, "x").training->state_width, 576);
  EXPECT_EQ(result_from(document, "x").training->backbone_width, 64);
}

TEST_F(ResultTest, OfAFailedRunHasAReasonAndNoNumbers) {
  const Folder run = new_run();
  write_result(run, failure("out of luck", 3));
  const auto document = *read_json(run.file(kResultFile));
  EXPECT_EQ(document.size(), 4u) << document;
  const auto read = read_result(run);
  EXPECT_EQ(read->state, State::kFailed);
  EXPECT_EQ(read->reason, "out of luck");
  EXPECT_EQ(read->attempt, 3);
  EXPECT_THAT(read->test, IsEmpty());
  EXPECT_FALSE(read->training || read->made_with);
}

TEST_F(ResultTest, OfAnOlderProgramIsOfTheFirstNumerics) {
  nlohmann::json document = to_json(finished());
  document.erase("numerics");
  EXPECT_EQ(result_from(document, "x").made_with->numerics, 1);
}

TEST_F(ResultTest, HasTheRevisionUnlessTheProgramsWereBuiltOutsideACheckout) {
  EXPECT_FALSE(to_json(finished()).contains("tree_clean"));
  Result result = finished();
  result.made_with->revision = "67fe762";
  result.made_with->tree_clean = false;
  const nlohmann::json document = to_json(result);
  EXPECT_EQ(document.at("revision"), "67fe762");
  EXPECT_EQ(document.at("tree_clean"), false);
  EXPECT_EQ(result_from(document, "x").made_with->revision, "67fe762");
  EXPECT_FALSE(result_from(document, "x").made_with->tree_clean);
  EXPECT_EQ(result_from(to_json(finished()), "x").made_with->revision, "") << "an older program";
}

TEST_F(ResultTest, HasTheQualityOfItsArtefactsUnlessAnOlderProgramWroteIt) {
  Result result = finished();
  result.artefacts = {{"k", "adapter of lea.le", "s", {{"loss", 0.5}}}, {"l", "states", "t", {}}};
  nlohmann::json document = to_json(result);
  EXPECT_EQ(to_json(result_from(document, "x")), document);
  EXPECT_EQ(result_from(document, "x").artefacts.at(0).quality.at("loss"), 0.5);
  document["artefacts"][0].erase("quality");
  EXPECT_THAT(result_from(document, "x").artefacts.at(0).quality, IsEmpty());
  document["artefacts"][0]["quality"] = {{"loss", "low"}};
  EXPECT_THAT(message_of([&] { result_from(document, "x"); }), HasSubstr("loss: must be a number"));
}

TEST_F(ResultTest, HasTheSlotsThatUsedItsArtefactsUnlessAnOlderProgramWroteIt) {
  Result result = finished();
  result.artefacts = {{"k", "adapter of lea.le", "s", {}, {"state", "reward"}}};
  nlohmann::json document = to_json(result);
  EXPECT_EQ(document["artefacts"][0].at("used_in"), (nlohmann::json{"reward", "state"}));
  EXPECT_EQ(result_from(document, "x").artefacts.at(0).used_in, result.artefacts[0].used_in);
  document["artefacts"][0]["used_in"] = nlohmann::json::array({1});
  EXPECT_THAT(message_of([&] { result_from(document, "x"); }),
              HasSubstr("used_in: must be a list of texts"));
  document["artefacts"][0].erase("used_in");
  EXPECT_THAT(result_from(document, "x").artefacts.at(0).used_in, IsEmpty());
}

TEST_F(ResultTest, HasTheFiguresOfProposalsWhenThereWereAny) {
  EXPECT_FALSE(to_json(finished()).contains("proposals"));
  Result result = finished();
  result.proposals = {{"refreshes", 2}, {"same_place", 0.75}};
  nlohmann::json document = to_json(result);
  EXPECT_EQ(document.at("proposals"), (nlohmann::json{{"refreshes", 2.0}, {"same_place", 0.75}}));
  EXPECT_EQ(result_from(document, "x").proposals, result.proposals);
  document["proposals"]["same_place"] = "often";
  EXPECT_THAT(message_of([&] { result_from(document, "x"); }),
              HasSubstr("same_place: must be a number"));
}

TEST_F(ResultTest, OfAWrongFormIsRefusedByKey) {
  struct Case {
    const char *key, *value, *message;
  };
  for (const Case& one : {Case{"state", R"("running")", "x: state: must be finished, failed or"},
                          Case{"state", "3", "x: state: must be a text"},
                          Case{"steps", "1.5", "x: steps: must be an integer"},
                          Case{"wall_seconds", R"("long")", "x: wall_seconds: must be a number"},
                          Case{"plugins", R"("many")", "x: plugins: must be a list"},
                          Case{"metrics", "[1]", "x: metrics: must be an object"},
                          Case{"collapsed", R"("yes")", "x: collapsed: must be true or false"}}) {
    nlohmann::json document = to_json(finished());
    document[one.key] = nlohmann::json::parse(one.value);
    EXPECT_THAT(message_of([&] { result_from(document, "x"); }), HasSubstr(one.message));
  }
}

// The result of finished(), before its test part was opened, and afterwards.
Result closed() {
  Result result = finished();
  result.test.clear();
  result.ranks_sha256.clear();
  return result;
}
Result opened() {
  Result result = finished();
  result.top_sha256 = "t";
  result.opened = Opening{"2026-02-01T00:00:00Z", 3, 1, *result.made_with};
  result.opened->made_with.host = "another host";
  return result;
}

using ClosedResult = ResultTest;

TEST_F(ClosedResult, StatesNothingOfTheTestPart) {
  const Folder run = new_run();
  write_result(run, closed());
  const auto document = *read_json(run.file(kResultFile));
  EXPECT_EQ(document.at("metrics"), (nlohmann::json{{"valid", {{"ndcg@20", 0.5}}}}));
  EXPECT_FALSE(document.contains("ranks_sha256") || document.contains("top_sha256"));
  const auto read = read_result(run);
  EXPECT_TRUE(read->closed());
  EXPECT_TRUE(is_complete(*read, false));
  EXPECT_FALSE(is_complete(*read, true));
  EXPECT_FALSE(finished().closed());
  EXPECT_FALSE(failure("out of luck", 1).closed());
}

TEST_F(ClosedResult, IsCompletedByAFileOfItsOwnAndStaysAsItWas) {
  const Folder run = new_run();
  write_result(run, closed());
  const std::string before = read_file(run.file(kResultFile));
  write_test(run, opened());
  EXPECT_EQ(read_file(run.file(kResultFile)), before);
  const auto read = read_result(run);
  ASSERT_TRUE(read && read->opened);
  EXPECT_TRUE(is_complete(*read, true));
  EXPECT_EQ(to_json(*read), to_json(opened()));
  EXPECT_EQ(read->opened->valid_differing, 1);
  EXPECT_EQ(read->opened->made_with.host, "another host");
  EXPECT_EQ(read->made_with->host, "host");
  EXPECT_EQ(read->attempt, 2);
  EXPECT_EQ(result_from(*read_result_document(run), "x").test.at("ndcg@20"), 0.25);
}

TEST_F(ClosedResult, IsRefusedWithATestPartThatDoesNotFit) {
  const Folder run = new_run();
  write_test(run, opened());
  EXPECT_FALSE(read_result(run)) << "without a result the run has not finished";
  write_result(run, finished());
  EXPECT_THAT(message_of([&] { read_result(run); }),
              HasSubstr("test.json: metrics: belong to a run whose result has test metrics"));
  write_result(run, closed());
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"[1]", "test.json"},
      {"{}", "test.json: opened"},
      {R"({"opened": {}})", "test.json: metrics"},
      {R"({"opened": {}, "metrics": {}})", "test.json"},
      {"{", "test.json"}};
  for (const auto& [text, message] : cases) {
    publish_file(run.file(kTestFile), text);
    EXPECT_THAT(message_of([&] { read_result(run); }), HasSubstr(message)) << text;
  }
}

const InstalledPlugins kInstalled = {{"framework lea.snqn", {"1.0.0", "other binary"}}};

TEST(Stale, IsAResultOfAnotherDeclaredVersionAndNotOneOfAnotherBinary) {
  EXPECT_THAT(outdated_parts(finished(), kInstalled), IsEmpty());
  EXPECT_THAT(outdated_parts(finished(), {{"framework lea.snqn", {"1.1.0", "ab"}}}),
              ElementsAre("framework lea.snqn 1.0.0 (now 1.1.0)"));
}

TEST(Stale, IsAResultOfAnotherBinaryWhereTheVersionIsInDevelopment) {
  Result result = finished();
  result.made_with->plugins[0].version = "0.1.0-dev";
  EXPECT_THAT(outdated_parts(result, {{"framework lea.snqn", {"0.1.0-dev", "ab"}}}), IsEmpty());
  EXPECT_THAT(outdated_parts(result, {{"framework lea.snqn", {"0.1.0-dev", "cd"}}}),
              ElementsAre("framework lea.snqn 0.1.0-dev (another build)"));
  EXPECT_THAT(outdated_parts(result, {{"framework lea.snqn", {"0.1.0", "ab"}}}),
              ElementsAre("framework lea.snqn 0.1.0-dev (now 0.1.0)"));
}

TEST(Stale, IsAResultOfOtherNumerics) {
  Result result = finished();
  result.made_with->numerics = spec::kNumerics + 1;
  EXPECT_THAT(outdated_parts(result, kInstalled),
              ElementsAre("numerics " + std::to_string(spec::kNumerics + 1) + " (now " +
                          std::to_string(spec::kNumerics) + ")"));
}

TEST(Stale, SaysNothingOfAPluginThatIsNotInstalledNorOfImportedRanks) {
  EXPECT_THAT(outdated_parts(finished(), {}), IsEmpty());
  Result imported = finished();
  imported.made_with.reset();
  EXPECT_THAT(outdated_parts(imported, kInstalled), IsEmpty());
}

TEST(Stale, IsSaidInOneLineForAllRuns) {
  StaleRuns stale;
  EXPECT_EQ(stale.line(), "");
  stale.add({});
  EXPECT_EQ(stale.line(), "");
  for (int i = 0; i < 22; ++i) {
    stale.add({"framework lea.snqn 1.0.0 (now 1.1.0)", "backbone lea.gru4rec 1.0.0 (now 2.0.0)"});
  }
  EXPECT_EQ(stale.line(),
            "22 runs are stale: made with backbone lea.gru4rec 1.0.0 (now 2.0.0), framework "
            "lea.snqn 1.0.0 (now 1.1.0)");
}

}  // namespace
}  // namespace lea::run
