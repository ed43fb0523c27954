// Artefacts through the whole program: made once, shared, resumed, checked, listed and removed.
#include <signal.h>

#include <chrono>
#include <thread>

#include "core/base/files.h"
#include "core/run/test_reads.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(Artefacts, AreMadeOnceForAllRunsThatNeedThem) {
  write_spec("made: test.making", "grid: {framework: [snqn, sa2c]}\n");
  const auto result = run();
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("artefact vectors of test.making: 1 to make, for 4 runs"));
  const json rows = list();
  ASSERT_EQ(rows.size(), 2u) << rows;
  for (const json& row : rows) {
    EXPECT_EQ(row.at("state"), "finished");
    EXPECT_EQ(row.at("users"), 4);
    EXPECT_EQ(lines_in(folder(row.at("key")) + "/attempts.jsonl"), 2u) << "one attempt";
  }
  EXPECT_EQ(rows[0].at("quality").size(), 1u);
  ASSERT_EQ(results().size(), 4u);
  for (const json& run : results()) {
    ASSERT_EQ(run.at("artefacts").size(), 2u);
    EXPECT_EQ(run.at("artefacts")[0].at("name"), "vectors of test.making");
    EXPECT_EQ(run.at("artefacts")[0].at("key"), key_of("vectors"));
    EXPECT_EQ(run.at("artefacts")[1].at("key"), key_of("rewards"));
    EXPECT_EQ(run.at("artefacts")[1].at("used_in"), json::array({"reward"}));
    EXPECT_EQ(run.at("artefacts")[1].at("quality"), rows[0].at("name") == "rewards of test.making"
                                                        ? rows[0].at("quality")
                                                        : rows[1].at("quality"));
  }
  const auto again = run();
  EXPECT_THAT(again.out, HasSubstr("nothing to do"));
}

TEST_F(Artefacts, PrintWhatTheirMakersWarnedOf) {
  write_spec("made: {test.making: {mode: warn}}");
  const std::string warning = "the items are odd. State another `portion`";
  const auto made = run();
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const std::string key = key_of("vectors");
  EXPECT_THAT(made.out, HasSubstr("\nwarning   vectors of test.making (" + key.substr(0, 12) +
                                  "): " + warning + "\n"));
  EXPECT_EQ(json::parse(read_file(folder(key) + "/result.json")).at("warnings"), json({warning}));
  EXPECT_THAT(run().out, testing::Not(HasSubstr("warning   "))) << "nothing was made";

  const auto events = call_in("other", {"run", path("spec.yaml"), "--json"});
  EXPECT_THAT(events.out, HasSubstr("\"warnings\":[\"" + warning + "\"]"));
}

TEST_F(Artefacts, AreSharedByExperimentsAndSlotsTakeOnlyTheirOwn) {
  write_spec("made: test.making");
  ASSERT_EQ(run().exit_code, 0);
  write_spec("made: test.making", "name: other\n", "state: made\n");
  std::string text = read_file(path("spec.yaml"));
  text.replace(text.find("name: study\n"), 12, "");
  write("spec.yaml", text);
  const json planned = plan();
  ASSERT_EQ(planned.at("artefacts").size(), 2u);
  EXPECT_EQ(planned.at("artefacts")[0].at("status"), "done");
  EXPECT_EQ(planned.at("artefacts")[1].at("name"), "states of test.making");
  const auto result = run();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(list().size(), 3u);
}

TEST_F(Artefacts, OfWrappedEnvironmentsAreThoseOfTheInnerOne) {
  write_spec("made: test.making, mixed: {shuffled: {of: made}}", "grid: {reward: [made, mixed]}\n",
             "");
  const auto result = run();
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(list().size(), 2u);
}

