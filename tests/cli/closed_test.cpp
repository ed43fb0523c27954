// A test part that is kept closed and opened later, with the real worker.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/csv.h"
#include "core/base/files.h"
#include "core/eval/ranks.h"
#include "core/eval/top.h"
#include "core/run/header.h"
#include "core/run/result.h"
#include "core/run/test_reads.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* kFrameworks[] = {"popularity", "supervised"};

class Closed : public LabCommand {
 protected:
  Closed() {
    const std::string spec = R"(name: small
data: {name: toy, path: interactions.tsv}
train: {batch_size: 64, max_steps: 60, validate_every: 30}
backbone: {gru4rec: {dropout: 0.2}}
grid: {framework: [popularity, supervised]}
seeds: [1]
)";
    write("open.yaml", spec);
    write("closed.yaml", spec + "evaluate: {test: false}\n");
  }
  std::string must(const std::vector<std::string>& arguments) const {
    const auto result = lealab(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
    return result.out;
  }
  run::Folder run_of(const std::string& framework, const std::string& lab = "lab") const {
    for (const run::Folder& run : run::list_runs(path(lab))) {
      if (run::read_header(run).labels.at("framework") == framework) return run;
    }
    ADD_FAILURE() << framework;
    return {};
  }
};

TEST_F(Closed, ShowsValidationReadsNoTestEventAndOpensWithoutTrainingAgain) {
  const std::string first = must({"run", path("closed.yaml")});
  EXPECT_THAT(first, HasSubstr("valid NDCG@20"));
  EXPECT_THAT(first, HasSubstr("Test part: closed (evaluate.test: false); no run of this lab has "
                               "read it."));
  EXPECT_EQ(run::test_reads(path("lab")).size(), 0u);
  std::map<std::string, std::string> results, events;
  for (const std::string framework : kFrameworks) {
    const run::Folder run = run_of(framework);
    EXPECT_TRUE(run::read_result(run)->closed());
    for (const char* file : {run::kRanksFile, run::kTopFile, run::kTestFile})
      EXPECT_FALSE(fs::exists(run.file(file))) << file;
    results[framework] = read_file(run.file(run::kResultFile));
    if (framework == "supervised") events[framework] = read_file(run.file(run::kEventsFile));
  }
  EXPECT_THAT(must({"plan", path("closed.yaml")}), HasSubstr("nothing to do"));
  EXPECT_THAT(must({"ls"}), HasSubstr("2 runs"));
  EXPECT_THAT(must({"show", run_of("supervised").uuid()}), HasSubstr("the test part is closed"));
  EXPECT_EQ(lealab({"export", "ranks", run_of("supervised").uuid(), "--out", path("x")}).exit_code,
            3);
  const auto plan = nlohmann::json::parse(must({"plan", path("open.yaml"), "--json"}));
  EXPECT_EQ(plan["counts"]["test to open"], 2);
  EXPECT_EQ(plan["counts"]["to do"], 0);
  EXPECT_THAT(must({"plan", path("open.yaml")}), HasSubstr("2 test to open"));

  // Opened by the same spec with --set, which is the same as the spec without the line.
  const std::string second = must({"run", path("closed.yaml"), "--set", "evaluate.test=true"});
  EXPECT_THAT(second, HasSubstr("  HR@5 "));
  EXPECT_THAT(second, HasSubstr("Test part: no run of this lab had read it before the first"));
  EXPECT_EQ(run::list_runs(path("lab")).size(), 2u);
  EXPECT_THAT(must({"plan", path("open.yaml")}), HasSubstr("nothing to do"));

  // What is gained equals a run whose test part was open from the start.
  const auto reference =
      lab::run_process({LEALAB_PROGRAM, "--lab", path("reference"), "run", path("open.yaml")}, 300);
  ASSERT_EQ(reference.exit_code, 0) << reference.err;
  const auto reads = run::test_reads(path("lab"));
  ASSERT_EQ(reads.size(), 2u);
  for (const std::string framework : kFrameworks) {
    const run::Folder run = run_of(framework), other = run_of(framework, "reference");
    EXPECT_EQ(read_file(run.file(run::kResultFile)), results[framework]);
    if (framework == "supervised") {
      EXPECT_EQ(read_file(run.file(run::kEventsFile)), events[framework]);
    }
    for (const char* file : {run::kRanksFile, run::kTopFile, run::kValidRanksFile})
      EXPECT_TRUE(read_file(run.file(file)) == read_file(other.file(file))) << framework << file;
    const auto opened = run::read_result(run), at_once = run::read_result(other);
    EXPECT_EQ(opened->test, at_once->test);
    EXPECT_EQ(opened->valid, at_once->valid);
    EXPECT_EQ(opened->top_sha256, at_once->top_sha256);
    EXPECT_EQ(opened->tie_share, at_once->tie_share);
    ASSERT_TRUE(opened->opened);
    EXPECT_EQ(opened->opened->attempt, 2);
    EXPECT_EQ(opened->opened->valid_differing, 0);
    EXPECT_EQ(opened->opened->made_with.machine_kind, opened->made_with->machine_kind);
    EXPECT_TRUE(std::any_of(reads.begin(), reads.end(), [&](const run::TestRead& read) {
      return read.run == run.uuid() && read.experiment == "small" &&
             read.data_fingerprint == opened->data_fingerprint &&
             read.split_fingerprint == opened->split_fingerprint;
    }));
  }
  EXPECT_EQ(run::test_reads(path("reference")).size(), 2u);
  EXPECT_THAT(must({"db", "check"}), Not(HasSubstr("differ")));
  // The closed spec does not show what was opened meanwhile.
  EXPECT_THAT(
      must({"run", path("closed.yaml")}),
      HasSubstr("Test part: closed (evaluate.test: false); 2 runs of this lab have read it."));
}

