// Exports results from a lab and imports them again, with the real worker. What is exported must be
// what was ranked.
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/base/csv.h"
#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const std::string& file) {
  Rows rows;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) rows.push_back(split_csv(line));
  return rows;
}

class Exchange : public LabCommand {
 protected:
  Exchange() {
    std::string split = "user_id\tpart\n";
    for (int user = 0; user < 120; ++user) {
      split += "u" + std::to_string(user) +
               (user < 100   ? "\ttrain\n"
                : user < 110 ? "\tvalid\n"
                             : "\ttest\n");
    }
    write("split.tsv", split);
    write("spec.yaml", R"(name: small
data: {name: toy, path: interactions.tsv}
split: {by: file, path: split.tsv}
train: {batch_size: 64, max_steps: 60, validate_every: 30}
backbone: gru4rec
grid: {framework: [popularity, supervised]}
seeds: [1]
)");
    const auto result = lealab({"run", path("spec.yaml")});
    EXPECT_EQ(result.exit_code, 0) << result.err;
  }
  std::string run_of(const std::string& framework) const {
    const auto listed = lealab({"ls", "framework=" + framework, "--json"});
    return nlohmann::json::parse(listed.out).at(0).at("uuid");
  }
  lab::ProcessResult export_of(const std::string& what, const std::string& framework,
                               const std::string& out, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"export", what, run_of(framework), "--out", path(out)});
    return lealab(more);
  }
};

constexpr size_t kTop = 20;  // how many items `export topk` gives without --k

TEST_F(Exchange, ScoresGiveTheRanksAndTheTopItemsThatAreExported) {
  for (const std::string framework : {"popularity", "supervised"}) {
    for (const char* what : {"ranks", "scores", "topk"}) {
      const auto result = export_of(what, framework, std::string(what) + ".csv");
      ASSERT_EQ(result.exit_code, 0) << result.err;
      EXPECT_EQ(result.err, "");
    }
    const Rows ranks = rows_of(path("ranks.csv")), scores = rows_of(path("scores.csv")),
               top = rows_of(path("topk.csv"));
    ASSERT_EQ(ranks.size(), 1u + 100u);
    ASSERT_EQ(scores.size(), ranks.size());
    ASSERT_EQ(top.size(), ranks.size());
    for (size_t i = 1; i < ranks.size(); ++i) {
      ASSERT_EQ(scores[i].size(), 3u + 40u);
      ASSERT_EQ(top[i].size(), 3u + kTop);
      EXPECT_EQ(std::set<std::string>(top[i].begin() + 3, top[i].end()).size(), kTop);
      const std::string& target = ranks[i][2];
      EXPECT_EQ(scores[i][2], target);
      EXPECT_EQ(top[i][2], target);
      std::map<std::string, double> score;
      for (size_t j = 3; j < scores[i].size(); ++j) score[scores[0][j]] = std::stod(scores[i][j]);
      const auto above = std::count_if(score.begin(), score.end(), [&](const auto& item) {
        return item.second > score.at(target);
      });
      EXPECT_EQ(std::to_string(above + 1), ranks[i][3]);
      for (size_t j = 4; j < top[i].size(); ++j)
        EXPECT_GE(score.at(top[i][j - 1]), score.at(top[i][j]));
      for (const auto& [item, value] : score) {
        const bool listed = std::find(top[i].begin() + 3, top[i].end(), item) != top[i].end();
        if (value > score.at(top[i].back())) {
          EXPECT_TRUE(listed) << item;
        }
      }
    }
  }
}

