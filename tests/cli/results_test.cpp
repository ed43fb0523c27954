// `lealab ls, show, table, log` as a user calls them. The run folders of the lab have the files
// that the worker writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"
#include "core/lab/collector.h"
#include "core/lab/disk.h"
#include "core/lab/lab_folder.h"
#include "core/lab/process.h"
#include "core/run/experiment_plan.h"
#include "core/run/header.h"
#include "core/run/result.h"

namespace lea {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class ResultsCommand : public testing::Test {
 protected:
  void SetUp() override {
    lab_ = testing::TempDir() + "lea_results_" + std::to_string(getpid()) + "_" +
           testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(lab_);
    lab::open_lab(lab_);
    study_.name = "study";
    study_.axes = {"framework"};
    study_.resolved = nlohmann::json::object();
  }
  void TearDown() override { std::filesystem::remove_all(lab_); }

  run::Folder plan(const std::string& framework, int64_t seed, int64_t split = 1) {
    spec::PlannedRun planned;
    planned.run.data.name = "toy";
    planned.run.backbone.id = "lea.gru4rec";
    planned.run.framework.id = "lea." + framework;
    planned.run.seed = seed;
    planned.run.split.seed = split;
    planned.hash = spec::run_hash(planned.run);
    planned.labels = {{"framework", framework}};
    if (study_.axes.back() == "split.seed") planned.labels["split.seed"] = std::to_string(split);
    study_.runs.push_back(planned);
    return run::make_run(lab_, run::new_header(study_, planned), planned.run);
  }

  // A finished run with two test events. The target of the first one has `rank`.
  run::Folder finish(const std::string& framework, int64_t seed, uint32_t rank, int64_t split = 1) {
    const run::Folder folder = plan(framework, seed, split);
    const std::string split_fingerprint = std::to_string(split) + std::string(63, 'e');
    eval::RankFile ranks{std::string(64, 'd'), split_fingerprint, 100, {}};
    ranks.records = {{0, 0, 9, 3, rank, 0, 1, 0}, {0, 1, 7, 3, 90, 5, 80, 5}};
    const std::string bytes = eval::encode_ranks(ranks);
    publish_file(folder.file(run::kRanksFile), bytes);
    publish_file(folder.file(run::kLogFile), "step 1\nstep \033[2J2\nstep 3\n");
    run::Result result;
    result.finished_at = utc_now();
    result.test = eval::metrics(ranks.records, {});
    result.data_fingerprint = ranks.data_fingerprint;
    result.split_fingerprint = ranks.split_fingerprint;
    result.ranks_sha256 = sha256(bytes);
    result.tie_share = 0.5;
    run::write_result(folder, result);
    return folder;
  }

  void collect() {
    run::save_plan(lab_, study_);
    const lab::Collected collected = lab::collect(lab_);
    ASSERT_THAT(collected.refused, testing::IsEmpty());
  }

  lab::ProcessResult lealab(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {LEALAB_PROGRAM, "--lab", lab_});
    return lab::run_process(arguments, 60);
  }

  std::string lab_;
  spec::Experiment study_;
};

