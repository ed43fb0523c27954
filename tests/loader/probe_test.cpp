// Bad plugins in a child process: each is classified by the step that it broke, and the host
// continues.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "core/base/error.h"
#include "core/lab/plugins.h"
#include "core/lab/process.h"
#include "core/spec/experiment.h"
#include "tests/loader/folder.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using test::bad_plugin;
using test::Folder;
using test::read_all;
using testing::AllOf;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Probe : public testing::Test {
 protected:
  Probe() {
    setenv("XDG_CACHE_HOME", cache_.path().c_str(), 1);
    setenv("LEA_TEST_MARKER", marker().c_str(), 1);
  }
  ~Probe() override { unsetenv("LEA_TEST_MARKER"); }

  std::string marker() const { return cache_.at("marker"); }
  bool code_ran() const { return fs::exists(marker()); }

  std::string reason(const std::string& name, double seconds = 30) {
    const PluginRecord record = probe_file(bad_plugin(name), seconds);
    EXPECT_EQ(record.state, PluginState::kFailed) << name;
    EXPECT_TRUE(record.plugins.empty()) << name;
    return record.reason;
  }
  std::vector<PluginRecord> probe_folder() { return probe_plugins({folder_.path()}); }
  void install(const std::string& name, const std::string& as) {
    fs::copy_file(bad_plugin(name), folder_.at(as));
  }

  Folder cache_, folder_;
};

TEST_F(Probe, DescribesAGoodPlugin) {
  const PluginRecord record = probe_file(bad_plugin("nothing"));
  EXPECT_EQ(record.reason, "");
  EXPECT_EQ(record.state, PluginState::kEnabled);
  ASSERT_EQ(record.plugins.size(), 1U);
  EXPECT_EQ(record.plugins[0].id, "test.bad");
  EXPECT_EQ(record.plugins[0].kind, "backbone");
  EXPECT_EQ(record.plugins[0].sha256, record.sha256);
  EXPECT_THAT(record.built_with, HasSubstr("LibTorch"));
  EXPECT_TRUE(code_ran())
      << "the marker must be there when code runs, or its absence would prove nothing";
}

TEST_F(Probe, RunsNoCodeOfAPluginBuiltOtherwise) {
  for (const char* name : {"api", "minor", "torch", "debug", "no_manifest"}) {
    EXPECT_NE(reason(name), "") << name;
    EXPECT_FALSE(code_ran()) << name;
  }
}

// With most loaders the exception ends the process. With some the host catches it.
TEST_F(Probe, NamesAConstructorThatThrows) {
  const std::string why = reason("constructor_throws");
  EXPECT_THAT(why, HasSubstr("thrown by a constructor"));
  EXPECT_THAT(why, AnyOf(HasSubstr("crashed while loading (SIGABRT)"),
                         HasSubstr("threw in a static constructor")));
}

TEST_F(Probe, IsNotDeceivedByAnExitOfZero) {
#ifdef __SANITIZE_THREAD__
  constexpr const char* kCode =
      "(exit code 66)";  // its own complaint about an exit in a constructor
#else
  constexpr const char* kCode = "(exit code 0)";
#endif
  EXPECT_THAT(reason("constructor_exits"),
              HasSubstr(std::string("ended the process while loading ") + kCode));
  EXPECT_THAT(reason("call_exits"),
              HasSubstr("ended the process in test.bad at encode() (exit code 0)"));
}

TEST_F(Probe, StopsAHang) {
  EXPECT_THAT(reason("constructor_hangs", 6), HasSubstr("hung while loading (stopped after 6 s)"));
  EXPECT_THAT(reason("call_hangs", 6),
              HasSubstr("hung in test.bad at encode() (stopped after 6 s)"));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // a sanitizer reports crashes itself and ignores memory limits
#else
constexpr bool kSanitized = false;
#endif

TEST_F(Probe, NamesTheCallThatCrashes) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer ends a crashing process in its own way";
  EXPECT_THAT(reason("call_crashes"), HasSubstr("crashed in test.bad at encode() (SIGSEGV)"));
}