TEST_F(Exchange, NoIdDecidesAmongEqualScoresOfTheTopItems) {
  // All items occur equally often, so popularity gives nothing but ties.
  std::string text = "user_id\titem_id\ttimestamp\n";
  for (int user = 0; user < 120; ++user) {
    for (int t = 0; t < 10; ++t) {
      text += "u" + std::to_string(user) + "\ti" + std::to_string((user * 10 + t) % 40) + "\t" +
              std::to_string(t) + "\n";
    }
  }
  write("interactions.tsv", text);
  ASSERT_EQ(lealab({"data", "import", "toy", path("interactions.tsv"), "--replace"}).exit_code, 0);
  ASSERT_EQ(lealab({"run", path("spec.yaml")}).exit_code, 0);
  // Both runs may have ended in the same second. The table takes the run on the data set that the
  // lab has now.
  const auto table = nlohmann::json::parse(lealab({"table", "small", "--format", "json"}).out);
  const auto popularity = std::find_if(
      table.at("rows").begin(), table.at("rows").end(),
      [](const auto& row) { return row.at("labels").at("framework") == "popularity"; });
  ASSERT_NE(popularity, table.at("rows").end());
  const std::string newest = popularity->at("runs").at(0).at("uuid");
  ASSERT_EQ(lealab({"export", "topk", newest, "--k", "5", "--out", path("topk.csv")}).exit_code, 0);
  const Rows top = rows_of(path("topk.csv"));
  ASSERT_EQ(top.size(), 1u + 100u);
  const std::vector<std::string> listed(top[1].begin() + 3, top[1].end());
  EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()).size(), 5u);
  // They are neither the first items nor the last ones, and not in the order of their ids.
  std::vector<int> numbers;
  for (const std::string& item : listed) numbers.push_back(std::stoi(item.substr(1)));
  EXPECT_GT(*std::max_element(numbers.begin(), numbers.end()), 4);
  EXPECT_LT(*std::min_element(numbers.begin(), numbers.end()), 35);
  EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_FALSE(std::is_sorted(numbers.rbegin(), numbers.rend()));
  // All items do have the same score.
  ASSERT_EQ(lealab({"export", "scores", newest, "--out", path("scores.csv")}).exit_code, 0);
  const Rows scores = rows_of(path("scores.csv"));
  EXPECT_EQ(std::set<std::string>(scores.at(1).begin() + 3, scores.at(1).end()).size(), 1u);
}

TEST_F(Exchange, WritesArraysForNumPy) {
  for (const char* what : {"ranks", "scores", "topk"}) {
    const std::string file = std::string(what) + ".npz";
    ASSERT_EQ(export_of(what, "supervised", file, {"--format", "npz"}).exit_code, 0);
    EXPECT_EQ(read_file(path(file)).substr(0, 2), "PK");
  }
  EXPECT_THAT(read_file(path("ranks.npz")), HasSubstr("'shape': (100,)"));
  EXPECT_THAT(read_file(path("scores.npz")), HasSubstr("'shape': (100,40,)"));
  EXPECT_THAT(read_file(path("topk.npz")), HasSubstr("'shape': (100,20,)"));
}

TEST_F(Exchange, StandardOutputGetsWhatAFileGets) {
  const std::string run = run_of("supervised");
  for (const char* what : {"scores", "topk"}) {
    for (const char* format : {"csv", "npz"}) {
      SCOPED_TRACE(std::string(what) + " " + format);
      ASSERT_EQ(export_of(what, "supervised", "file", {"--format", format}).exit_code, 0);
      const auto standard = lealab({"export", what, run, "--out", "-", "--format", format});
      EXPECT_EQ(standard.exit_code, 0) << standard.err;
      EXPECT_TRUE(standard.out == read_file(path("file")));
      EXPECT_THAT(standard.err, HasSubstr("standard output: 100 events x "));
    }
  }
  const auto none = export_of("scores", "supervised", "none/scores.csv");
  EXPECT_EQ(none.exit_code, 4);
  EXPECT_THAT(none.err, HasSubstr("cannot be written: there is no folder " + path("none")));
}

TEST_F(Exchange, OwnRanksComeBackAsARowWithTheSameNumbers) {
  ASSERT_EQ(export_of("ranks", "supervised", "ranks.npz", {"--format", "npz"}).exit_code, 0);
  ASSERT_EQ(export_of("ranks", "supervised", "ranks.csv").exit_code, 0);
  const auto from_arrays = lealab({"import", "ranks", path("ranks.npz"), "--experiment", "small",
                                   "--name", "theirs", "--split-of", run_of("supervised")});
  ASSERT_EQ(from_arrays.exit_code, 0) << from_arrays.err;
  const auto imported = lealab({"import", "ranks", path("ranks.csv"), "--experiment", "small",
                                "--name", "theirs", "--split-of", run_of("supervised")});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(imported.out, from_arrays.out) << "the arrays gave another run";
  const auto table =
      nlohmann::json::parse(lealab({"table", "small", "--format", "json"}).out).at("rows");
  std::map<std::string, nlohmann::json> by_framework;
  for (const auto& row : table) by_framework[row.at("labels").at("framework")] = row;
  ASSERT_TRUE(by_framework.contains("theirs"));
  ASSERT_EQ(by_framework.at("supervised").at("test").size(), 6u) << "HR and NDCG at 5, 10 and 20";
  ASSERT_EQ(by_framework.at("theirs").at("test").size(), 6u);
  for (const auto& [metric, cell] : by_framework.at("supervised").at("test").items())
    EXPECT_EQ(by_framework.at("theirs").at("test").at(metric).at("mean"), cell.at("mean"));
}

