// Finished artefacts move between labs as one archive, and a bad archive changes no lab.
#include <signal.h>

#include <chrono>
#include <functional>
#include <random>
#include <thread>
#include <utility>

#include "core/lab/archive.h"
#include "core/run/claim.h"
#include "tests/artefact/fixture.h"

namespace lea {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

using Entries = std::vector<std::pair<std::string, std::string>>;  // name, content

Entries entries_of(const std::string& file) {
  Entries entries;
  lab::TarReader reader(file);
  while (reader.next()) {
    std::string content;
    char block[4096];
    while (const size_t count = reader.read(block, sizeof block)) content.append(block, count);
    entries.emplace_back(reader.name(), content);
  }
  return entries;
}

void write_entries(const std::string& file, const Entries& entries) {
  lab::TarWriter writer(file);
  for (const auto& [name, content] : entries) writer.add(name, content);
  writer.finish();
}

// The lab has vectors, and rewards and states that are made from them.
class Moving : public Artefacts {
 protected:
  void SetUp() override {
    write_spec("made: test.making", "", "reward: made\nstate: made\n");
    const auto made = run();
    ASSERT_EQ(made.exit_code, 0) << made.out << made.err;
    vectors_ = key_of("vectors");
    states_ = key_of("states");
    const auto exported =
        call({"artefacts", "export", states_.substr(0, 12), "--out", path("states.tar")});
    ASSERT_EQ(exported.exit_code, 0) << exported.err;
    ASSERT_EQ(call_in("other", {"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
  }
  lab::ProcessResult import_in(const std::string& lab, const std::string& file) const {
    return call_in(lab, {"artefacts", "import", path(file)});
  }
  // What stands in the folder of the artefacts.
  std::vector<std::string> in_other() const {
    std::vector<std::string> names;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(path("other/artefacts"), none))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }
  // The names of both artefacts of the archive, sorted.
  std::vector<std::string> both() const {
    std::vector<std::string> keys = {vectors_, states_};
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  std::string of_lab(const std::string& lab, const std::string& key,
                     const std::string& name) const {
    return path(lab) + "/artefacts/" + key + "/" + name;
  }

  std::string vectors_, states_;
};

TEST_F(Moving, AnArtefactComesWithWhatItIsMadeFromAndIsUsedThereAsItIs) {
  const auto imported = import_in("other", "states.tar");
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(imported.out, vectors_.substr(0, 12) + "  vectors of test.making: added\n" +
                              states_.substr(0, 12) + "  states of test.making: added\n" +
                              "2 artefacts added, 0 were here already\n");
  EXPECT_EQ(in_other(), both());
  for (const auto& [name, content] : files("other")) EXPECT_EQ(content, files().at(name)) << name;
  EXPECT_EQ(files("other").size(), 2u);
  for (const char* name : {"result.json", "attempts.jsonl", "log.txt"})
    EXPECT_EQ(read_file(of_lab("other", states_, name)), read_file(of_lab("lab", states_, name)));
  EXPECT_THAT(read_file(of_lab("lab", states_, "artefact.json")), HasSubstr(folder_));
  EXPECT_THAT(read_file(of_lab("other", states_, "artefact.json")), Not(HasSubstr(folder_)))
      << "the folders of the machine stay away";
  EXPECT_EQ(call_in("other", {"artefacts", "verify"}).out,
            "2 finished artefacts checked, no problem\n");
  const auto ran = call_in("other", {"run", path("spec.yaml")});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("artefact states of test.making: 1 done"));
  EXPECT_EQ(files("other"), files());
  EXPECT_EQ(lines_in(of_lab("other", states_, "attempts.jsonl")), 2u) << "it was not made again";
}

TEST_F(Moving, AnArtefactThatIsThereAlreadyIsReportedAndStays) {
  ASSERT_EQ(import_in("other", "states.tar").exit_code, 0);
  const auto again = import_in("other", "states.tar");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("states of test.making: was here already\n"
                                   "0 artefacts added, 2 were here already\n"));
  EXPECT_EQ(in_other(), both());
  EXPECT_EQ(import_in("lab", "states.tar").exit_code, 0) << "the lab from which it comes";
}

TEST_F(Moving, AnArchiveThatXzHasCompressedIsReadAsItIs) {
  ASSERT_EQ(lab::run_process({"xz", path("states.tar")}, 300).exit_code, 0);
  const auto imported = import_in("other", "states.tar.xz");
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(in_other(), both());
}

TEST_F(Moving, AnArchiveOfSeveralHoldsEachOnceAndIsTheSameEveryTime) {
  const std::vector<std::string> several = {"artefacts", "export", states_,      key_of("rewards"),
                                            vectors_,    "--out",  path("a.tar")};
  const auto exported = call(several);
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_THAT(exported.out, HasSubstr("a.tar: 3 artefacts, "));
  ASSERT_EQ(import_in("other", "a.tar").exit_code, 0);
  EXPECT_EQ(files("other"), files());
  auto from_there = several;
  from_there.back() = path("b.tar");
  ASSERT_EQ(call_in("other", from_there).exit_code, 0);
  EXPECT_TRUE(read_file(path("a.tar")) == read_file(path("b.tar")));
}

TEST_F(Moving, WithoutANameTheArchiveIsNamedByTheKey) {
  const auto exported =
      lab::run_process({"sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder_,
                        LEALAB_PROGRAM, "--lab", path("lab"), "artefacts", "export", vectors_},
                       300);
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_TRUE(fs::exists(path(vectors_.substr(0, 12) + ".tar")));
}

TEST_F(Moving, OnlySoundAndFinishedArtefactsAreExported) {
  const auto refusal = [&](const std::string& key) {
    const auto result = call({"artefacts", "export", key, "--out", path("bad.tar")});
    EXPECT_EQ(result.exit_code, 3) << result.out;
    EXPECT_FALSE(fs::exists(path("bad.tar")));
    EXPECT_FALSE(fs::exists(path("bad.tar.part")));
    return result.err;
  };
  const auto altered = [&](const std::string& key, const std::string& name,
                           const std::function<void(std::string&)>& change) {
    const std::string path = of_lab("lab", key, name), before = read_file(path);
    std::string after = before;
    change(after);
    publish_file(path, after);
    const std::string message = refusal(key);
    publish_file(path, before);
    return message;
  };
  const std::string states = states_.substr(0, 12), file = of_lab("lab", states_, "result.json");
  fs::rename(file, path("result.json"));
  EXPECT_EQ(refusal(states_), "artefact " + states +
                                  " (states of test.making): is queued, and only finished ones can "
                                  "be exported. `lealab run` makes it.\n");
  fs::rename(path("result.json"), file);
  EXPECT_THAT(altered(states_, "files/states.safetensors", [](auto& text) { text.back() ^= 1; }),
              HasSubstr("files/states.safetensors: is damaged: it has another checksum"));
  EXPECT_THAT(altered(vectors_, "artefact.json",
                      [](auto& text) {
                        json header = json::parse(text);
                        header["reads"] = json::object();
                        text = header.dump();
                      }),
              HasSubstr("artefact.json: reads: lacks the sum of the training, which older versions "
                        "of LEA Lab did not record"));
  ASSERT_EQ(call({"artefacts", "remove", vectors_}).exit_code, 0);
  EXPECT_EQ(refusal(states_), "artefact " + states +
                                  " (states of test.making): is made from artefact " +
                                  vectors_.substr(0, 12) +
                                  ", which the lab no longer has. `lealab run` makes it again.\n");
}

// Makes the first entry of a tar archive one of another type, which may be a link to `x`.
std::string with_type(std::string bytes, char type) {
  constexpr size_t kType = 156, kLink = 157, kSum = 148, kSumBytes = 8, kHeader = 512;
  bytes[kType] = type;
  bytes[kLink] = 'x';
  std::fill_n(bytes.begin() + kSum, kSumBytes, ' ');
  unsigned sum = 0;
  for (size_t i = 0; i < kHeader; ++i) sum += static_cast<unsigned char>(bytes[i]);
  char text[kSumBytes + 1];
  std::snprintf(text, sizeof text, "%06o", sum);
  std::copy_n(text, kSumBytes - 1, bytes.begin() + kSum);
  return bytes;
}

TEST_F(Moving, AnArchiveThatIsNotSoundChangesNothing) {
  const Entries good = entries_of(path("states.tar"));
  const auto refused = [&](const std::string& reason) {
    SCOPED_TRACE(reason);
    const auto result = import_in("other", "bad.tar");
    EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
    EXPECT_THAT(result.err, HasSubstr(path("bad.tar")));
    EXPECT_THAT(result.err, HasSubstr(reason));
    EXPECT_THAT(result.err, HasSubstr("Nothing was imported."));
    EXPECT_EQ(in_other(), std::vector<std::string>());
  };
  const auto with = [&](const std::function<void(Entries&)>& change, const std::string& reason) {
    Entries entries = good;
    change(entries);
    write_entries(path("bad.tar"), entries);
    refused(reason);
  };
  const auto at = [](Entries& entries, const std::string& name) {
    return std::find_if(entries.begin(), entries.end(),
                        [&](const auto& entry) { return entry.first == name; });
  };
  const auto with_json = [&](const std::string& name, const std::function<void(json&)>& change,
                             const std::string& reason) {
    with(
        [&](Entries& entries) {
          std::string& text = at(entries, name)->second;
          json document = json::parse(text);
          change(document);
          text = document.dump();
        },
        reason);
  };
  const std::string header = states_ + "/artefact.json", result = states_ + "/result.json",
                    file = states_ + "/files/states.safetensors", states = states_.substr(0, 12);

  with([&](Entries& e) { e.erase(at(e, result)); }, "the artefact is half made");
  with([&](Entries& e) { e.erase(at(e, header)); }, "lacks " + states + "/artefact.json");
  with([&](Entries& e) { e.erase(at(e, file)); }, "lacks " + states + "/files/states.safetensors");
  with([&](Entries& e) { at(e, file)->second.back() ^= 1; },
       "files/states.safetensors is damaged: it has another checksum than when it was made");
  with([&](Entries& e) { at(e, file)->second += 'x'; }, "has another size than");
  with([&](Entries& e) { at(e, file)->second.pop_back(); }, "has another size than");
  with([&](Entries& e) { e.emplace_back(states_ + "/files/more", "x"); },
       "which the artefact's result does not list");
  with([&](Entries& e) { e.emplace_back(states_ + "/files/../../evil", "x"); },
       "which the artefact's result does not list");
  with([&](Entries& e) { e.emplace_back(states_ + "/evil", "x"); },
       "holds " + states + "/evil, which no exported artefact has");
  with([&](Entries& e) { e.emplace_back("../evil", "x"); },
       "holds `../evil`, which no exported artefact has");
  with([&](Entries& e) { e.emplace_back("/" + header, "x"); }, "which no exported artefact has");
  with([&](Entries& e) { e.push_back(*at(e, file)); }, " twice");
  with(
      [&](Entries& e) {
        for (auto& [name, content] : e) name.replace(0, 2, name[0] == 'a' ? "bb" : "aa");
      },
      "/artefact.json: key: is not that of its folder");
  with(
      [&](Entries& e) {
        std::erase_if(e, [&](const auto& entry) { return entry.first.starts_with(vectors_); });
      },
      "is made from " + vectors_.substr(0, 12) +
          ", which is neither in the archive nor in the lab");
  with_json(
      header, [](json& j) { j["format"] = 2; },
      "format: is 2, but this version of LEA Lab reads up to 1. Use a newer version");
  with_json(
      header, [](json& j) { j["plugin"]["params"]["mode"] = "print"; },
      "artefact.json: key: does not follow from the rest of the file");
  with_json(
      header, [](json& j) { j["reads"]["training"] = std::string(64, 'a'); },
      "artefact.json: key: does not follow from the rest of the file");
  with_json(
      header, [](json& j) { j["after"] = "../../../evil"; },
      "after: must be the key of an artefact, or empty");
  with_json(
      result, [](json& j) { j["state"] = "failed"; }, "is not that of a finished artefact");
  with_json(
      result, [](json& j) { j.erase("files"); }, "is not that of a finished artefact");
  with_json(
      result, [](json& j) { j["sha256"] = std::string(64, 'a'); },
      "result.json: sha256: is not that of the files which it lists");
  with_json(
      result, [](json& j) { j["quality"]["rows"] = 7; },
      "result.json: checksum: is not that of the rest of the file, which was changed");
  with_json(
      header, [](json& j) { j["run"]["data"]["history"] = 6; },
      "artefact.json: is not the file of which ");
  for (const std::string name : {"../../evil", "/evil", "a/../../evil", ".", "", "a/", "a//b"}) {
    with_json(
        result,
        [&](json& j) {
          j["files"][name] = {{"bytes", 1}, {"sha256", ""}};
        },
        "");
  }
  with_json(
      result,
      [&](json& j) {
        j["files"]["states.safetensors/x"] = {{"bytes", 1}, {"sha256", ""}};
      },
      "names `states.safetensors` as a file and as a folder");

  const std::string bytes = read_file(path("states.tar"));
  for (const char link : {'1', '2', '3', '5', '6'}) {
    write("bad.tar", with_type(bytes, link));
    refused("");
  }
  for (const size_t size : {size_t{0}, size_t{100}, bytes.size() / 3, bytes.size() / 2}) {
    write("bad.tar", bytes.substr(0, size));
    refused("");
  }
  write("bad.tar", std::string(4096, 'x'));
  refused("not a ");
  fs::remove(path("bad.tar"));
  refused("there is no such file");
  EXPECT_EQ(import_in("other", "states.tar").exit_code, 0) << "the archive itself is good";
}

TEST_F(Moving, AnArchiveOfRunsIsNoArchiveOfArtefacts) {
  ASSERT_EQ(call({"export", "study", "--out", path("packs")}).exit_code, 0);
  for (const auto& pack : fs::directory_iterator(path("packs"))) {
    const auto result = call_in("other", {"artefacts", "import", pack.path()});
    EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
    EXPECT_EQ(in_other(), std::vector<std::string>());
  }
}

TEST_F(Moving, OtherFilesUnderTheSameKeyAreRefusedUntilTheyAreRemoved) {
  ASSERT_EQ(import_in("other", "states.tar").exit_code, 0);
  const std::string file = of_lab("other", states_, "result.json"),
                    short_key = states_.substr(0, 12);
  json result = json::parse(read_file(file));
  const std::string before = result.at("sha256");
  result["sha256"] = std::string(64, 'f');
  publish_file(file, result.dump());
  const auto refused = import_in("other", "states.tar");
  EXPECT_EQ(refused.exit_code, 3) << refused.out;
  EXPECT_EQ(refused.err, "artefact " + short_key +
                             ": the lab has another one of this key: " + path("other/artefacts/") +
                             states_ + " has the checksum ffffffffffff, and " + path("states.tar") +
                             " has " + before.substr(0, 12) +
                             ". Nothing was imported. Remove the lab's with `lealab artefacts "
                             "remove " +
                             short_key + "`, or import into another lab (--lab DIR).\n");
  EXPECT_EQ(in_other(), both());
  ASSERT_EQ(call_in("other", {"artefacts", "remove", short_key}).exit_code, 0);
  EXPECT_THAT(import_in("other", "states.tar").out, HasSubstr("1 artefact added, 1 was here"));
  EXPECT_EQ(json::parse(read_file(file)).at("sha256"), before);
}

TEST_F(Moving, ADamagedArtefactOfTheLabIsNotTakenForThatOfTheArchive) {
  ASSERT_EQ(import_in("other", "states.tar").exit_code, 0);
  const std::string file = of_lab("other", states_, "files/states.safetensors");
  std::string bytes = read_file(file);
  bytes.back() ^= 1;
  publish_file(file, bytes);
  const auto refused = import_in("other", "states.tar");
  EXPECT_EQ(refused.exit_code, 3) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("files/states.safetensors: is damaged"));
  EXPECT_THAT(refused.err, HasSubstr("lealab artefacts remove " + states_.substr(0, 12)));
}

TEST_F(Moving, AHalfMadeArtefactIsReplacedByTheFinishedOne) {
  ASSERT_EQ(import_in("other", "states.tar").exit_code, 0);
  fs::remove(of_lab("other", states_, "result.json"));
  fs::rename(of_lab("other", states_, "files/states.safetensors"),
             of_lab("other", states_, "files/states.safetensors.part"));
  EXPECT_THAT(import_in("other", "states.tar").out, HasSubstr("1 artefact added, 1 was here"));
  EXPECT_EQ(call_in("other", {"artefacts", "verify"}).out,
            "2 finished artefacts checked, no problem\n");
  EXPECT_FALSE(fs::exists(of_lab("other", states_, "files/states.safetensors.part")));
}

TEST_F(Moving, AnArtefactThatAnotherProcessMakesIsLeftToIt) {
  fs::create_directories(path("other/claims"));
  {
    const auto claim = run::Claim::take(path("other"), states_);
    ASSERT_TRUE(claim);
    const auto refused = import_in("other", "states.tar");
    EXPECT_EQ(refused.exit_code, 4) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("artefact " + states_.substr(0, 12) + " is being made by "));
    EXPECT_EQ(in_other(), std::vector<std::string>());
  }
  EXPECT_EQ(import_in("other", "states.tar").exit_code, 0);
}