TEST_F(Artefacts, KeysDependOnTheParametersThatAreDeclared) {
  write_spec("a: test.making, b: {test.making: {pause: 1}}, c: {test.making: {portion: 0.5}}",
             "grid: {reward: [a, b, c]}\n", "");
  ASSERT_EQ(run().exit_code, 0);
  // `pause` changes no key: a and b share both artefacts; c has its own vectors and rewards.
  EXPECT_EQ(list().size(), 4u) << list();
}

TEST_F(Artefacts, ThatTwoUsesOfARunShareCountOnceForIt) {
  // The uses differ in `pause`, on which no artefact depends. Both need the vectors.
  write_spec("a: test.making, b: {test.making: {pause: 1}}", "", "reward: a\nstate: b\n");
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  const json planned = plan();
  ASSERT_EQ(planned.at("artefacts").size(), 3u);
  EXPECT_EQ(planned.at("artefacts")[0].at("runs"), 2);
  for (const json& task : planned.at("tasks")) EXPECT_EQ(task.at("needs"), json({0, 1, 2}));
  const auto result = run();
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("artefact vectors of test.making: 1 to make, for 2 runs"));
  ASSERT_EQ(results().size(), 2u);
  for (const json& run : results()) {
    std::vector<std::string> names;
    for (const json& used : run.at("artefacts")) names.push_back(used.at("name"));
    EXPECT_THAT(names, testing::ElementsAre("vectors of test.making", "rewards of test.making",
                                            "states of test.making"));
  }
  for (const json& row : list()) EXPECT_EQ(row.at("users"), 2) << row;
}

TEST_F(Artefacts, ArePlannedWithoutAKeyUntilTheDataIsImported) {
  write_spec("made: test.making");
  fs::create_directory(path("lab"));
  json planned = plan();
  ASSERT_EQ(planned.at("artefacts").size(), 2u);
  EXPECT_TRUE(planned.at("artefacts")[0].at("key").is_null());
  EXPECT_EQ(planned.at("artefacts")[0].at("runs"), 2);
  EXPECT_TRUE(fs::is_empty(path("lab")));
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  planned = plan();
  EXPECT_EQ(planned.at("artefacts")[0].at("key").get<std::string>().size(), 64u);
  EXPECT_EQ(planned.at("tasks")[0].at("needs"), json({0, 1}));
}

