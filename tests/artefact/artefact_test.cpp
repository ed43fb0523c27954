// Artefacts through the whole program: made once, shared, resumed, checked, listed and removed.
#include <signal.h>
#include <sys/mount.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <iterator>
#include <thread>

#include "core/base/files.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

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
    EXPECT_EQ(run.at("artefacts")[1].at("quality"), rows[0].at("name") == "rewards of test.making"
                                                        ? rows[0].at("quality")
                                                        : rows[1].at("quality"));
  }
  const auto again = run();
  EXPECT_THAT(again.out, HasSubstr("nothing to do"));
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

TEST_F(Artefacts, ArePlannedWithoutAKeyUntilTheDataIsImported) {
  write_spec("made: test.making");
  json planned = plan();
  ASSERT_EQ(planned.at("artefacts").size(), 2u);
  EXPECT_TRUE(planned.at("artefacts")[0].at("key").is_null());
  EXPECT_EQ(planned.at("artefacts")[0].at("runs"), 2);
  EXPECT_FALSE(fs::exists(path("lab")));
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
    const auto workers = [&] {
      std::ifstream file("/proc/" + std::to_string(child.pid()) + "/task/" +
                         std::to_string(child.pid()) + "/children");
      return std::vector<pid_t>(std::istream_iterator<pid_t>(file), {});
    };
    for (int wait = 0; wait < 500 && workers().empty(); ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 700));
    // The worker, which is the child of the grid, is killed as well in every other round.
    if (call % 2 == 0) {
      for (const pid_t pid : workers()) killed += ::kill(pid, SIGKILL) == 0;
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

struct Fault {
  const char* mode;
  const char* reason;
};

// A sanitizer ends a process that crashes in its own way.
constexpr Fault kFaults[] = {
    {"throw", "a plugin or LibTorch threw: thrown by prepare"},
    {"hang", "the worker hung in phase prepare"},
    {"exit", "the worker ended without a result in phase prepare"},
    {"nothing", "prepare() wrote no file, so nothing was made"},
    {"unfinished", "prepare() ended, but vectors.safetensors.part is not finished"},
    {"undeclared", "asks for the pool, which its `reads` does not declare"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    {"crash", "the worker crashed (SIGSEGV) in phase prepare"},
#endif
};

TEST_F(Artefacts, ThatCannotBeMadeBlockTheirRunsOnceAndTheRestGoesOn) {
  std::string environments = "good: test.making, noisy: {test.making: {mode: print}}",
              rewards = "good, noisy";
  for (const Fault& fault : kFaults) {
    const std::string mode = fault.mode;
    environments += ", " + mode + "_: {test.making: {mode: " + mode + "}}";
    rewards += ", " + mode + "_";
  }
  write_spec(environments, "grid: {reward: [" + rewards + "]}\n", "");
  const auto result = run({"--hang-seconds", "15"});
  EXPECT_EQ(result.exit_code, 5) << result.out << result.err;
  EXPECT_THAT(result.err,
              HasSubstr(std::to_string(std::size(kFaults)) + " artefacts could not be made, so " +
                        std::to_string(2 * std::size(kFaults)) + " runs did not begin"));
  EXPECT_EQ(results().size(), 4u) << "those of `good` and `noisy`";
  for (const Fault& fault : kFaults) {
    EXPECT_THAT(result.out, HasSubstr(fault.reason)) << fault.mode;
    const size_t first = result.out.find(fault.reason);
    EXPECT_EQ(result.out.find(fault.reason, first + 1), std::string::npos)
        << fault.mode << " is reported twice";
  }
  EXPECT_EQ(call({"db", "check"}).exit_code, 0);
  // The same command tries them again.
  const json planned = plan();
  EXPECT_THAT(planned.at("artefacts")[0].at("note").get<std::string>() +
                  planned.at("artefacts")[2].at("note").get<std::string>(),
              HasSubstr("failed before: "));
}

TEST_F(Artefacts, ThatAreDamagedAreRefusedAndMadeAgainWhenTheyAreRemoved) {
  write_spec("made: test.making");
  ASSERT_EQ(run().exit_code, 0);
  const auto expected = files();
  const std::string key = key_of("rewards");
  const std::string file = folder(key) + "/files/rewards.safetensors";
  std::string bytes = read_file(file);
  bytes[bytes.size() - 3] ^= 1;
  write("lab/artefacts/" + key + "/files/rewards.safetensors", bytes);
  const auto verify = call({"artefacts", "verify"});
  EXPECT_EQ(verify.exit_code, 3);
  EXPECT_THAT(verify.err, HasSubstr("rewards.safetensors: is damaged: it has another checksum"));
  const auto refused = run({"--set", "seeds=[3]"});
  EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
  EXPECT_THAT(refused.out, HasSubstr("rewards.safetensors: is damaged"));
  EXPECT_THAT(refused.out, HasSubstr("lealab artefacts remove " + key.substr(0, 12)));
  ASSERT_EQ(call({"artefacts", "remove", key.substr(0, 12)}).exit_code, 0);
  const auto again = run({"--set", "seeds=[3]"});
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_TRUE(files() == expected);
}

TEST_F(Artefacts, ThatLackAFileOrAreOfANewerVersionAreRefusedWithTheReason) {
  write_spec("made: test.making");
  ASSERT_EQ(run().exit_code, 0);
  const std::string key = key_of("vectors");
  const std::string header = read_file(folder(key) + "/artefact.json");
  std::string newer = header;
  newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 2");
  write("lab/artefacts/" + key + "/artefact.json", newer);
  EXPECT_THAT(call({"artefacts", "verify"}).err,
              HasSubstr("format: is 2, but this version of LEA Lab reads up to 1"));
  write("lab/artefacts/" + key + "/artefact.json", header);
  fs::remove(folder(key) + "/files/vectors.safetensors");
  const auto result = run({"--set", "seeds=[3]"});
  EXPECT_EQ(result.exit_code, 5) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("vectors.safetensors: is missing or cannot be read"));
}

// A copy of an artefact's folder that stopped half-way.
struct HalfCopy {
  const char* what;
  const char* reason;
  std::function<void(const std::string& folder)> make;
};

void cut(const std::string& file) { fs::resize_file(file, fs::file_size(file) / 2); }

const HalfCopy kHalfCopies[] = {
    {"artefact.json is missing", "artefact.json: is missing, so the folder is no whole artefact",
     [](const std::string& folder) { fs::remove(folder + "/artefact.json"); }},
    {"artefact.json is cut", "not valid JSON",
     [](const std::string& folder) { cut(folder + "/artefact.json"); }},
    {"result.json is cut", "not valid JSON",
     [](const std::string& folder) { cut(folder + "/result.json"); }},
    {"a file is cut", "bytes, but was made with",
     [](const std::string& folder) { cut(folder + "/files/vectors.safetensors"); }},
    {"a file is still a temporary one", "was not there when the artefact was made",
     [](const std::string& folder) {
       fs::copy_file(folder + "/files/vectors.safetensors",
                     folder + "/files/vectors.safetensors.part");
     }},
    {"there is nothing but an artefact.json that is cut", "not valid JSON",
     [](const std::string& folder) {
       cut(folder + "/artefact.json");
       fs::remove(folder + "/result.json");
       fs::remove_all(folder + "/files");
     }},
};

TEST_F(Artefacts, ThatWereCopiedHalfAreRefusedAndStayAndTheRestGoesOn) {
  write_spec("made: test.making, other: {test.making: {portion: 0.5}}",
             "grid: {reward: [made, other]}\n", "");
  ASSERT_EQ(run({"--set", "seeds=[1]"}).exit_code, 0);
  std::string key;  // of the vectors of `made`
  for (const json& row : list()) {
    if (row.at("name") == "vectors of test.making" && row.at("params").at("portion") == 1.0)
      key = row.at("key");
  }
  ASSERT_FALSE(key.empty());
  const std::string whole = path("whole");
  fs::copy(folder(key), whole, fs::copy_options::recursive);
  int seed = 10;
  for (const HalfCopy& half : kHalfCopies) {
    SCOPED_TRACE(half.what);
    fs::remove_all(folder(key));
    fs::copy(whole, folder(key), fs::copy_options::recursive);
    half.make(folder(key));
    const auto size = [&] {
      uintmax_t bytes = 0;
      for (const auto& entry : fs::recursive_directory_iterator(folder(key)))
        bytes += entry.is_regular_file() ? entry.file_size() : 0;
      return bytes;
    };
    const uintmax_t before = size();
    const std::vector<std::string> seeds = {"--set", "seeds=[" + std::to_string(++seed) + "]"};
    const size_t runs = results().size();
    const auto refused = run(seeds);
    EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
    EXPECT_THAT(refused.out, HasSubstr(half.reason));
    EXPECT_THAT(refused.out, HasSubstr("`lealab artefacts remove " + key.substr(0, 12) + "`"));
    EXPECT_EQ(results().size(), runs + 1) << "the run of `other` alone";
    EXPECT_EQ(size(), before) << "nothing is changed";
    EXPECT_EQ(call({"artefacts", "verify", key}).exit_code, 3);
    ASSERT_EQ(call({"artefacts", "remove", key.substr(0, 12)}).exit_code, 0);
    const auto again = run(seeds);
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
    EXPECT_EQ(read_file(folder(key) + "/files/vectors.safetensors"),
              read_file(whole + "/files/vectors.safetensors"));
  }
}

TEST_F(Artefacts, OfAnotherKeyOrOtherDataAreRefusedAndTheRestGoesOn) {
  write_spec("made: test.making, other: {test.making: {portion: 0.5}}",
             "grid: {reward: [made, other]}\n", "");
  ASSERT_EQ(run({"--set", "grid.reward=[made]"}).exit_code, 0);
  const std::string made = key_of("vectors");
  std::string key;  // of the vectors of `other`, which are still to be made
  const json planned = plan();
  for (const json& artefact : planned.at("artefacts")) {
    if (artefact.at("name") == "vectors of test.making" && artefact.at("key") != made)
      key = artefact.at("key");
  }
  ASSERT_EQ(key.size(), 64u);
  const auto expect_refused = [&](const std::string& reason) {
    const auto refused = run({"--set", "seeds=[1, 2, 3]"});
    EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
    EXPECT_THAT(refused.out, HasSubstr(reason));
    EXPECT_THAT(refused.err, HasSubstr("1 artefact could not be made, so 3 runs did not begin"));
    EXPECT_EQ(results().size(), 3u) << "those of `made`";
    EXPECT_THAT(call({"artefacts", "verify"}).err, HasSubstr(reason));
    EXPECT_THAT(call({"plan", path("spec.yaml")}).out, HasSubstr(reason));
  };
  fs::copy(folder(made), folder(key), fs::copy_options::recursive);
  expect_refused(
      "artefact.json: key: must be the folder's name, because a copied artefact keeps its name, "
      "but is " +
      made);
  // Somebody corrects the key, too.
  json header = json::parse(read_file(folder(key) + "/artefact.json"));
  header["key"] = key;
  write("lab/artefacts/" + key + "/artefact.json", header.dump());
  expect_refused("artefact.json: describes an artefact with another key");
  // The parameters are those of `other`, the data is not.
  header["plugin"]["params"]["portion"] = 0.5;
  header["reads"]["training"] = std::string(64, '0');
  write("lab/artefacts/" + key + "/artefact.json", header.dump());
  expect_refused("artefact.json: describes an artefact with another key");
  ASSERT_EQ(call({"artefacts", "remove", key}).exit_code, 0);
  EXPECT_EQ(run().exit_code, 0);
}

TEST_F(Artefacts, OfANewerVersionAreLeftAsTheyAre) {
  write_spec("made: test.making, other: {test.making: {portion: 0.5}}",
             "grid: {reward: [made, other]}\n", "");
  ASSERT_EQ(run({"--set", "grid.reward=[made]"}).exit_code, 0);
  const std::string key = key_of("vectors"), file = folder(key) + "/artefact.json";
  std::string newer = read_file(file);
  newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 2");
  write("lab/artefacts/" + key + "/artefact.json", newer);
  for (const bool finished : {true, false}) {
    SCOPED_TRACE(finished);
    if (!finished) fs::remove(folder(key) + "/result.json");
    const auto refused = run({"--set", "seeds=[3]"});
    EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
    EXPECT_THAT(refused.out,
                HasSubstr("format: is 2, but this version of LEA Lab reads up to 1. Use a newer"));
    EXPECT_EQ(call({"tasks", path("spec.yaml"), "--set", "seeds=[3]"}).exit_code, 0);
    EXPECT_EQ(read_file(file), newer);
    EXPECT_TRUE(fs::exists(folder(key) + "/files/vectors.safetensors"));
    EXPECT_EQ(fs::exists(folder(key) + "/result.json"), finished);
  }
  EXPECT_EQ(results().size(), 3u) << "two of `made`, one of `other`";
}

TEST_F(Artefacts, AreNotMadeFromDataThatWasReplaced) {
  write_spec("made: test.making");
  const json tasks = json::parse(call({"tasks", path("spec.yaml"), "--json"}).out);
  const std::string task = tasks[0].at("task");
  fs::remove_all(path("lab/data/toy"));
  write_interactions(/*seed=*/9);
  ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  const auto refused = call({"work", task});
  EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("is to be made from other data than the data set toy now "
                                     "holds"));
  EXPECT_FALSE(fs::exists(folder(task) + "/files/vectors.safetensors"));
  EXPECT_EQ(run().exit_code, 0);
}

