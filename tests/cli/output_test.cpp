// What the commands print and write with --out, and how they say why they cannot. The run of the lab is
// one of imported ranks, so no worker is needed.
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
namespace fs = std::filesystem;

constexpr const char* kFull = "cannot write to standard output: disk full or pipe closed\n";

class OutputCommand : public LabCommand {
 protected:
  OutputCommand() {
    EXPECT_EQ(lealab({"data", "import", "toy", path("interactions.tsv")}).exit_code, 0);
    std::string ranks = "sequence,position,rank\n";
    for (int user = 0; user < 120; ++user)
      ranks += "u" + std::to_string(user) + ",9," + std::to_string(user % 40 + 1) + "\n";
    write("ranks.csv", ranks);
    const auto imported = import_ranks("theirs");
    EXPECT_EQ(imported.exit_code, 0) << imported.err;
    const auto listed = lealab({"ls", "--json"});
    uuid_ = nlohmann::json::parse(listed.out).at(0).at("uuid");
  }
  ~OutputCommand() override {
    std::error_code none;
    for (const char* folder : {"lab/runs", "lab/artefacts", "lab/data", "lab/data/toy", "source"})
      fs::permissions(path(folder), fs::perms::owner_all, none);
  }

  lab::ProcessResult import_ranks(const std::string& name, const std::string& file = "ranks.csv",
                                  const std::string& experiment = "study") const {
    return lealab({"import", "ranks", path(file), "--experiment", experiment, "--name", name,
                   "--data", "toy", "--split-by", "last_one"});
  }
  lab::ProcessResult export_ranks(const std::string& out,
                                  std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"export", "ranks", uuid_, "--out", out});
    return lealab(more);
  }
  // Calls `lealab` in the test's folder by a shell, with what follows the arguments, as ">/dev/full".
  lab::ProcessResult in_shell(const std::vector<std::string>& arguments, const std::string& after,
                              const std::string& before = "") const {
    const std::string script = "cd \"$0\" && " + before + "\"$@\" " + after;
    std::vector<std::string> command = {"/bin/sh",      "-c",    script,     folder_,
                                        LEALAB_PROGRAM, "--lab", path("lab")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return lab::run_process(command, 60);
  }

  std::string uuid_;
};

TEST_F(OutputCommand, ADashIsStandardOutputWhichThenHoldsNothingElse) {
  for (const char* format : {"csv", "npz"}) {
    SCOPED_TRACE(format);
    ASSERT_EQ(export_ranks(path("file"), {"--format", format}).exit_code, 0);
    const auto result = in_shell({"export", "ranks", uuid_, "--out", "-", "--format", format}, "");
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "standard output: 120 events\n");
    EXPECT_TRUE(result.out == read_file(path("file")));
    EXPECT_FALSE(fs::exists(path("-")));
    // Both formats are read again as the same ranks.
    EXPECT_THAT(import_ranks("theirs", "file").out, StartsWith("run " + uuid_ + ": 120 events"));
  }
  ASSERT_EQ(in_shell({"export", "ranks", uuid_, "--out", "./-"}, "").exit_code, 0);
  EXPECT_THAT(read_file(path("-")), StartsWith("sequence,position,target,rank,"));
}

TEST_F(OutputCommand, AFolderCannotBeStandardOutput) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"export", "study", "--out", "-"},
        {"export", "adapter", "0123", "--out", "-"},
        {"data", "export", "toy", "--out", "-"},
        {"plugins", "new", "backbone", "mine", "--out", "-"}}) {
    const auto result = in_shell(command, "");
    EXPECT_EQ(result.exit_code, 2) << command[0];
    EXPECT_THAT(result.err, StartsWith("--out -: this command makes a folder"));
  }
  EXPECT_FALSE(fs::exists(path("-")));
}

TEST_F(OutputCommand, AnotherNameOfStandardOutputIsIt) {
  fs::create_symlink("/proc/self/fd/1", path("out"));
  const auto result = in_shell({"export", "ranks", uuid_, "--out", "out"}, ">file");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "standard output: 120 events\n");
  EXPECT_THAT(read_file(path("file")), StartsWith("sequence,position,target,rank,"));
  EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path("out"))));
}