TEST_F(Closed, IsOpenedByHandWithTheCommandsThatTasksPrints) {
  must({"run", path("closed.yaml")});
  std::istringstream lines(must({"tasks", path("open.yaml")}));
  int commands = 0;
  for (std::string line; std::getline(lines, line); ++commands) {
    EXPECT_THAT(line, HasSubstr(" --test open"));
    const auto result = lab::run_process({"sh", "-c", line}, 300);
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }
  EXPECT_EQ(commands, 2);
  for (const std::string framework : kFrameworks)
    EXPECT_FALSE(run::read_result(run_of(framework))->closed());
  EXPECT_THAT(must({"plan", path("open.yaml")}), HasSubstr("nothing to do"));
}

TEST_F(Closed, StaysClosedWhenTheKeptNetworkIsDamaged) {
  must({"run", path("closed.yaml")});
  const run::Folder run = run_of("supervised");
  const std::string result = read_file(run.file(run::kResultFile));
  std::string weights = read_file(run.file(run::kBestFile));
  std::fill(weights.begin() + static_cast<int64_t>(weights.size() / 2), weights.end(), '\0');
  publish_file(run.file(run::kBestFile), weights);
  const auto opening = lealab({"run", path("open.yaml")});
  EXPECT_EQ(opening.exit_code, 5) << opening.out;
  EXPECT_THAT(opening.out + opening.err, HasSubstr("The test part stays closed"));
  EXPECT_EQ(read_file(run.file(run::kResultFile)), result);
  EXPECT_TRUE(run::read_result(run)->closed());
  EXPECT_FALSE(fs::exists(run.file(run::kRanksFile)));
  for (const run::TestRead& read : run::test_reads(path("lab"))) EXPECT_NE(read.run, run.uuid());
  EXPECT_FALSE(run::read_result(run_of("popularity"))->closed()) << "the others go on";
}

TEST_F(Closed, IsOpenedWithTheWeightsOnWhichScoresDepend) {
  const auto size_with = [&](const std::string& keep) {
    fs::remove_all(path("lab"));
    const std::string framework = "grid.framework=[snqn]", value = "train.keep=" + keep;
    must({"run", path("closed.yaml"), "--set", framework, "--set", value});
    const run::Folder run = run_of("snqn");
    return fs::exists(run.file(run::kBestFile)) ? fs::file_size(run.file(run::kBestFile)) : 0;
  };
  const auto open = [&](const std::string& keep) {
    must({"run", path("open.yaml"), "--set", "grid.framework=[snqn]", "--set",
          "train.keep=" + keep});
    const auto exported =
        lealab({"export", "topk", run_of("snqn").uuid(), "--out", path("top.csv")});
    EXPECT_EQ(exported.exit_code, 0);
    EXPECT_EQ(exported.err, "") << "no event ranks otherwise than in ranks.bin";
    return read_file(run_of("snqn").file(run::kRanksFile));
  };
  const auto all = size_with("all");
  const std::string ranks = open("all");
  const auto scoring = size_with("scoring");
  EXPECT_LT(2 * scoring, all) << "a twin has two networks, with two heads each";
  EXPECT_EQ(open("scoring"), ranks);
  EXPECT_EQ(run::list_runs(path("lab")).size(), 1u) << "nothing was trained again";
  EXPECT_EQ(size_with("nothing"), 0u);
  EXPECT_THAT(must({"plan", path("open.yaml"), "--set", "grid.framework=[snqn]"}),
              HasSubstr("the network that could open it is not in its folder"));
  EXPECT_THAT(must({"plan", path("closed.yaml"), "--set", "grid.framework=[snqn]"}),
              HasSubstr("nothing to do"));
}

// `export topk` computes again what top.bin has kept.
TEST_F(Closed, TopItemsAreThoseThatExportComputes) {
  must({"run", path("open.yaml")});
  for (const std::string framework : kFrameworks) {
    const run::Folder run = run_of(framework);
    must({"export", "topk", run.uuid(), "--out", path("top.csv")});
    std::istringstream lines(read_file(path("top.csv")));
    const auto top = eval::decode_top(read_file(run.file(run::kTopFile)), "top.bin");
    EXPECT_EQ(top.k, 20u);
    std::string line;
    std::getline(lines, line);
    std::map<std::string, uint32_t> number;  // of an id, as far as it is known
    size_t event = 0;
    for (; std::getline(lines, line); ++event) {
      const auto fields = split_csv(line);
      ASSERT_EQ(fields.size(), 3u + top.k);
      for (uint32_t i = 0; i < top.k; ++i) {
        const uint32_t item = top.top.at(event * top.k + i);
        const auto [known, added] = number.emplace(fields[3 + i], item);
        EXPECT_EQ(known->second, item) << framework << ", event " << event << ", place " << i;
      }
    }
    EXPECT_EQ(event, top.events());
  }
}

}  // namespace
}  // namespace lea