TEST_F(Artefacts, OfItemsWithoutTextAreRefusedOrLeaveThemOut) {
  fs::create_directory(path("source"));
  fs::copy_file(path("interactions.tsv"), path("source/interactions.tsv"));
  // Each of the 40 items has the texts that `text` gives it.
  const auto write_items = [&](const std::function<std::string(int)>& text) {
    std::string items = "item_id\ttitle\n";
    for (int i = 0; i < 40; ++i) items += "i" + std::to_string(i) + "\t" + text(i) + "\n";
    write("source/items.tsv", items);
  };
  const auto run_on = [&](const std::string& data) {
    std::string text = read_file(path("spec.yaml"));
    const std::string stated = "data: {name: toy, path: interactions.tsv, history: 5}";
    text.replace(text.find(stated), stated.size(),
                 "data: {name: " + data + ", path: source, history: 5}");
    write("on_" + data + ".yaml", text);
    return call({"run", path("on_" + data + ".yaml")});
  };
  write_spec("made: test.making, words: text_tfidf", "grid: {reward: [made, words]}\n", "");
  // Without any text the spec itself is wrong.
  const auto none = run_on("none");
  EXPECT_EQ(none.exit_code, 3) << none.out << none.err;
  EXPECT_THAT(none.err, HasSubstr("the rows of lea.text_tfidf is made from the texts of the items, "
                                  "but the data set none has none: put an items.tsv"));
  write_items([](int) { return ""; });
  const auto empty = run_on("empty");
  EXPECT_EQ(empty.exit_code, 5) << empty.out << empty.err;
  EXPECT_THAT(empty.out, HasSubstr("text_tfidf: no word stands in the texts of 2 items or more"));
  EXPECT_THAT(empty.err, HasSubstr("1 artefact could not be made, so 2 runs did not begin"));
  EXPECT_EQ(results().size(), 2u) << "those of `made`";
  write_items([](int item) { return item % 4 == 0 ? "" : "word" + std::to_string(item % 5); });
  const auto some = run_on("some");
  EXPECT_EQ(some.exit_code, 0) << some.out << some.err;
  EXPECT_EQ(results().size(), 6u);
  bool told = false;
  for (const json& row : list()) {
    if (row.at("name") != "rows of lea.text_tfidf" || row.at("state") != "finished") continue;
    EXPECT_EQ(row.at("quality").at("items_without_text"), 10);
    told =
        call({"log", row.at("key")}).out.find("10 of 40 items have no text") != std::string::npos;
  }
  EXPECT_TRUE(told);
}