TEST_F(OutputCommand, AFifoIsWrittenIntoAndStays) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  fs::create_symlink("fifo", path("link"));
  ASSERT_EQ(export_ranks(path("file")).exit_code, 0);
  for (const char* name : {"fifo", "link"}) {
    SCOPED_TRACE(name);
    // A reader of a FIFO that was replaced would wait for ever.
    const auto result =
        in_shell({"export", "ranks", uuid_, "--out", name}, "; code=$?; wait; exit $code",
                 "{ timeout 20 cat fifo >copy & } && ");
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(read_file(path("copy")), read_file(path("file")));
  }
  EXPECT_TRUE(fs::is_fifo(path("fifo")));
  EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path("link"))));
}

TEST_F(OutputCommand, ADeviceIsWrittenIntoAndStays) {
  // Only the links would be replaced.
  fs::create_symlink("/dev/null", path("null"));
  fs::create_symlink("/dev/full", path("full"));
  for (const char* format : {"csv", "npz"}) {
    EXPECT_EQ(export_ranks(path("null"), {"--format", format}).exit_code, 0);
    const auto full = export_ranks(path("full"), {"--format", format});
    EXPECT_EQ(full.exit_code, 4) << full.out;
    EXPECT_EQ(full.err, path("full") + ": cannot be written: No space left on device.\n");
  }
  for (const char* link : {"null", "full"})
    EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path(link)))) << link;
}

TEST_F(OutputCommand, NamesAFolderOfOutThatIsMissing) {
  for (const char* format : {"csv", "npz"}) {
    const auto result = export_ranks(path("none/ranks"), {"--format", format});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(result.err, path("none/ranks") + ": cannot be written: there is no folder " +
                              path("none") + ". Make it, or name another file.\n");
  }
  write("file", "");
  const auto data = lealab({"data", "export", "toy", "--out", path("file/below/data")});
  EXPECT_EQ(data.exit_code, 4);
  EXPECT_EQ(data.err, path("file/below") + ": the folder cannot be made: Not a directory.\n");
}

TEST_F(OutputCommand, AFullStandardOutputEndsEveryCommandWithOneCode) {
  ASSERT_EQ(lealab({"export", "study", "--out", path("packs")}).exit_code, 0);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"--help"},
        {"--version"},
        {"ls", "--help"},
        {"ls"},
        {"ls", "--json"},
        {"show", uuid_},
        {"show", uuid_, "--json"},
        {"table", "study"},
        {"table", "study", "--format", "csv"},
        {"data", "ls"},
        {"data", "ls", "--json"},
        {"data", "show", "toy"},
        {"data", "show", "toy", "--split-by", "last_one", "--json"},
        {"data", "import", "toy", path("interactions.tsv")},
        {"data", "export", "toy", "--out", path("data")},
        {"db", "check"},
        {"db", "rebuild"},
        {"artefacts", "list"},
        {"artefacts", "verify"},
        {"artefacts", "prune"},
        {"export", "study", "--out", path("more-packs")},
        {"export", "ranks", uuid_, "--out", path("file")},
        {"import", path("packs")},
        {"import", "ranks", path("ranks.csv"), "--experiment", "study", "--name", "theirs",
         "--data", "toy", "--split-by", "last_one"},
        {"plugins", "new", "backbone", "mine", "--out", path("mine")}}) {
    const auto result = in_shell(command, ">/dev/full");
    EXPECT_EQ(result.exit_code, 4) << testing::PrintToString(command);
    EXPECT_EQ(result.err, kFull) << testing::PrintToString(command);
  }
  const auto ranks = in_shell({"export", "ranks", uuid_, "--out", "-"}, ">/dev/full");
  EXPECT_EQ(ranks.exit_code, 4);
  EXPECT_EQ(ranks.err, "standard output: cannot be written: No space left on device.\n");
}