TEST_F(Exchange, ForeignScoresGiveTheRanksThatTheLabGivesThem) {
  std::map<std::string, int> popularity;
  const std::string out = path("files");
  ASSERT_EQ(
      lealab({"data", "export", "toy", "--split-file", path("split.tsv"), "--out", out}).exit_code,
      0);
  std::istringstream lines(read_file(out + "/train.tsv"));
  for (std::string user, item, time; lines >> user >> item >> time;) ++popularity[item];
  popularity.erase("item_id");  // the header
  ASSERT_EQ(popularity.size(), 40u);
  write("scores.json", nlohmann::json(popularity).dump());
  const auto ranked = lab::run_process(
      {"python3", LEA_SOURCE_DIR "/tests/cli/fixed_scores.py", LEA_SOURCE_DIR "/tools", "--model",
       path("scores.json"), "--split", out, "--out", path("theirs.csv")},
      60);
  ASSERT_EQ(ranked.exit_code, 0) << ranked.err;
  ASSERT_EQ(export_of("ranks", "popularity", "ours.csv").exit_code, 0);
  const Rows theirs = rows_of(path("theirs.csv"));
  Rows ours = rows_of(path("ours.csv"));
  ASSERT_EQ(theirs.size(), 1u + 100u);
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    ours[i].erase(ours[i].begin() + 7);  // the popularity
    if (theirs[i][1] == "0") continue;   // without a history they have no scores
    EXPECT_EQ(theirs[i], ours[i]);
  }
}

TEST_F(Exchange, RefusesASplitThatWasReplaced) {
  ASSERT_EQ(export_of("ranks", "supervised", "ranks.csv").exit_code, 0);
  std::string split = read_file(path("split.tsv"));
  split.replace(split.find("u99\ttrain"), 9, "u99\tvalid");
  write("split.tsv", split);
  const auto scores = export_of("scores", "supervised", "scores.csv");
  EXPECT_EQ(scores.exit_code, 3);
  EXPECT_THAT(scores.err, HasSubstr("has changed since the run was planned"));
  const auto imported = lealab({"import", "ranks", path("ranks.csv"), "--experiment", "small",
                                "--name", "theirs", "--split-of", run_of("supervised")});
  EXPECT_EQ(imported.exit_code, 3);
  EXPECT_THAT(imported.err, HasSubstr("split_fingerprint was "));
}

TEST_F(Exchange, RunsAgainOnADataSetThatWasReplacedAndSaysSo) {
  const auto done = lealab({"plan", path("spec.yaml")});
  EXPECT_THAT(done.out, HasSubstr("2 done"));
  write_interactions(/*seed=*/2);
  ASSERT_EQ(lealab({"data", "import", "toy", path("interactions.tsv"), "--replace"}).exit_code, 0);
  EXPECT_THAT(lealab({"table", "small"}).out, HasSubstr("not the data set that the lab has now"));
  EXPECT_EQ(export_of("ranks", "supervised", "ranks.csv").exit_code, 3);
  const auto plan = lealab({"plan", path("spec.yaml")});
  EXPECT_THAT(plan.out, HasSubstr("2 to do"));
  EXPECT_THAT(plan.out, HasSubstr("used another data set of the name toy"));
  ASSERT_EQ(lealab({"run", path("spec.yaml")}).exit_code, 0);
  EXPECT_THAT(lealab({"plan", path("spec.yaml")}).out, HasSubstr("2 done"));
  EXPECT_THAT(lealab({"table", "small"}).out,
              Not(HasSubstr("not the data set that the lab has now")));
}

TEST_F(Exchange, PacksGiveTheSameTableInAnotherLab) {
  const auto table = [&] { return lealab({"table", "small", "--format", "csv"}).out; };
  const std::string before = table();
  ASSERT_EQ(lealab({"export", "small", "--out", path("spec")}).exit_code, 0);
  fs::rename(path("lab"), path("first"));
  // spec.yaml stands for the folder `spec` beside it.
  const auto imported = lealab({"import", path("spec.yaml"), path("spec")});
  ASSERT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(imported.out, "plan of small added\n2 runs added, 0 were here already\n");
  EXPECT_EQ(lealab({"import", path("spec")}).out, "0 runs added, 2 were here already\n");
  EXPECT_EQ(table(), before);
  EXPECT_THAT(before, HasSubstr("popularity"));
}