TEST_F(Moving, AKilledImportLeavesNothingThatCounts) {
  std::mt19937 random(5);
  size_t unfinished = 0;
  for (int round = 0; round < 40; ++round) {
    fs::remove_all(path("other/artefacts"));
    lab::Child child(
        {LEALAB_PROGRAM, "--lab", path("other"), "artefacts", "import", path("states.tar")},
        path("err.txt"));
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
    child.send(SIGKILL);
    lab::ProcessResult ended;
    while (!child.finished(&ended)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto there = call_in("other", {"artefacts", "verify"});
    EXPECT_EQ(there.exit_code, 0) << there.err;
    unfinished += !there.out.starts_with("2 ");
    const auto again = import_in("other", "states.tar");
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(in_other(), both()) << "something of the killed import is left";
  }
  EXPECT_GT(unfinished, 0u) << "no import was killed: the test proves little";
}

TEST_F(Moving, AnArchiveThatDoesNotFitOnTheDiskChangesNothing) {
  // The limit for the size of a file stands for a full disk. The states have 17 kB.
  through_ = {"sh", "-c", "trap '' XFSZ; ulimit -f 20; exec \"$@\"", "sh"};
  const auto exported = call({"artefacts", "export", states_, "--out", path("small.tar")});
  EXPECT_EQ(exported.exit_code, 4) << exported.out << exported.err;
  EXPECT_THAT(exported.err, HasSubstr("small.tar: cannot be written: File too large"));
  EXPECT_FALSE(fs::exists(path("small.tar")));
  EXPECT_FALSE(fs::exists(path("small.tar.part")));
  const auto imported = import_in("other", "states.tar");
  EXPECT_EQ(imported.exit_code, 4) << imported.out << imported.err;
  EXPECT_THAT(imported.err, HasSubstr("states.safetensors: cannot be written: "));
  EXPECT_EQ(in_other(), std::vector<std::string>());
  through_.clear();
  EXPECT_EQ(import_in("other", "states.tar").exit_code, 0);
}

}  // namespace
}  // namespace lea
