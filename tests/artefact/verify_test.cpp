// `lealab verify`: what depends on validation or test events is found, and nothing else.
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <thread>

#include "core/base/safetensors.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;

class Verify : public Artefacts {
 protected:
  Verify() {
    fs::create_directory(path("tmp"));
    setenv("TMPDIR", path("tmp").c_str(), /*overwrite=*/1);
    setenv("LEA_TEST_DATA_FOLDER", path("lab/data/toy").c_str(), /*overwrite=*/1);
    std::string split = "user_id\tpart\n";
    for (int user = 0; user < 120; ++user) {
      const char* part = user < 90 ? "train" : user < 105 ? "valid" : "test";
      split += "u" + std::to_string(user) + "\t" + part + "\n";
    }
    write("split.tsv", split);
  }
  ~Verify() override {
    unsetenv("TMPDIR");
    unsetenv("LEA_TEST_DATA_FOLDER");
  }

  // Runs one seed. `environment` is that of the rewards; empty: the predefined ones.
  void train(const std::string& environment, std::vector<std::string> more = {}) {
    if (environment.empty()) {
      write_spec("unused: test.making", "", "");
    } else {
      write_spec("made: " + environment);
    }
    more.insert(more.end(), {"--set", "seeds=[1]"});
    const auto result = run(more);
    ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  }
  // u0 to u89 are training sequences, u90 to u104 validation, and u105 to u119 test.
  std::vector<std::string> by_file() const {
    return {"--set", "split.by=file", "--set", "split.path=" + path("split.tsv")};
  }

  std::vector<std::string> command(bool as_json = false) const {
    const std::string uuid = fs::directory_iterator(path("lab/runs"))->path().filename();
    std::vector<std::string> command = {"verify", uuid};
    if (as_json) command.push_back("--json");
    return command;
  }
  lab::ProcessResult verify() const { return call(command()); }
  json checked() const { return json::parse(call(command(/*as_json=*/true)).out).at("checked"); }

  // The content of every file of the lab, by its path.
  std::map<std::string, std::string> lab_files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path("lab")))
      files[entry.path()] = entry.is_regular_file() ? read_file(entry.path()) : "";
    return files;
  }
  bool left_nothing() const { return fs::is_empty(path("tmp")); }
};

TEST_F(Verify, PassesArtefactsOfTrainingEventsAndChangesNothing) {
  train("test.making");
  const auto before = lab_files();
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("clean    artefact vectors of test.making ("));
  EXPECT_THAT(result.out, HasSubstr("clean    artefact rewards of test.making ("));
  EXPECT_THAT(result.out,
              HasSubstr("made again from other validation and test events, all files are equal\n"));
  EXPECT_THAT(result.out, HasSubstr("not checked: the training itself, whose ranks and checkpoints "
                                    "are not made again\n"));
  EXPECT_TRUE(lab_files() == before);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Verify, KeepsTheTrainingEventsOfASequenceThatIsDivided) {
  train("test.making", {"--set", "split.by=last_one"});
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST_F(Verify, HasNothingToCheckWithoutArtefactsAndFiles) {
  train("");
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("nothing was made or read before its training: it used no "
                                    "artefact and no file\n"));
  EXPECT_EQ(checked(), json::array());
}

class Leak : public Verify, public testing::WithParamInterface<const char*> {};