TEST_F(OutputCommand, AFolderThatCannotBeReadIsNamedAndNotTakenForAnEmptyOne) {
  fs::create_directory(path("source"));
  fs::rename(path("interactions.tsv"), path("source/interactions.tsv"));
  // Root may read everything, so `lealab` then runs without the capabilities that allow it.
  if (geteuid() == 0)
    through_ = {"/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  const auto expect = [&](const std::string& folder, const std::string& named,
                          const std::vector<std::vector<std::string>>& commands) {
    fs::permissions(path(folder), fs::perms::none);
    for (const std::vector<std::string>& command : commands) {
      const auto result = lealab(command);
      EXPECT_EQ(result.exit_code, 4) << testing::PrintToString(command) << result.out << result.err;
      EXPECT_EQ(result.err, path(named) + ": cannot be read: Permission denied\n")
          << testing::PrintToString(command);
    }
    fs::permissions(path(folder), fs::perms::owner_all);
  };
  expect("lab/runs", "lab/runs",
         {{"ls"}, {"show", uuid_}, {"export", "study", "--out", path("packs")}});
  expect("lab/runs/" + uuid_, "lab/runs/" + uuid_ + "/run.yaml", {{"show", uuid_}});
  expect("lab/data", "lab/data", {{"data", "ls"}});
  expect("lab/data/toy", "lab/data/toy/dataset.json", {{"data", "show", "toy"}});
  expect("lab/artefacts", "lab/artefacts", {{"artefacts", "list"}, {"artefacts", "show", "12"}});
  expect("source", "source/interactions.tsv", {{"data", "import", "other", path("source")}});
  expect("source", "source/a.tar", {{"artefacts", "import", path("source/a.tar")}});
}

TEST_F(OutputCommand, AFolderOfPluginsThatIsMissingIsNamed) {
  const auto result = lealab({"--plugin-dir", path("none"), "ls"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err, "--plugin-dir: " + path("none") + ": there is no such folder.\n");
  // It takes one folder, so the command is not taken for another.
  fs::create_directory(path("plugins"));
  EXPECT_EQ(lealab({"--plugin-dir", path("plugins"), "ls"}).exit_code, 0);
  EXPECT_THAT(lealab({"--plugin-dir", path("plugins"), "lss"}).err,
              HasSubstr("did you mean `ls`?"));
}

TEST_F(OutputCommand, ReadingMakesNoLabAndAMistypedLabIsAnError) {
  fs::rename(path("lab"), path("other"));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"ls"},
        {"show", uuid_},
        {"table", "study"},
        {"log", uuid_},
        {"export", "study", "--out", path("packs")},
        {"export", "ranks", uuid_, "--out", path("file")},
        {"import", "ranks", path("ranks.csv"), "--experiment", "study", "--name", "theirs",
         "--data", "toy"},
        {"data", "ls"},
        {"data", "show", "toy"},
        {"data", "export", "toy", "--out", path("data")},
        {"artefacts", "list"},
        {"artefacts", "show", "12"},
        {"artefacts", "verify"},
        {"artefacts", "prompts", path("spec.yaml")},
        {"artefacts", "prune"},
        {"artefacts", "export", "12"},
        {"verify", uuid_},
        {"db", "check"},
        {"db", "rebuild"},
        {"watch"},
        {"stop"},
        {"work", uuid_}}) {
    const auto result = lealab(command);
    EXPECT_EQ(result.exit_code, 3) << testing::PrintToString(command) << result.err;
    EXPECT_THAT(result.err, StartsWith(path("lab") + ": there is no lab in this folder"));
    EXPECT_FALSE(fs::exists(path("lab"))) << testing::PrintToString(command);
  }
  EXPECT_EQ(lealab({"data", "import", "toy", path("none.tsv")}).exit_code, 3);
  EXPECT_FALSE(fs::exists(path("lab"))) << "a source that is refused makes none, either";
}

TEST_F(OutputCommand, AnEmptyNameOfTheLabIsRefusedAndNotTakenForTheDefault) {
  const auto result = lab::run_process({LEALAB_PROGRAM, "--lab", "", "ls"}, 60);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "--lab: is empty. Name a folder, or leave --lab out.\n");
}