TEST_F(Artefacts, KilledTwentyTimesAreEqualToUndisturbedOnes) {
  write_spec("made: {test.making: {pause: 150}}");
  ASSERT_EQ(run().exit_code, 0);
  fs::rename(path("lab"), path("whole"));
  const auto expected = files("whole");
  ASSERT_EQ(expected.size(), 2u);
  std::mt19937 random(3);
  size_t killed = 0;
  for (int call = 0; call < 20; ++call) {
    lab::Child child({LEALAB_PROGRAM, "--lab", path("lab"), "--plugin-dir", LEA_ARTEFACT_PLUGINS,
                      "run", path("spec.yaml")},
                     path("err.txt"));
    for (int wait = 0; wait < 500 && children_of(child.pid()).empty(); ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 700));
    // The worker, which is the child of the grid, is killed as well in every other round.
    if (call % 2 == 0) {
      for (const pid_t pid : children_of(child.pid())) killed += ::kill(pid, SIGKILL) == 0;
    }
    child.send(SIGKILL);
    lab::ProcessResult ended;
    while (!child.finished(&ended)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const auto last = run();
  EXPECT_EQ(last.exit_code, 0) << last.out << last.err;
  EXPECT_GT(killed, 3u) << "no worker was killed: the test proves little";
  EXPECT_TRUE(files() == expected);
}

TEST_F(Artefacts, ThatWereLeftHalfMadeAreFinished) {
  write_spec("made: test.making");
  ASSERT_EQ(run().exit_code, 0);
  const auto expected = files();
  const std::string key = key_of("rewards");
  fs::remove(folder(key) + "/result.json");
  const auto result = run({"--set", "seeds=[3]"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_TRUE(files() == expected);
}

TEST_F(Artefacts, ThatWereLeftHalfMadeGoOnWithTheSettingsOfToday) {
  write_spec("made: test.making");
  ASSERT_EQ(run({"--set", "seeds=[1]"}).exit_code, 0);
  const auto expected = files();
  const std::string key = key_of("rewards"), created = "2026-01-31T00:00:00Z";
  const auto header = [&] { return json::parse(read_file(folder(key) + "/artefact.json")); };
  json before = header();
  ASSERT_EQ(before.at("threads"), 1);
  before["created"] = created;
  publish_file(folder(key) + "/artefact.json", before.dump());
  fs::remove(folder(key) + "/result.json");
  const auto with_threads = [](const std::string& threads) {
    return std::vector<std::string>{"--set", "seeds=[2]", "--set", "prepare.threads=" + threads};
  };
  std::vector<std::string> tasks = with_threads("3");
  tasks.insert(tasks.begin(), {"tasks", path("spec.yaml")});
  ASSERT_EQ(call(tasks).exit_code, 0);
  EXPECT_EQ(header().at("threads"), 3);
  const auto result = run(with_threads("2"));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(header().at("threads"), 2);
  EXPECT_EQ(header().at("created"), created);
  EXPECT_TRUE(files() == expected);
}

TEST_F(Artefacts, ThatFoundNoGpuAreMadeWhenTheSpecAsksForNone) {
  through_ = {"env", "CUDA_VISIBLE_DEVICES="};  // hides the GPU of a machine that has one
  write_spec("made: test.making", "", "reward: made\nprepare: {device: cuda}\n");
  const auto refused = run({"--set", "seeds=[1]"});
  EXPECT_EQ(refused.exit_code, 4) << refused.out << refused.err;
  EXPECT_THAT(refused.out, HasSubstr("prepare.device: cuda: LibTorch sees 0 CUDA devices here"));
  const std::string file = folder(key_of("vectors")) + "/artefact.json";
  EXPECT_EQ(json::parse(read_file(file)).at("device"), "cuda");
  write_spec("made: test.making", "", "reward: made\nprepare: {device: cpu}\n");
  const auto made = run({"--set", "seeds=[1]"});
  EXPECT_EQ(made.exit_code, 0) << made.out << made.err;
  EXPECT_EQ(json::parse(read_file(file)).at("device"), "cpu");
}

TEST_F(Artefacts, DoNotDependOnValidationAndTestEvents) {
  write_spec("made: test.making");
  std::string split = "user_id\tpart\n";
  for (int user = 0; user < 120; ++user)
    split += "u" + std::to_string(user) + "\t" +
             (user < 90    ? "train"
              : user < 105 ? "valid"
                           : "test") +
             "\n";
  write("split.tsv", split);
  const std::vector<std::string> by_file = {"--set", "split.by=file", "--set",
                                            "split.path=" + path("split.tsv")};
  ASSERT_EQ(run(by_file).exit_code, 0);
  const auto expected = files();
  fs::rename(path("lab"), path("first"));
  // The same training sequences; every other sequence is turned around.
  std::vector<std::string> lines;
  std::ifstream in(path("interactions.tsv"));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::string text = lines[0] + "\n";
  for (size_t i = 1; i < lines.size(); ++i) {
    const int user = std::stoi(lines[i].substr(1));
    const size_t other = user < 90 ? i : (i - 1) / 10 * 10 + 10 - (i - 1) % 10;
    const std::string item = lines[other].substr(lines[other].find('\t'));
    text += "u" + std::to_string(user) + item.substr(0, item.rfind('\t')) + "\t" +
            std::to_string((i - 1) % 10) + "\n";
  }
  write("interactions.tsv", text);
  const auto second = run(by_file);
  ASSERT_EQ(second.exit_code, 0) << second.out << second.err;
  EXPECT_TRUE(files() == expected) << "equal keys and equal bytes";
}

TEST_F(Artefacts, MayBeMadeFromAPartAndJudgedByTheRest) {
  write_spec(
      "a: {test.making: {mode: rest, portion: 0.25}}, b: {test.making: {mode: rest, portion: 1}}",
      "grid: {reward: [a, b]}\n", "");
  const auto result = run();
  ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
  size_t seen = 0;
  for (const json& row : list()) {
    if (row.at("name") != "vectors of test.making") continue;
    const json& quality = row.at("quality");
    const double part = quality.at("part"), rest = quality.at("rest");
    EXPECT_EQ(part + rest, quality.at("whole")) << quality;
    EXPECT_EQ(quality.at("part_in_rest"), 0) << "they share sequences";
    EXPECT_EQ(quality.at("rest_in_whole"), rest);
    EXPECT_EQ(quality.at("rest_in_larger"), rest) << "the rest of a half is no superset";
    EXPECT_GT(quality.at("larger"), rest);
    EXPECT_EQ(rest == 0, row.at("params").at("portion") == 1) << quality;
    ++seen;
  }
  EXPECT_EQ(seen, 2u);
}

TEST_F(Artefacts, ThatAreRemadeDifferentlyMakeARunStartAgain) {
  write_spec("made: test.making");
  // A run that stops after its first checkpoint.
  const std::vector<std::string> endless = {
      "--set", "train.max_steps=100000", "--set", "train.patience=100000", "--set", "seeds=[1]"};
  auto arguments = endless;
  arguments.insert(arguments.end(), {"--stop-after", "15s"});
  ASSERT_EQ(run(arguments).exit_code, 7);
  const std::string key = key_of("rewards");
  json result = json::parse(read_file(folder(key) + "/result.json"));
  const std::string before = result.at("sha256");
  result["sha256"] = std::string(64, 'f');
  write("lab/artefacts/" + key + "/result.json", result.dump());
  run(arguments);
  const std::string log = read_file(fs::directory_iterator(path("lab/runs"))->path() / "log.txt");
  EXPECT_THAT(log, HasSubstr("the artefact rewards of test.making was replaced (was " +
                             before.substr(0, 12) + ", is ffffffffffff)"));
  EXPECT_THAT(log, HasSubstr("the run starts again from step 0"));
}

TEST_F(Artefacts, ThatAreRemadeDifferentlyKeepTheTestPartClosed) {
  write_spec("made: {test.making: {mode: draw}}");
  ASSERT_EQ(run({"--set", "seeds=[1]", "--set", "evaluate.test=false"}).exit_code, 0);
  const std::string vectors = key_of("vectors"), rewards = key_of("rewards"),
                    ranks = fs::directory_iterator(path("lab/runs"))->path() / "ranks.bin";
  for (const std::string& key : {vectors, rewards}) fs::rename(folder(key), path(key));
  const std::vector<std::string> open = {"--set", "seeds=[1]", "--set", "evaluate.test=true"};
  const auto refused = run(open);
  EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
  EXPECT_THAT(
      refused.out,
      HasSubstr("the test part stays closed, because the vectors of test.making (artefact " +
                vectors.substr(0, 12) +
                ") was made again, with other files, since the run was made. Restore it, or train "
                "the run again"));
  EXPECT_FALSE(fs::exists(ranks));
  EXPECT_TRUE(run::test_reads(path("lab")).empty());
  for (const std::string& key : {vectors, rewards}) {
    fs::remove_all(folder(key));
    fs::rename(path(key), folder(key));
  }
  const auto opened = run(open);
  EXPECT_EQ(opened.exit_code, 0) << opened.out << opened.err;
  EXPECT_TRUE(fs::exists(ranks));
}

TEST_F(Artefacts, ThatNothingNeedsArePruned) {
  write_spec("made: test.making, other: {test.making: {portion: 0.5}}", "", "reward: made\n");
  ASSERT_EQ(run().exit_code, 0);
  EXPECT_THAT(call({"artefacts", "prune"}).out, HasSubstr("removed 0 artefacts"));
  // Without its runs, nothing names the artefacts but the plan.
  for (const auto& run : fs::directory_iterator(path("lab/runs"))) fs::remove_all(run.path());
  EXPECT_THAT(call({"artefacts", "prune"}).out, HasSubstr("removed 0 artefacts"));
  fs::remove(path("lab/experiments/study.json"));
  const auto dry = call({"artefacts", "prune", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("would remove 2 artefacts"));
  EXPECT_EQ(list().size(), 2u);
  EXPECT_THAT(call({"artefacts", "prune"}).out, HasSubstr("removed 2 artefacts"));
  EXPECT_EQ(list().size(), 0u);
}

TEST_F(Artefacts, AreAwaitedByAPlanUntilAllItsRunsHaveFinished) {
  write_spec("made: test.making");
  for (const char* test : {"evaluate.test=false", "evaluate.test=true"}) {
    SCOPED_TRACE(test);
    ASSERT_EQ(run({"--set", test}).exit_code, 0);
    ASSERT_EQ(list().size(), 2u);
    for (const json& row : list()) {
      EXPECT_EQ(row.at("users"), 2);
      EXPECT_EQ(row.at("waiting"), 0);
    }
    EXPECT_THAT(call({"artefacts", "list"}).out, Not(HasSubstr("awaited")));
  }
  fs::remove_all(fs::directory_iterator(path("lab/runs"))->path());
  for (const json& row : list()) {
    EXPECT_EQ(row.at("users"), 1);
    EXPECT_EQ(row.at("waiting"), 1) << "the plan";
  }
}

TEST_F(Artefacts, ThatCountTheirBytesArePartOfTheDiskThatAPlanStates) {
  write_spec("made: test.making");
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  const json before = plan();
  const json& artefacts = before.at("artefacts");
  EXPECT_EQ(artefacts[0].at("bytes"), 41 * 4 * 4) << "of 41 vectors";
  const int64_t counted =
      artefacts[0].at("bytes").get<int64_t>() + artefacts[1].at("bytes").get<int64_t>();
  const json& disk = before.at("disk");
  EXPECT_EQ(disk.at("artefact_bytes"), counted);
  EXPECT_EQ(disk.at("needed_bytes"),
            disk.at("bytes").get<int64_t>() + counted + disk.at("working_bytes").get<int64_t>());
  const auto result = run();
  EXPECT_THAT(result.out, HasSubstr(" for artefacts, and "));
  int64_t made = 0;
  for (const auto& [name, content] : files()) made += std::ssize(content);
  EXPECT_GE(made, counted);
  EXPECT_LE(made, counted + 400) << "with the headers";
  const auto again = call({"plan", path("spec.yaml"), "--json", "--set", "seeds=[3]"});
  EXPECT_EQ(json::parse(again.out).at("disk").at("artefact_bytes"), 0) << "they are there";
}

TEST_F(Artefacts, AreTasksOfTheirOwnByHand) {
  write_spec("made: test.making");
  const json tasks = json::parse(call({"tasks", path("spec.yaml"), "--json"}).out);
  ASSERT_EQ(tasks.size(), 4u) << tasks;
  EXPECT_EQ(tasks[0].at("name"), "vectors of test.making");
  EXPECT_EQ(tasks[1].at("needs"), json({tasks[0].at("task")}));
  EXPECT_EQ(tasks[2].at("needs").size(), 2u);
  const auto work = [&](const json& task) {
    return lab::run_process(task.at("command").get<std::vector<std::string>>(), 100);
  };
  const auto early = work(tasks[2]);
  EXPECT_EQ(early.exit_code, 4) << early.out << early.err;
  EXPECT_THAT(early.err, HasSubstr("which has not been made: do `lealab work "));
  for (const json& task : tasks) {
    const auto done = work(task);
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  }
  EXPECT_EQ(results().size(), 2u);
}

}  // namespace
}  // namespace lea
