// Artefacts that cannot be made or used: the reason is told once, nothing is lost, and the rest of the
// grid goes on.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <iterator>

#include "core/base/files.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Fault {
  const char* mode;
  const char* reason;
};

// A sanitizer ends a process that crashes in its own way.
constexpr Fault kFaults[] = {
    {"throw", "environment test.making at prepare() threw: thrown by prepare"},
    {"hang", "the worker hung in environment test.making at prepare(): no sign of life"},
    {"exit", "the worker ended without a result in environment test.making at prepare()"},
    {"nothing", "prepare() wrote no file, so nothing was made"},
    {"unfinished", "prepare() ended, but vectors.safetensors.part is not finished"},
    {"link", "files/linked: is no plain file. prepare() must write files, not links"},
    {"undeclared", "asks for the pool, which its `reads` does not declare"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    {"crash", "the worker crashed (SIGSEGV) in environment test.making at prepare()"},
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
  const auto refused = run({"--set", "seeds=[3, 4, 5]"});
  EXPECT_EQ(refused.exit_code, 5) << refused.out << refused.err;
  const size_t said = refused.out.find("rewards.safetensors: is damaged");
  ASSERT_NE(said, std::string::npos) << refused.out;
  EXPECT_EQ(refused.out.find("rewards.safetensors: is damaged", said + 1), std::string::npos)
      << "it blocks all its runs once: " << refused.out;
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
  const std::string listed = call({"artefacts", "list"}).out, digits = key.substr(0, 12);
  EXPECT_THAT(listed, HasSubstr(digits + "  (written by a newer version of LEA Lab): "));
  EXPECT_THAT(listed,
              HasSubstr("reads up to 1. Use a newer version. Otherwise remove the artefact with "
                        "`lealab artefacts remove " +
                        digits + "`; the next `lealab run` makes it again."));
  EXPECT_THAT(listed, Not(HasSubstr("damaged")));
  write("lab/artefacts/" + key + "/artefact.json", "{");
  EXPECT_THAT(call({"artefacts", "list"}).out, HasSubstr(digits + "  (damaged): "));
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
  EXPECT_THAT(none.err, HasSubstr("lea.text_tfidf makes its rows from the texts of the items, "
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

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(Artefacts, OfAPluginThatCrashesWhenItIsAskedNameItsMethod) {
  write_spec("made: {test.making: {mode: crash_show}}");
  ASSERT_EQ(lealab({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  const auto result = call({"artefacts", "prompts", path("spec.yaml")});
  EXPECT_EQ(result.exit_code, 6) << result.out;
  EXPECT_THAT(result.err,
              HasSubstr("a plugin crashed in environment test.making at show() while it "
                        "was asked what it would compute (SIGSEGV)"));
}
#endif

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
  EXPECT_THAT(refused.err, HasSubstr("`circle` cannot be used: " + circle + ": " + reason));
  EXPECT_THAT(lealab({"--plugin-dir", LEA_CIRCLE_PLUGINS, "plugins", "show", "circle"}).err,
              HasSubstr("`circle` cannot be used: " + circle + ": " + reason));
  write_spec("made: test.making", "grid: {reward: [made, nowhere]}\n", "");
  fs::create_directory(path("lab"));
  EXPECT_THAT(lealab({"--plugin-dir", LEA_ARTEFACT_PLUGINS, "--plugin-dir", LEA_CIRCLE_PLUGINS,
                      "plan", path("spec.yaml")})
                  .err,
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
    EXPECT_THAT(full.out, HasSubstr("room.safetensors.part: cannot be written"));
    EXPECT_THAT(full.out, HasSubstr("No space left"));
    EXPECT_THAT(full.err, HasSubstr("Nothing is lost: fix that, and the same command continues."));
    fs::remove(path("lab/filler"));
    const auto again = run();
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
    EXPECT_TRUE(files() == expected);
  }
}

}  // namespace
}  // namespace lea