TEST_F(OutputCommand, AnImportThatIsRefusedMakesNoLab) {
  fs::create_directory(path("empty"));
  write("bad.tar.xz", "no archive");
  write("bad.json", "{}");
  const std::string lab = path("new/deeper/lab");
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"import", path("none.tar.xz")},
        {"import", path("empty")},
        {"import", path("bad.tar.xz")},
        {"import", path("bad.json")},
        {"artefacts", "import", path("none.tar")},
        {"artefacts", "import", path("bad.tar.xz")},
        {"data", "import", "toy", path("bad.tar.xz")}}) {
    std::vector<std::string> whole = {LEALAB_PROGRAM, "--lab", lab};
    whole.insert(whole.end(), command.begin(), command.end());
    const auto result = lab::run_process(whole, 60);
    EXPECT_EQ(result.exit_code, 3) << testing::PrintToString(command) << result.err;
    EXPECT_FALSE(fs::exists(path("new"))) << testing::PrintToString(command);
  }
  // A folder that was there stays as it was.
  fs::create_directories(lab + "/notes");
  EXPECT_EQ(lab::run_process({LEALAB_PROGRAM, "--lab", lab, "import", path("empty")}, 60).exit_code,
            3);
  EXPECT_TRUE(fs::exists(lab + "/notes"));
  EXPECT_EQ(std::distance(fs::directory_iterator(lab), {}), 1);
}

TEST_F(OutputCommand, NamesThatAreNoUtf8OrHoldControlCharactersLeaveNothingBehind) {
  for (const std::string name : {"../x", "a\x01", "a\xff", "a\nb"}) {
    const auto result = import_ranks(name);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, StartsWith("import ranks: --name must be UTF-8 text"));
    EXPECT_EQ(import_ranks("theirs", "ranks.csv", name).exit_code, 2);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(path("lab/runs")), {}), 1);
  EXPECT_EQ(lealab({"ls"}).err, "");
  fs::rename(path("interactions.tsv"), path("caf\xe9.tsv"));
  const auto imported = lealab({"data", "import", "other", path("caf\xe9.tsv")});
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_THAT(read_file(path("lab/data/other/dataset.json")), HasSubstr("caf\\\\xe9.tsv"));
}