TEST_P(Leak, IsFoundInWhatIsMadeAndInWhatIsMadeFromIt) {
  train(std::string("{test.making: {mode: ") + GetParam() + ", data: '" + path("lab/data/toy") +
        "'}}");
  const auto before = lab_files();
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("leak     artefact vectors of test.making ("));
  EXPECT_THAT(result.out, HasSubstr("depends on validation or test events: made again from other "
                                    "ones, vectors.safetensors differs; made again from the same "
                                    "ones, all files are equal\n"));
  EXPECT_THAT(result.out, HasSubstr("leak     artefact rewards of test.making ("));
  EXPECT_THAT(result.out,
              HasSubstr("but it is made from the artefact vectors of test.making, which leaks\n"));
  EXPECT_THAT(result.err, HasSubstr(": 2 of 2 depend on validation or test events\n"));
  EXPECT_TRUE(lab_files() == before);
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(ByPath, Leak,
                         testing::Values("read_beside", "read_variable", "read_parameter"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(Verify, TellsAMakingThatCannotBeRepeatedFromALeak) {
  train("{test.making: {mode: draw}}");
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("unknown  artefact vectors of test.making ("));
  EXPECT_THAT(result.out, HasSubstr("its making cannot be repeated here: made again from the same "
                                    "events, vectors.safetensors differs\n"));
  EXPECT_THAT(result.out, HasSubstr("unknown  artefact rewards of test.making ("));
  EXPECT_THAT(result.out,
              HasSubstr("but it is made from the artefact vectors of test.making, which is "
                        "unknown\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("leak")));
  EXPECT_THAT(result.err, HasSubstr(": 2 of 2 could not be checked\n"));
  EXPECT_TRUE(left_nothing());
}

TEST_F(Verify, DoesNotPassAnArtefactThatIsGone) {
  train("test.making");
  ASSERT_EQ(call({"artefacts", "remove", key_of("vectors")}).exit_code, 0);
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("is not in the lab any more, so nothing can be compared\n"));
  EXPECT_THAT(result.out, HasSubstr(", which is not in the lab any more\n"));
  EXPECT_TRUE(left_nothing());
}

TEST_F(Verify, LeavesTheLabAsItWasWhenItIsInterrupted) {
  train("{test.making: {pause: 200}}");
  const auto before = lab_files();
  std::vector<std::string> arguments = {LEALAB_PROGRAM, "--lab", path("lab"), "--plugin-dir",
                                        LEA_ARTEFACT_PLUGINS};
  for (const std::string& argument : command()) arguments.push_back(argument);
  lab::Child child(arguments, path("err.txt"));
  const auto begun = [&] {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(path("tmp"), error), end; entry != end;
         entry.increment(error)) {
      if (entry->path().filename() == "attempts.jsonl") return true;
    }
    return false;
  };
  for (int wait = 0; wait < 6000 && !begun(); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(begun());
  child.send(SIGINT);
  lab::ProcessResult ended;
  while (!child.finished(&ended)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(ended.exit_code, 7) << read_file(path("err.txt"));
  EXPECT_THAT(read_file(path("err.txt")),
              HasSubstr("stopped. The lab is as it was; the same command begins anew.\n"));
  EXPECT_TRUE(lab_files() == before);
  EXPECT_TRUE(left_nothing());
}

TEST_F(Verify, FindsTheRowsOfTestEventsInATable) {
  const std::string header = "sequence_id\tposition\titem_id\treward\n";
  write("rewards.tsv", header + "u3\t2\ti5\t0.5\nu88\t9\ti6\t1\nu117\t4\ti5\t1\nu95\t0\ti5\t1\n");
  train("{table: {rewards: rewards.tsv}}", by_file());
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("leak     file rewards of environment lea.table (" +
                                    path("rewards.tsv") + ")\n"));
  EXPECT_THAT(result.out,
              HasSubstr("2 of its 4 rows belong to validation or test events, the first in line 4 "
                        "(sequence `u117`, position 4, test)\n"));
  EXPECT_THAT(result.err, HasSubstr(": 1 of 1 depends on validation or test events\n"));
}

TEST_F(Verify, PassesATableOfTrainingEventsUntilTheFileIsAnotherOne) {
  const std::string header = "sequence_id\tposition\titem_id\treward\n";
  write("rewards.tsv", header + "u3\t2\ti5\t0.5\nu3\t10\ti6\t1\n");
  train("{table: {rewards: rewards.tsv}}", by_file());
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("2 rows, none of validation or test events, 1 of no event of "
                                    "the data set\n"));
  write("rewards.tsv", header + "u3\t2\ti5\t0.25\n");
  EXPECT_EQ(verify().exit_code, 3);
  EXPECT_THAT(checked()[0].at("text").get<std::string>(),
              HasSubstr("the file has changed since the run was planned (sha256 "));
  EXPECT_EQ(checked()[0].at("is"), "unknown");
  fs::remove(path("rewards.tsv"));
  EXPECT_EQ(verify().exit_code, 3);
  EXPECT_EQ(checked()[0].at("text"), "the file is gone");
}

TEST_F(Verify, SaysThatAnArrayHasRowsOfTrainingEventsOnly) {
  const std::string zeros(900 * sizeof(float), '\0');
  std::ofstream(path("rewards.safetensors"), std::ios::binary)
      << encode_safetensors({{"rewards", "F32", {900, 1}, zeros}});
  train("{table: {rewards: rewards.safetensors}}", by_file());
  const auto result = verify();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("rows of training events only: an array has no others\n"));
}

TEST_F(Verify, RefusesARunThatHasNotFinishedAndDataThatWasReplaced) {
  train("");
  const std::string uuid = fs::directory_iterator(path("lab/runs"))->path().filename();
  write_interactions(/*seed=*/2);
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv"), "--replace"}).exit_code, 0);
  auto result = verify();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err, "run " + uuid +
                            ": the lab's data set toy is not the one that it was trained on, so "
                            "its validation and test events are unknown\n");
  fs::remove(path("lab/runs/") + uuid + "/result.json");
  result = verify();
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr(", and only a finished run can be verified\n"));
}

}  // namespace
}  // namespace lea