TEST_F(Probe, NamesTheCallThatThrowsOrGivesNonsense) {
  EXPECT_EQ(reason("call_throws"), "test.bad at encode() threw: thrown by encode");
  EXPECT_EQ(reason("call_gives_nan"), "test.bad at encode() gave a value that is not finite");
  EXPECT_EQ(reason("call_gives_wrong_shape"),
            "test.bad at encode() must give Float [3, 4], but gave Float [3]");
}

TEST_F(Probe, EndsACallThatAllocatesWithoutEnd) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow memory is beyond any limit";
  EXPECT_THAT(reason("fills_memory"), StartsWith("test.bad at encode() threw: std::bad_alloc"));
}

TEST_F(Probe, NamesWhatIsWrongWithTheLibrary) {
  EXPECT_THAT(reason("register_throws"),
              HasSubstr("threw while registering: thrown while registering"));
  EXPECT_THAT(reason("undefined_symbol"), HasSubstr("undefined symbol"));
  EXPECT_THAT(reason("no_entry"), HasSubstr("does not export lea_abi_tag and lea_register"));
}

TEST_F(Probe, CarriesWhichParametersWereAdded) {
  const PluginRecord record = probe_file(bad_plugin("added_number"));
  ASSERT_EQ(record.state, PluginState::kEnabled) << record.reason;
  ASSERT_EQ(record.plugins[0].params.size(), 1U);
  EXPECT_EQ(record.plugins[0].params[0].name, "number");
  EXPECT_TRUE(record.plugins[0].params[0].added);
}

TEST_F(Probe, RefusesAnAddedParameterWithoutADefault) {
  EXPECT_EQ(reason("added_environment"),
            "plugin test.bad: parameter `of`: added: is declared for an environment, but only a "
            "parameter with a default can be added after a release");
  EXPECT_THAT(reason("added_too_early"),
              HasSubstr("threw while registering: `fields` says something about the parameter "
                        "`number` before it declares it"));
}

TEST_F(Probe, RefusesABackboneWithArtefacts) {
  EXPECT_EQ(reason("has_artefacts"),
            bad_plugin("has_artefacts") +
                ": backbone test.bad declares artefacts, but only environments and augmenters can "
                "have any. Remove its artefacts().");
}

TEST_F(Probe, KeepsWhatAPluginPrintsOutOfTheVerdict) {
  const PluginRecord record = probe_file(bad_plugin("prints"));
  EXPECT_EQ(record.state, PluginState::kEnabled) << record.reason;
  EXPECT_EQ(record.plugins.size(), 1U);
}

TEST_F(Probe, ListsEveryKindOfFileAndFinds) {
  install("nothing", "good.so");
  ASSERT_EQ(mkfifo(folder_.at("fifo.so").c_str(), 0600), 0);
  fs::create_directory(folder_.at("folder.so"));
  fs::create_symlink("loop.so", folder_.at("loop.so"));
  folder_.write("text.so", "hello");
  folder_.write("empty.so", "");
  folder_.write("notes.txt", "not looked at");
  const auto records = probe_folder();
  ASSERT_EQ(records.size(), 6U);
  for (const PluginRecord& record : records) {
    const bool good = record.file.ends_with("good.so");
    EXPECT_EQ(record.state == PluginState::kEnabled, good) << record.file << " " << record.reason;
    EXPECT_EQ(record.reason.empty(), good) << record.file;
  }
  EXPECT_EQ(catalogue_of(records).all().size(), 1U);
}