TEST_F(Exchange, SaysThatThereIsNoSuchGpu) {
  const auto result =
      lealab({"run", path("spec.yaml"), "--set", "train.device=cuda:99", "--set", "seeds=[2]"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_THAT(result.out, HasSubstr("train.device: cuda:99: LibTorch sees "));
}

const std::string kExperiments = LEA_SOURCE_DIR "/experiments/";
const std::string kModels = LEA_SOURCE_DIR "/lab/models";

// The studies under experiments/ whose runs are packed beside them.
std::vector<std::string> packed_studies() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kExperiments)) {
    fs::path folder = entry.path();
    if (folder.extension() == ".yaml" && fs::is_directory(folder.replace_extension()))
      names.push_back(folder.filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Lines of a Markdown table. The footer also reports on the data sets and plugins that are here.
std::string rows_of_markdown(const std::string& markdown) {
  std::string rows;
  std::istringstream lines(markdown);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("|")) rows += line + "\n";
  }
  return rows;
}

class PackedStudy : public LabCommand {
 protected:
  // The plan of a study with a language model hashes the model's files. `tools/fetch_model` leaves
  // them in the checkout's own lab.
  static bool lacks_model(const std::string& study) {
    return !fs::exists(kModels + "/smollm2-135m") &&
           read_file(kExperiments + study + ".yaml").find("smollm2-135m") != std::string::npos;
  }
  void lend_models() const {
    fs::create_directories(path("lab"));
    fs::create_directory_symlink(kModels, path("lab/models"));
  }
  void import(const std::vector<std::string>& paths) const {
    std::vector<std::string> command = {"import"};
    command.insert(command.end(), paths.begin(), paths.end());
    const auto imported = lealab(command);
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
  }
  void expect_its_table(const std::string& study) const {
    const auto table = lealab({"table", study, "--format", "markdown"});
    ASSERT_EQ(table.exit_code, 0) << table.err;
    const std::string committed = rows_of_markdown(read_file(kExperiments + study + "/table.md"));
    ASSERT_NE(committed, "");
    EXPECT_EQ(rows_of_markdown(table.out), committed) << study;
  }
  // The plan hashes the split's file, which the checkout does not hold.
  static bool has_split() {
    return fs::exists(LEA_SOURCE_DIR "/../shared/data/industry/split.tsv");
  }
  void expect_all_done(const std::string& study) const {
    const auto planned = lealab({"plan", "--json", kExperiments + study + ".yaml"});
    ASSERT_EQ(planned.exit_code, 0) << planned.err;
    const auto plan = nlohmann::json::parse(planned.out);
    ASSERT_FALSE(plan.at("tasks").empty());
    EXPECT_EQ(plan.at("counts").at("done"), plan.at("tasks").size())
        << study << ": " << plan.at("counts");
  }
};

class PackedStudyAlone : public PackedStudy, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, PackedStudyAlone, testing::ValuesIn(packed_studies()),
                         [](const auto& info) { return info.param; });

TEST_P(PackedStudyAlone, GivesTheTableThatIsCommittedWithIt) {
  import({kExperiments + GetParam()});
  expect_its_table(GetParam());
}

TEST_P(PackedStudyAlone, LeavesNothingToDo) {
  if (!has_split()) GTEST_SKIP() << "needs ../shared/data/industry";
  if (lacks_model(GetParam())) GTEST_SKIP() << "needs tools/fetch_model smollm2-135m";
  lend_models();
  import({kExperiments + GetParam() + ".yaml"});
  expect_all_done(GetParam());
}

class PackedStudies : public PackedStudy {
 protected:
  // experiments/industry_*, as a shell expands it: the specs and the folders.
  static std::vector<std::string> as_the_shell_expands() {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(kExperiments)) {
      if (entry.path().filename().string().starts_with("industry_"))
        paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
};

TEST_F(PackedStudies, GiveTheirTablesWhenTheyAreImportedAtOnce) {
  import(as_the_shell_expands());
  ASSERT_GE(packed_studies().size(), 5u);
  for (const std::string& study : packed_studies()) expect_its_table(study);
}

TEST_F(PackedStudies, LeaveNothingToDoWhenTheyAreImportedAtOnce) {
  if (!has_split()) GTEST_SKIP() << "needs ../shared/data/industry";
  lend_models();
  import(as_the_shell_expands());
  for (const std::string& study : packed_studies()) {
    if (!lacks_model(study)) expect_all_done(study);
  }
}

}  // namespace
}  // namespace lea