TEST_F(ResultsCommand, ListsWhatTheIndexHasAndWhatItHasNotYet) {
  finish("snqn", 1, 2);
  finish("snqn", 2, 1);
  collect();
  plan("sa2c", 1);
  const lab::ProcessResult all = lealab({"ls", "--sort", "ndcg@10"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, ContainsRegex("ndcg@10 0\\.5000(.|\n)*ndcg@10 0\\.3155"));
  EXPECT_THAT(all.out, HasSubstr("gru4rec sa2c"));
  EXPECT_THAT(all.out, HasSubstr("queued"));
  EXPECT_THAT(all.out, HasSubstr("3 runs\n"));
  EXPECT_THAT(lealab({"ls", "ndcg@10>0.4 and framework=snqn"}).out, HasSubstr("1 run of 3\n"));
}

TEST_F(ResultsCommand, ShowsARunByTheFirstDigitsOfItsUuid) {
  const run::Folder folder = finish("snqn", 1, 2);
  const lab::ProcessResult show = lealab({"show", folder.uuid().substr(0, 13), "--slices"});
  ASSERT_EQ(show.exit_code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("run " + folder.uuid()));
  EXPECT_THAT(show.out, HasSubstr("batch_size: 256"));
  EXPECT_THAT(show.out, HasSubstr("test  removed     optimistic"));
  EXPECT_THAT(show.out, HasSubstr("history:0"));
  const auto json = nlohmann::json::parse(lealab({"show", folder.uuid(), "--json"}).out);
  EXPECT_EQ(json["spec"]["train"]["batch_size"], 256);
  EXPECT_EQ(json["protocols"].size(), 6u);
  EXPECT_EQ(json["protocols"][3]["metrics"]["hr@5"], 0.5);
}

TEST_F(ResultsCommand, PrintsTheLastLinesOfALogWithoutControlCharacters) {
  const run::Folder folder = finish("snqn", 1, 2);
  EXPECT_EQ(lealab({"log", folder.uuid(), "-n", "2"}).out, "step \\x1b[2J2\nstep 3\n");
  EXPECT_THAT(lealab({"log", folder.uuid()}).out, testing::StartsWith("step 1\n"));
}

TEST_F(ResultsCommand, PrintsTheTableUnderAnotherProtocol) {
  finish("snqn", 1, 2);
  finish("snqn", 2, 1);
  plan("sa2c", 1);
  collect();
  const lab::ProcessResult table = lealab({"table", "study"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("gru4rec   snqn       2  0.5000±.0000"));
  EXPECT_THAT(table.out, HasSubstr("gru4rec   sa2c       0  queued"));
  EXPECT_THAT(lealab({"table", "study", "--format", "csv", "--k", "1"}).out,
              HasSubstr("study,gru4rec,snqn,2,0,0,0.25,"));
  EXPECT_THAT(lealab({"table", "study", "--format", "csv", "--k", "1", "--remove-seen"}).out,
              HasSubstr("study,gru4rec,snqn,2,0,0,0.5,"));
}

TEST_F(ResultsCommand, PrintsTheMeanOverSplitsOrARowForEach) {
  study_.axes = {"framework", "split.seed"};
  finish("snqn", 1, 2, 2);
  finish("snqn", 1, 1, 3);
  finish("sa2c", 1, 1, 2);
  plan("sa2c", 1, 3);
  collect();
  const lab::ProcessResult table = lealab({"table", "study", "--format", "csv", "--k", "1"});
  ASSERT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("experiment,backbone,framework,n,failed,missing,hr@1,"));
  EXPECT_THAT(table.out, HasSubstr("study,gru4rec,snqn,2,0,0,0.25,"));
  EXPECT_THAT(table.out, HasSubstr("study,gru4rec,sa2c,1,0,1,0.5,,"));
  EXPECT_THAT(lealab({"table", "study"}).out,
              HasSubstr("Not finished: gru4rec sa2c, split 3 seed 1, run "));
  const lab::ProcessResult rows =
      lealab({"table", "study", "--format", "csv", "--k", "1", "--by-split"});
  EXPECT_THAT(rows.out, HasSubstr("study,gru4rec,snqn,2,1,0,0,0.0,"));
  EXPECT_THAT(rows.out, HasSubstr("study,gru4rec,snqn,3,1,0,0,0.5,"));
}

TEST_F(ResultsCommand, SaysWhatTakesTheSpace) {
  const run::Folder small = finish("snqn", 1, 2), large = finish("sa2c", 1, 2);
  std::filesystem::create_directory(large.file(run::kCheckpointFolder));
  publish_file(large.file(run::kBestFile), std::string(2000000, 'w'));
  publish_file(small.file(run::kTopFile), std::string(300, 't'));
  collect();
  std::filesystem::create_directory(lab_ + "/models");
  std::filesystem::create_directory_symlink(large.path, lab_ + "/models/elsewhere");
  const auto du = nlohmann::json::parse(lealab({"du", "--json"}).out);
  const int64_t bytes = du.at("bytes");
  EXPECT_EQ(bytes, lab::folder_bytes(lab_));
  int64_t sum = 0;
  for (const auto& [name, part] : du.at("parts").items()) sum += part.at("bytes").get<int64_t>();
  EXPECT_EQ(sum, bytes);
  EXPECT_EQ(du.at("parts").at("models").at("bytes"), 0);
  ASSERT_EQ(du.at("experiments").size(), 1u);
  const auto& study = du.at("experiments")[0];
  EXPECT_EQ(study.at("runs"), 2);
  EXPECT_EQ(study.at("bytes"), du.at("parts").at("runs").at("bytes"));
  EXPECT_EQ(study.at("kinds").at("network"), 2000000);
  EXPECT_EQ(study.at("kinds").at("top items"), 300);
  EXPECT_THAT(lealab({"du"}).out, ContainsRegex("experiment +runs +size +network +ranks(.|\n)*"
                                                "study +2 +2\\.0 MB +2\\.0 MB"));
  const auto runs = lealab({"du", "study"});
  EXPECT_THAT(runs.out, testing::StartsWith("study: 2 runs, 2.0 MB\n"));
  EXPECT_LT(runs.out.find(large.uuid().substr(0, 8)), runs.out.find(small.uuid().substr(0, 8)));
  EXPECT_THAT(runs.out, HasSubstr("sa2c seed 1"));
  const auto slip = lealab({"du", "stuyd"});
  EXPECT_EQ(slip.exit_code, 2);
  EXPECT_THAT(slip.err, HasSubstr("did you mean `study`?"));
  publish_file(small.file(run::kHeaderFile), "{");
  const auto damaged = lealab({"du"});
  EXPECT_EQ(damaged.exit_code, 0);
  EXPECT_THAT(damaged.err, HasSubstr("of an unknown experiment: " + small.file(run::kHeaderFile)));
  EXPECT_THAT(damaged.out, HasSubstr("(unknown)"));
}

TEST_F(ResultsCommand, ExitsWithTheDocumentedCodes) {
  finish("snqn", 1, 2);
  collect();
  const lab::ProcessResult slip = lealab({"ls", "framwork=snqn"});
  EXPECT_EQ(slip.exit_code, 2);
  EXPECT_THAT(
      slip.err,
      HasSubstr("filter:1:1: `framwork` is not a field of any run, did you mean `framework`?"));
  const auto expect_usage_error = [&](const std::vector<std::string>& arguments,
                                      const std::string& message) {
    const lab::ProcessResult result = lealab(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  };
  expect_usage_error({"ls", "--unknown"}, "not expected: --unknown");
  expect_usage_error({"table", "study", "--format", "html"}, "--format");
  expect_usage_error({"table", "study", "--k", "0"}, "--k");
  expect_usage_error({"show", "zzzz"}, "zzzz");
  const lab::ProcessResult other = lealab({"table", "stuyd"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.err, HasSubstr("did you mean `study`?"));
  lab_ += "/nowhere";
  const lab::ProcessResult nowhere = lealab({"ls"});
  EXPECT_EQ(nowhere.exit_code, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("there is no lab in this folder"));
  EXPECT_FALSE(std::filesystem::exists(lab_));
}

TEST_F(ResultsCommand, SaysInWholeSentencesWhatIsNotThereOrDamaged) {
  finish("snqn", 1, 2);
  collect();
  EXPECT_EQ(
      lealab({"du", "xyz"}).err,
      "experiment xyz: no run of the lab was made for it. `lealab du` lists the experiments.\n");
  EXPECT_THAT(lealab({"du", "stuyd"}).err,
              HasSubstr("for it, did you mean `study`? `lealab du` lists"));
  EXPECT_THAT(lealab({"table", "stuyd"}).err, HasSubstr(", did you mean `study`? It has: study"));
  // What is refused may be a plan and no folder of a run.
  publish_file(run::plan_file(lab_, "study"), "{");
  const lab::ProcessResult rebuilt = lealab({"db", "rebuild"});
  EXPECT_EQ(rebuilt.exit_code, 3);
  EXPECT_THAT(rebuilt.err, HasSubstr("study.json"));
  EXPECT_THAT(rebuilt.err, HasSubstr("\n1 problem; what is named above was left out, and the rest "
                                     "is in the index.\n"));
}

TEST_F(ResultsCommand, ListsWhyARunFailed) {
  run::write_result(plan("snqn", 1), run::failure("the loss is not finite at step 7", 1));
  const lab::ProcessResult all = lealab({"ls"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, ContainsRegex("failed .*the loss is not finite at step 7\n"));
}

TEST_F(ResultsCommand, CountsOneOfAThingAsOne) {
  const run::Folder folder = finish("snqn", 1, 2);
  collect();
  EXPECT_THAT(lealab({"db", "rebuild"}).out, HasSubstr("1 run of 1 experiment, content "));
  EXPECT_THAT(lealab({"db", "check"}).out, HasSubstr("1 run, no problem"));
  std::filesystem::remove_all(folder.path);
  const lab::ProcessResult check = lealab({"db", "check"});
  EXPECT_EQ(check.exit_code, 3);
  EXPECT_THAT(check.err, HasSubstr("\n1 problem; the index is "));
}

TEST_F(ResultsCommand, AnExportOfNothingSaysSoAndIsNoSuccess) {
  plan("snqn", 1);
  collect();
  const std::string out = lab_ + "/packs";
  const lab::ProcessResult none = lealab({"export", "study", "--out", out});
  EXPECT_EQ(none.exit_code, 3) << none.out;
  EXPECT_THAT(none.err, HasSubstr("no run has finished yet, so nothing was exported"));
  EXPECT_FALSE(std::filesystem::exists(out));
  const lab::ProcessResult unknown = lealab({"export", "studi", "--out", out});
  EXPECT_EQ(unknown.exit_code, 2) << unknown.out;
  EXPECT_THAT(unknown.err, HasSubstr("did you mean `study`?"));
}

TEST_F(ResultsCommand, RefusesAFileThatIsNotThere) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"import", "none"}, {"import", "none.tar.xz"}, {"data", "import", "toy", "none"}}) {
    const auto result = lealab(command);
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_THAT(result.err, ContainsRegex("none.*: there is no such file or folder"));
  }
}

TEST_F(ResultsCommand, HelpListsEveryExitCode) {
  const auto help = lealab({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const Exit code : {Exit::kOk, Exit::kUsage, Exit::kBadInput, Exit::kEnvironment,
                          Exit::kFailedRuns, Exit::kPlugin, Exit::kInterrupted, Exit::kInternal}) {
    EXPECT_THAT(help.out, ContainsRegex("\n +" + std::to_string(int(code)) + "  [a-z]"));
  }
}

}  // namespace
}  // namespace lea