TEST_F(OutputCommand, OneDamagedRunDoesNotHideTheOthers) {
  ASSERT_EQ(import_ranks("second").exit_code, 0);
  const std::string spec = path("lab/runs/" + uuid_ + "/run.yaml");
  std::string text = read_file(spec);
  text.insert(text.find("imported.theirs"), "\x01");
  publish_file(spec, text);
  fs::remove(path("lab/results.sqlite"));
  const auto listed = lealab({"ls"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("second"));
  EXPECT_THAT(listed.out, EndsWith("1 run\n"));
  EXPECT_THAT(listed.err, StartsWith("left out: " + spec));
}

TEST_F(OutputCommand, AnOptionThatWouldHaveNoEffectIsRefused) {
  const std::vector<std::string> ranks = {"import",       "ranks",      path("ranks.csv"),
                                          "--experiment", "study",      "--name",
                                          "second",       "--split-of", uuid_};
  for (const auto& [option, value] :
       {std::pair{"--split-by", "last_one"}, std::pair{"--split-path", "split.tsv"},
        std::pair{"--split-seed", "3"}, std::pair{"--k", "7"}}) {
    std::vector<std::string> command = ranks;
    command.emplace_back(option);
    command.emplace_back(value);
    const auto result = lealab(command);
    EXPECT_EQ(result.exit_code, 2) << option;
    EXPECT_THAT(result.err, HasSubstr("excludes")) << option;
  }
  EXPECT_EQ(lealab({"import", "ranks", path("ranks.csv"), "--experiment", "study", "--name", "x",
                    "--data", "toy", "--split-by", "last_one", "--k", "0"})
                .exit_code,
            2);
  const auto packs = lealab({"import", path("packs"), "--experiment", "other"});
  EXPECT_EQ(packs.exit_code, 2);
  EXPECT_THAT(packs.err, StartsWith("import: --experiment is for `import ranks FILE`."));
  const auto exported = lealab({"export", "study", "--out", path("packs"), "--format", "csv"});
  EXPECT_EQ(exported.exit_code, 2);
  EXPECT_THAT(exported.err, StartsWith("export study: --format is for ranks"));
  EXPECT_EQ(lealab({"ls", "--json"}).out.find("second"), std::string::npos);
}

TEST_F(OutputCommand, NamesTheNearestOfWhatIsExported) {
  const auto result = lealab({"export", "rnaks", uuid_, "--out", path("file")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, StartsWith("export rnaks RUN: is not known, did you mean `ranks`? "));
}

struct Slip {
  const char* name;
  std::vector<std::string> arguments;
  std::string message;  // the whole of it
};

class NearMiss : public LabCommand, public testing::WithParamInterface<Slip> {};

TEST_P(NearMiss, IsNamed) {
  std::vector<std::string> command = {LEALAB_PROGRAM};
  command.insert(command.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  const auto result = lab::run_process(command, 60);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, GetParam().message);
}

const std::string kUnexpected = "The following argument was not expected: ";

INSTANTIATE_TEST_SUITE_P(
    Each, NearMiss,
    testing::Values(
        Slip{"Command",
             {"rnu", "spec.yaml", "--jobs", "3"},
             "`rnu` is no command of lealab, did you mean `run`? `lealab --help` lists its "
             "commands.\n"},
        Slip{"CommandWithin",
             {"data", "shwo", "toy"},
             "`shwo` is no command of lealab data, did you mean `show`? `lealab data --help` lists "
             "its commands.\n"},
        Slip{"CommandThatMayBeAbsent",
             {"plugins", "shw"},
             "`shw` is no command of lealab plugins, did you mean `show`? `lealab plugins --help` "
             "lists its commands.\n"},
        Slip{"CommandUnlikeAny",
             {"\x1b[2Jxyz"},
             "`\\x1b[2Jxyz` is no command of lealab. `lealab --help` lists its commands.\n"},
        Slip{"WhatIsImported",
             {"import", "rnaks", "x.csv"},
             "import: there is no file or folder rnaks, did you mean `ranks`?\n"},
        Slip{"NoCommand",
             {},
             "A subcommand is required\nRun `lealab --help` for more information.\n"},
        Slip{"Option",
             {"ls", "--exprimnt=study"},
             kUnexpected + "--exprimnt=study\n`lealab ls` has no option `--exprimnt`, did you mean "
                           "`--experiment`? `lealab ls --help` lists its options.\n"},
        Slip{"Choice",
             {"data", "import", "toy", "toy.inter", "--format", "recbol"},
             "--format: recbol not in {tsv,recbole,gru4rec}, did you mean `recbole`?\nRun `lealab "
             "data import --help` for more information.\n"},
        Slip{"ChoiceUnlikeAny",
             {"data", "import", "toy", "toy.inter", "--format", "}: not in {"},
             "--format: }: not in { not in {tsv,recbole,gru4rec}\nRun `lealab data import --help` "
             "for more information.\n"},
        Slip{"OptionUnlikeAny",
             {"ls", "--foo"},
             kUnexpected + "--foo\n`lealab ls` has no option `--foo`. `lealab ls --help` lists its "
                           "options.\n"},
        Slip{"OptionBeforeTheCommand",
             {"--lba=lab", "ls"},
             kUnexpected + "--lba=lab\n`lealab` has no option `--lba`, did you mean `--lab`? "
                           "`lealab --help` lists its options.\n"},
        Slip{"OptionInTheWrongPlace",
             {"ls", "--lab"},
             kUnexpected + "--lab\n`--lab` belongs before the command: `lealab --lab ... ls`.\n"},
        Slip{
            "OptionBesideWhatIsMissing",
            {"show", "--jsno"},
            "run is required\n`lealab show` has no option `--jsno`, did you mean `--json`? `lealab "
            "show --help` lists its options.\n"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace lea