TEST_F(Artefacts, OfAPluginThatDeclaresACircleAreNotOffered) {
  const std::string circle = std::string(LEA_CIRCLE_PLUGINS) + "/circle.so";
  const std::string reason = "plugin test.circle: artefact `a`: after: goes in a circle: `b`";
  const auto checked = lealab({"plugins", "check", circle});
  EXPECT_EQ(checked.exit_code, 6) << checked.out << checked.err;
  EXPECT_THAT(checked.out + checked.err, HasSubstr(reason));
  write_spec("made: test.making", "grid: {reward: [made, circle]}\n", "");
  const auto refused = lealab({"--plugin-dir", LEA_ARTEFACT_PLUGINS, "--plugin-dir",
                               LEA_CIRCLE_PLUGINS, "run", path("spec.yaml")});
  EXPECT_EQ(refused.exit_code, 3) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("unknown environment `circle`"));
  EXPECT_THAT(refused.err,
              HasSubstr("not used, for reasons that `lealab plugins` lists: circle.so"));
  const auto rest =
      lealab({"--plugin-dir", LEA_ARTEFACT_PLUGINS, "--plugin-dir", LEA_CIRCLE_PLUGINS, "run",
              path("spec.yaml"), "--set", "grid.reward=[made]"});
  EXPECT_EQ(rest.exit_code, 0) << rest.out << rest.err;
}

