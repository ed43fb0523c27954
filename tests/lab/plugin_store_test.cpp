// Staging, planning, installing, removing and disabling plugin files. No plugin is loaded: the records
// of probes are made by hand.
#include "core/lab/plugin_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sys/resource.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"

namespace lea::lab {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kElf =
    "\x7f"
    "ELF";

class PluginStore : public testing::Test {
 protected:
  PluginStore() {
    std::string pattern = (fs::temp_directory_path() / "lea_store_XXXXXX").string();
    root_ = fs::canonical(mkdtemp(pattern.data())).string();
    setenv("XDG_DATA_HOME", at("data").c_str(), 1);
    setenv("XDG_CONFIG_HOME", at("config").c_str(), 1);
    fs::create_directories(own());
    fs::create_directory(at("other"));
  }
  ~PluginStore() override {
    fs::remove_all(root_);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
  }

  std::string at(const std::string& name) const { return root_ + "/" + name; }
  std::string own(const std::string& name = "") const {
    return at("data/lealab/plugins") + (name.empty() ? "" : "/" + name);
  }
  std::string write(const std::string& path, const std::string& bytes) const {
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // Begins as a library does.
  std::string library(const std::string& path, const std::string& rest) const {
    return write(path, kElf + rest);
  }
  // What a probe finds in a file with these backbones.
  static PluginRecord record(const std::string& file, const std::vector<std::string>& ids,
                             PluginState state = PluginState::kEnabled) {
    PluginRecord record;
    record.file = file;
    record.state = state;
    record.sha256 = sha256(file + std::to_string(ids.size()));
    for (const std::string& id : ids) {
      record.provides.push_back({"backbone", id});
      if (state != PluginState::kEnabled && state != PluginState::kConflict) continue;
      spec::PluginInfo plugin;
      plugin.kind = "backbone";
      plugin.id = id;
      plugin.version = "1.0";
      record.plugins.push_back(plugin);
    }
    return record;
  }
  std::string refusal(const std::string& file) const {
    try {
      StagedPlugin staged(file);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  // What lies in the user's folder, also hidden things.
  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(own()))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string root_;
};

TEST_F(PluginStore, StagesACopyThatOutlivesTheSource) {
  const std::string source = library(at("mine.so"), "hello");
  std::string path;
  {
    const StagedPlugin staged(source);
    path = staged.path();
    EXPECT_EQ(staged.bytes(), 9);
    EXPECT_EQ(staged.sha256(), sha256(kElf + "hello"));
    write(source, "other");
    EXPECT_EQ(read_file(path), kElf + "hello");
    EXPECT_EQ(fs::path(path).filename(), "mine.so");
    EXPECT_THAT(plugin_files({own()}), IsEmpty()) << "a copy is not a plugin yet";
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_THAT(entries(), IsEmpty());
}

TEST_F(PluginStore, RefusesWhatCannotBeAPluginAndLeavesNothing) {
  fs::create_directory(at("folder.so"));
  EXPECT_EQ(refusal(at("folder.so")),
            at("folder.so") + ": is a folder. Give the .so that the build made.");
  ASSERT_EQ(mkfifo(at("fifo.so").c_str(), 0600), 0);
  EXPECT_EQ(refusal(at("fifo.so")),
            at("fifo.so") + ": not a regular file. Give the .so that the build made.");
  EXPECT_EQ(refusal(write(at("empty.so"), "")),
            at("empty.so") + ": an empty file. Copy or build it again.");
  EXPECT_EQ(
      refusal(write(at("text.so"), "text")),
      at("text.so") + ": not a shared library (no ELF header). Give the .so that the build made.");
  EXPECT_EQ(refusal(at("gone.so")),
            at("gone.so") + ": cannot be opened: No such file or directory.");
  EXPECT_THAT(entries(), IsEmpty());
}

TEST_F(PluginStore, RefusesALargeFileWithoutReadingIt) {
  const std::string file = write(at("large.so"), "x");
  fs::resize_file(file, uintmax_t{2} << 30);
  EXPECT_EQ(refusal(file), file +
                               ": has 2048 MiB; a plugin has at most 512 MiB. Link LibTorch "
                               "dynamically.");
  EXPECT_THAT(entries(), IsEmpty());
}

TEST_F(PluginStore, RefusesAFileThatMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string file = write(at("secret.so"), "x");
  chmod(file.c_str(), 0);
  EXPECT_EQ(refusal(file), file + ": cannot be opened: Permission denied.");
}

TEST_F(PluginStore, LeavesNothingWhenTheDiskIsFull) {
  const std::string file = library(at("large.so"), std::string(100000, 'x'));
  // A limit on the size of a file stands for the disk.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{4096, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string why = refusal(file);
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, before);
  EXPECT_THAT(why, AllOf(HasSubstr("cannot be written"), HasSubstr("File too large")));
  EXPECT_THAT(entries(), IsEmpty());
}

TEST_F(PluginStore, StopsCopyingWhenItIsCancelled) {
  const std::string file = library(at("mine.so"), "x");
  EXPECT_THROW(StagedPlugin(file, [] { return true; }), Error);
  EXPECT_THAT(entries(), IsEmpty());
}

TEST_F(PluginStore, RemovesCopiesThatAKilledWindowLeft) {
  fs::create_directory(own(".staged-999999999-0"));
  write(own(".staged-999999999-0/x.so"), "x");
  const StagedPlugin staged(library(at("mine.so"), "x"));
  EXPECT_THAT(entries(), SizeIs(1));
}

TEST_F(PluginStore, InstallsUnderTheNameOfTheFile) {
  const StagedPlugin staged(library(at("mine.so"), "hello"));
  const InstallPlan plan = plan_install(record(at("mine.so"), {"my.model"}), {});
  EXPECT_EQ(plan.target, own("mine.so"));
  EXPECT_THAT(plan.replaces, IsEmpty());
  EXPECT_EQ(plan.renamed + plan.obstacle, "");
  install_plugin(staged, plan);
  EXPECT_EQ(read_file(own("mine.so")), kElf + "hello");
  EXPECT_THAT(plugin_files({own()}), ElementsAre(own("mine.so")));
}

TEST_F(PluginStore, InstallsNothingThatWasChangedAfterItWasLookedAt) {
  const StagedPlugin staged(library(at("mine.so"), "hello"));
  const InstallPlan plan = plan_install(record(at("mine.so"), {"my.model"}), {});
  write(staged.path(), "jello");
  EXPECT_THROW(install_plugin(staged, plan), PluginError);
  EXPECT_FALSE(fs::exists(own("mine.so")));
}

TEST_F(PluginStore, ReplacesTheOlderFileOfTheSamePluginWhateverItsName) {
  write(own("old.so"), "old");
  const StagedPlugin staged(library(at("new.so"), "new"));
  const InstallPlan plan =
      plan_install(record(at("new.so"), {"my.model"}), {record(own("old.so"), {"my.model"})});
  EXPECT_THAT(plan.replaces,
              ElementsAre(ReplacedPlugin{"backbone", "my.model", "1.0", own("old.so")}));
  install_plugin(staged, plan);
  EXPECT_EQ(read_file(own("new.so")), kElf + "new");
  EXPECT_FALSE(fs::exists(own("old.so")));
}

TEST_F(PluginStore, ChoosesAnotherNameWhenTheNameIsTakenByOtherPlugins) {
  write(own("plugin.so"), "old");
  const InstallPlan plan = plan_install(record(at("plugin.so"), {"my.model"}),
                                        {record(own("plugin.so"), {"your.model"})});
  EXPECT_EQ(plan.target, own("plugin-2.so"));
  EXPECT_EQ(plan.renamed, "plugin.so is the name of another plugin file there");
  EXPECT_EQ(plan.obstacle, "");
}

TEST_F(PluginStore, RefusesWhatWouldBeInConflict) {
  const auto obstacle = [&](const PluginRecord& there) {
    return plan_install(record(at("mine.so"), {"my.model"}), {there}).obstacle;
  };
  EXPECT_EQ(obstacle(record(at("other/x.so"), {"my.model"})),
            "backbone my.model is also in " + at("other/x.so") +
                ", so neither would be used. Disable that file first, or give yours another id.");
  EXPECT_EQ(obstacle(record(own("x.so"), {"my.model", "my.other"})),
            own("x.so") +
                " has backbone my.model, too, and other plugins beside it. Remove it first, or "
                "give yours another id.");
  PluginRecord same = record(at("mine.so"), {"my.model"});
  same.file = own("mine.so");
  EXPECT_EQ(obstacle(same), "this very file is in use already, as " + own("mine.so") + ".");
  EXPECT_EQ(obstacle(record(at("other/x.so"), {"my.model"}, PluginState::kDisabled)), "");
  EXPECT_EQ(obstacle(record(at("other/x.so"), {"my.model"}, PluginState::kFailed)), "");
  EXPECT_EQ(obstacle(record(at("other/x.so"), {"your.model"})), "");
}

TEST_F(PluginStore, RemovesOnlyFilesOfTheUsersFolder) {
  write(own("mine.so"), "x");
  write(at("other/x.so"), "x");
  remove_plugin(own("mine.so"));
  EXPECT_FALSE(fs::exists(own("mine.so")));
  EXPECT_THROW(remove_plugin(at("other/x.so")), PluginError);
  EXPECT_TRUE(fs::exists(at("other/x.so")));
}

TEST_F(PluginStore, LeavesDisabledFilesOutOfTheSearch) {
  write(own("a.so"), "x");
  write(own("b.so"), "x");
  set_plugin_disabled(own("a.so"), true);
  LeftOutPlugins left_out;
  EXPECT_THAT(plugin_files({own()}, &left_out), ElementsAre(own("b.so")));
  EXPECT_THAT(left_out.disabled, ElementsAre(own("a.so")));
  EXPECT_THAT(left_out.refused, IsEmpty());
  set_plugin_disabled(own("a.so"), false);
  EXPECT_THAT(plugin_files({own()}), ElementsAre(own("a.so"), own("b.so")));
}

TEST_F(PluginStore, KeepsTheOtherLinesOfTheListOfDisabledFiles) {
  write(own("a.so"), "x");
  fs::create_directories(at("config/lealab"));
  const std::string before = "# why\n/gone/x.so\n\n";
  write(disabled_plugins_file(), before);
  set_plugin_disabled(own("a.so"), true);
  EXPECT_EQ(read_file(disabled_plugins_file()), before + own("a.so") + "\n");
  set_plugin_disabled(own("a.so"), false);
  EXPECT_EQ(read_file(disabled_plugins_file()), before);
}

TEST_F(PluginStore, FindsAFileByItsNameItsPathAndItsPlugins) {
  const std::vector<PluginRecord> records = {record(own("a.so"), {"my.model"}),
                                             record(own("b.so"), {"your.thing"}),
                                             record(at("other/c.so"), {"my.thing"})};
  EXPECT_EQ(&find_plugin_file(records, "a.so"), &records[0]);
  EXPECT_EQ(&find_plugin_file(records, own("b.so")), &records[1]);
  EXPECT_EQ(&find_plugin_file(records, "model"), &records[0]);
  EXPECT_EQ(&find_plugin_file(records, "my.thing"), &records[2]);
  EXPECT_THROW(find_plugin_file(records, "thing"), UsageError) << "two files have one";
  try {
    find_plugin_file(records, "modell");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean `model`?"));
  }
}

}  // namespace
}  // namespace lea::lab