TEST_F(Probe, NamesBothFilesOfAConflict) {
  install("nothing", "a.so");
  install("prints", "b.so");
  const auto records = probe_folder();
  ASSERT_EQ(records.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(records[i].state, PluginState::kConflict);
    EXPECT_EQ(records[i].reason, "backbone test.bad is also in " + records[1 - i].file +
                                     ", so neither is used. Remove one of them.");
  }
  EXPECT_TRUE(catalogue_of(records).all().empty());
}

// What a spec with the backbone `bad` is answered.
std::string answer_to_spec(std::vector<PluginRecord> records, const Folder& folder) {
  const std::string file =
      folder.write("spec.yaml", "data: {name: small}\nbackbone: bad\nframework: x\nseeds: [1]\n");
  // The framework is looked up first, so there is one.
  spec::PluginInfo framework;
  framework.id = "test.x";
  framework.kind = "framework";
  framework.uses = {"backbone", "train"};
  PluginRecord& record = records.emplace_back();
  record.state = PluginState::kEnabled;
  record.plugins = {framework};
  try {
    spec::load_experiment(file, {}, catalogue_of(records));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST_F(Probe, ASpecThatNamesARefusedPluginIsAnsweredWithTheReasonAndTheFile) {
  for (const char* name : {"api", "register_throws", "call_throws", "call_exits"}) {
    const Folder plugins;
    const std::string file = plugins.at(std::string(name) + ".so");
    fs::copy_file(bad_plugin(name), file);
    for (int i = 0; i < 2; ++i) {  // the second time from the cache
      const auto records = probe_plugins({plugins.path()});
      ASSERT_EQ(records.size(), 1U);
      ASSERT_EQ(records[0].provides.size(), 1U) << name;
      EXPECT_EQ(records[0].provides[0].id, "test.bad") << name;
      const std::string answer = answer_to_spec(records, folder_);
      EXPECT_THAT(answer, HasSubstr("backbone: `bad` cannot be used: " + file + ": ")) << name;
      EXPECT_THAT(answer, HasSubstr(records[0].reason)) << name;
      EXPECT_THAT(answer, testing::Not(HasSubstr("unknown backbone"))) << name;
    }
  }
  install("nothing", "bad.so");
  fs::permissions(folder_.path(), fs::perms::all);
  EXPECT_THAT(answer_to_spec(probe_folder(), folder_),
              HasSubstr("`bad` cannot be used: " + folder_.at("bad.so") + ": its folder " +
                        folder_.path() + " is left out: any user may write to it."));
  fs::permissions(folder_.path(), fs::perms::owner_all);
  fs::rename(folder_.at("bad.so"), folder_.at("a.so"));
  install("prints", "b.so");
  EXPECT_THAT(answer_to_spec(probe_folder(), folder_),
              HasSubstr("`bad` cannot be used: " + folder_.at("a.so") +
                        ": backbone test.bad is also in " + folder_.at("b.so")));
}

TEST_F(Probe, RemembersVerdictsUntilTheFileChanges) {
  install("nothing", "good.so");
  install("call_crashes", "bad.so");
  const auto first = probe_folder();
  ASSERT_TRUE(code_ran());
  fs::remove(marker());
  const auto second = probe_folder();
  EXPECT_FALSE(code_ran()) << "the second call must start no process";
  ASSERT_EQ(second.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(second[i].state, first[i].state);
    EXPECT_EQ(second[i].reason, first[i].reason);
    EXPECT_EQ(second[i].built_with, first[i].built_with);
    EXPECT_EQ(second[i].plugins.size(), first[i].plugins.size());
  }
  fs::remove(folder_.at("good.so"));
  install("prints", "good.so");
  EXPECT_EQ(probe_folder()[1].state, PluginState::kEnabled);
  EXPECT_TRUE(code_ran());
  fs::remove(marker());
  probe_plugins({folder_.path()}, ProbeCache::kIgnore);
  EXPECT_TRUE(code_ran());
}

TEST_F(Probe, RunsNoCodeOfADisabledFileAndStillKnowsIt) {
  setenv("XDG_CONFIG_HOME", cache_.at("config").c_str(), 1);
  install("nothing", "a.so");
  install("prints", "b.so");
  ASSERT_EQ(probe_folder()[0].state, PluginState::kConflict);
  set_plugin_disabled(folder_.at("a.so"), true);
  fs::remove(marker());
  const auto records = probe_plugins({folder_.path()}, ProbeCache::kIgnore);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].state, PluginState::kDisabled);
  EXPECT_EQ(records[0].reason,
            folder_.at("a.so") + ": is disabled. `lealab plugins enable a.so` enables it.");
  ASSERT_EQ(records[0].plugins.size(), 1U) << "from the verdict before";
  EXPECT_EQ(records[1].state, PluginState::kEnabled) << "there is no conflict any more";
  EXPECT_EQ(catalogue_of(records).all().size(), 1U);
  install("nothing", "c.so");
  set_plugin_disabled(folder_.at("c.so"), true);
  fs::remove(marker());
  probe_folder();
  EXPECT_FALSE(code_ran()) << "a disabled file that was never probed is not probed now";
  unsetenv("XDG_CONFIG_HOME");
}