// A lab on a small disk of its own.
class ArtefactsOnASmallDisk : public Artefacts {
 protected:
  void SetUp() override {
    fs::create_directory(path("lab"));
    if (mount("tmpfs", path("lab").c_str(), "tmpfs", 0, "size=16m") != 0)
      GTEST_SKIP() << "mounting a small disk needs root: " << std::strerror(errno);
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) umount2(path("lab").c_str(), MNT_DETACH);
  }
  void fill(size_t free) const {
    std::ofstream file(path("lab/filler"));
    const std::string block(4096, '#');
    const auto blocks = (fs::space(path("lab")).available - free) / block.size();
    for (size_t i = 0; i < blocks; ++i) file << block;
  }

  bool mounted_ = false;
};

TEST_F(ArtefactsOnASmallDisk, AreFinishedWhenThereIsRoomAgain) {
  // 4 MiB of vectors for each environment.
  write_spec("a: {test.making: {room: 4194304}}, b: {test.making: {room: 4194304, portion: 0.5}}",
             "grid: {reward: [a, b]}\n", "");
  const auto whole = lab::run_process({LEALAB_PROGRAM, "--lab", path("whole"), "--plugin-dir",
                                       LEA_ARTEFACT_PLUGINS, "run", path("spec.yaml")},
                                      300);
  ASSERT_EQ(whole.exit_code, 0) << whole.out << whole.err;
  const auto expected = files("whole");
  ASSERT_EQ(expected.size(), 6u);
  for (const size_t kib : {500, 3000, 6000}) {
    SCOPED_TRACE(std::to_string(kib) + " KiB free");
    for (const auto& entry : fs::directory_iterator(path("lab"))) fs::remove_all(entry.path());
    ASSERT_EQ(call({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
    fill(kib << 10);
    const auto full = run();
    EXPECT_EQ(full.exit_code, 4) << full.out << full.err;
    EXPECT_THAT(full.out, HasSubstr("No space left"));
    EXPECT_THAT(full.err, HasSubstr("Nothing is lost: fix that, and the same command continues."));
    fs::remove(path("lab/filler"));
    const auto again = run();
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
    EXPECT_TRUE(files() == expected);
  }
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