TEST_F(Probe, CanBeWatchedAndCancelled) {
  std::vector<std::string> phases;
  ProbeWatch watch;
  watch.news = [&](const ProbeNews& news) {
    phases.push_back(news.phase);
    if (news.phase == "test.bad at encode()") EXPECT_EQ(news.provides.size(), 1U);
  };
  watch.cancelled = [&] { return !phases.empty() && phases.back() == "test.bad at encode()"; };
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(probe_file(bad_plugin("call_hangs"), watch), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(25));
  EXPECT_THAT(phases, testing::Contains("test.bad at encode()"));
}

// Damaged code may run and do anything. Only the child dies, and each file still gets a verdict.
TEST_F(Probe, OutlivesByteFlips) {
  const std::string whole = read_all(bad_plugin("nothing"));
  std::mt19937 random(7);
  for (int i = 0; i < 24; ++i) {
    std::string bytes = whole;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    const PluginRecord record = probe_file(folder_.write("flip.so", bytes), 10);
    EXPECT_EQ(record.state == PluginState::kEnabled, record.reason.empty()) << record.reason;
    EXPECT_EQ(record.state == PluginState::kEnabled, !record.plugins.empty());
  }
}

TEST(Programs, LinkOnlyWhatTheyShould) {
  const std::string bin = LEA_BINARY_DIR "/bin/";
  const ProcessResult host = run_process({"/usr/bin/ldd", bin + "lealab"}, 60);
  ASSERT_EQ(host.exit_code, 0) << host.err;
  EXPECT_EQ(host.out.find("torch"), std::string::npos) << host.out;
  EXPECT_EQ(host.out.find("liblea_api"), std::string::npos) << host.out;
  const ProcessResult worker = run_process({"/usr/bin/ldd", bin + "lealab-worker"}, 60);
  ASSERT_EQ(worker.exit_code, 0) << worker.err;
  EXPECT_THAT(worker.out, HasSubstr("libtorch"));
  EXPECT_THAT(worker.out, HasSubstr("liblea_api.so"));
  EXPECT_EQ(worker.out.find("libQt"), std::string::npos);
  // The window is built where Qt is.
  if (!std::filesystem::exists(bin + "lealab-gui")) return;
  const ProcessResult window = run_process({"/usr/bin/ldd", bin + "lealab-gui"}, 60);
  ASSERT_EQ(window.exit_code, 0) << window.err;
  EXPECT_THAT(window.out, HasSubstr("libQt6Widgets"));
  EXPECT_EQ(window.out.find("torch"), std::string::npos) << window.out;
  EXPECT_EQ(window.out.find("liblea_"), std::string::npos) << window.out;
}

TEST_F(Probe, TheListOfParametersShowsWhichWereAdded) {
  install("added_number", "good.so");
  const ProcessResult show = run_process(
      {LEA_BINARY_DIR "/bin/lealab", "--plugin-dir", folder_.path(), "plugins", "show", "test.bad"},
      300);
  EXPECT_EQ(show.exit_code, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("number     integer  0 (added)  0 to 9  a number\n"));
}

TEST_F(Probe, CommandsInstallDisableEnableAndRemoveAFile) {
  setenv("XDG_DATA_HOME", cache_.at("data").c_str(), 1);
  setenv("XDG_CONFIG_HOME", cache_.at("config").c_str(), 1);
  const auto plugins = [](const std::vector<std::string>& words) {
    std::vector<std::string> command = {LEA_BINARY_DIR "/bin/lealab", "plugins"};
    command.insert(command.end(), words.begin(), words.end());
    return run_process(command, 300);
  };
  install("nothing", "mine.so");
  install("call_crashes", "broken.so");
  const std::string target = cache_.at("data/lealab/plugins/mine.so");
  const ProcessResult broken = plugins({"install", folder_.at("broken.so")});
  EXPECT_EQ(broken.exit_code, 6);
  EXPECT_THAT(broken.err, HasSubstr(folder_.at("broken.so") + ": crashed in test.bad"));
  const ProcessResult installed = plugins({"install", folder_.at("mine.so")});
  EXPECT_EQ(installed.exit_code, 0) << installed.err;
  EXPECT_THAT(installed.out, HasSubstr("installed as " + target + "\n"));
  EXPECT_EQ(plugins({"install", folder_.at("mine.so")}).exit_code, 6) << "it is in use already";
  EXPECT_EQ(plugins({"disable", "test.bad"}).out, "disabled " + target + "\n");
  EXPECT_THAT(plugins({}).out, HasSubstr("disabled  backbone"));
  EXPECT_EQ(plugins({"enable", "mine.so"}).out, "enabled " + target + "\n");
  const ProcessResult bundled = plugins({"remove", "gru4rec"});
  EXPECT_EQ(bundled.exit_code, 6);
  EXPECT_THAT(bundled.err, HasSubstr("belongs to LEA Lab itself"));
  EXPECT_EQ(plugins({"remove", "bad"}).out, "removed " + target + "\n");
  EXPECT_FALSE(fs::exists(target));
  unsetenv("XDG_DATA_HOME");
  unsetenv("XDG_CONFIG_HOME");
}

TEST(Programs, LealabListsBundledPluginsAsJson) {
  const Folder cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  setenv("XDG_DATA_HOME", cache.path().c_str(), 1);
  const ProcessResult list = run_process({LEA_BINARY_DIR "/bin/lealab", "plugins", "--json"}, 300);
  ASSERT_EQ(list.exit_code, 0) << list.err;
  std::set<std::string> listed, built;
  for (const auto& record : nlohmann::json::parse(list.out)) {
    EXPECT_EQ(record.at("state"), "enabled") << record;
    EXPECT_FALSE(record.at("plugins").empty()) << record;
    listed.insert(fs::path(record.at("file").get<std::string>()).filename());
  }
  for (const auto& file : fs::directory_iterator(LEA_BINARY_DIR "/plugins"))
    built.insert(file.path().filename());
  EXPECT_EQ(listed, built);
  EXPECT_TRUE(listed.contains("gru4rec.so"));
  const ProcessResult show =
      run_process({LEA_BINARY_DIR "/bin/lealab", "plugins", "show", "gru4rec"}, 60);
  EXPECT_THAT(show.out, AllOf(HasSubstr("backbone lea.gru4rec"), HasSubstr("meaning")));
  const ProcessResult wrong =
      run_process({LEA_BINARY_DIR "/bin/lealab", "plugins", "show", "gru4rek"}, 60);
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean `gru4rec`?"));
}

}  // namespace
}  // namespace lea::lab
