// One damaged thing never hides the rest. Each file of a run is damaged in many ways, and each
// command that looks at many runs must name the damaged run, leave it out, and show all others.
// Where nothing rests on the file, the run is shown as well.
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <set>

#include "core/lab/collector.h"
#include "core/lab/process.h"
#include "tests/lab/fixture.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using Uuids = std::set<std::string>;

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

testing::Matcher<const std::string&> holds(const std::string& text, bool expected) {
  if (expected) return HasSubstr(text);
  return Not(HasSubstr(text));
}

struct Way {
  const char* name;
  std::function<void(const std::string& path, const std::string& bytes)> damage;
};

const std::vector<Way>& ways() {
  static const std::vector<Way> all = {
      {"empty", [](const std::string& path, const std::string&) { write(path, ""); }},
      {"cut", [](const std::string& path,
                 const std::string& bytes) { write(path, bytes.substr(0, bytes.size() / 2)); }},
      {"flipped",
       [](const std::string& path, std::string bytes) {
         for (size_t i = 0; i < bytes.size(); i += 5) bytes[i] = static_cast<char>(bytes[i] ^ 0x40);
         write(path, bytes);
       }},
      {"folder",
       [](const std::string& path, const std::string&) {
         fs::remove(path);
         fs::create_directory(path);
       }},
      {"fifo",
       [](const std::string& path, const std::string&) {
         fs::remove(path);
         mkfifo(path.c_str(), 0600);
       }},
      {"unreadable", [](const std::string& path, const std::string&) { chmod(path.c_str(), 0); }},
      {"junk",
       [](const std::string& path, const std::string&) {
         std::string bytes;
         for (unsigned i = 0; i < 3000; ++i) bytes += static_cast<char>(i * i * 2654435761u >> 13);
         write(path, bytes);
       }},
      {"types", [](const std::string& path,
                   const std::string&) { write(path, "[1, {\"a\": [null]}, -5]\n"); }},
      {"utf8",
       [](const std::string& path, const std::string& bytes) {
         const size_t middle = bytes.size() / 2;
         write(path, bytes.substr(0, middle) + "\xff\xfe\xc3" + bytes.substr(middle));
       }},
      {"link",
       [](const std::string& path, const std::string&) {
         fs::rename(path, path + ".sound");
         fs::create_symlink(path + ".sound", path);
       }},
      {"circle",
       [](const std::string& path, const std::string&) {
         fs::remove(path);
         fs::create_symlink(fs::path(path).filename(), path);
       }},
      {"dangling",
       [](const std::string& path, const std::string&) {
         fs::remove(path);
         fs::create_symlink("nowhere", path);
       }},
      {"missing", [](const std::string& path, const std::string&) { fs::remove(path); }},
  };
  return all;
}

// A file, and the ways that do no harm to the results.
struct File {
  const char* name;
  std::set<std::string> harmless;
};

const std::set<std::string>& all_ways() {
  static const std::set<std::string> names = [] {
    std::set<std::string> names;
    for (const Way& way : ways()) names.insert(way.name);
    return names;
  }();
  return names;
}

const std::vector<File>& files() {
  static const std::vector<File> all = {
      {run::kSpecFile, {}},
      {run::kHeaderFile, {}},
      {run::kResultFile, {"missing"}},  // the run has not ended then
      {run::kRanksFile, {}},
      {run::kTopFile, {}},
      {run::kValidRanksFile, {"missing"}},  // a pack may leave it out
      // A crash can cut the records, or prevent all of them.
      {run::kEventsFile, {"missing", "empty", "cut"}},
      // A finished run does not need its attempts, but a folder holds no links.
      {run::kAttemptsFile, {"missing", "empty", "cut", "flipped", "junk", "types", "utf8"}},
      {run::kBeatFile, all_ways()},
      {run::kLockFile, all_ways()},
      {run::kLogFile, all_ways()}};
  return all;
}

class Damaged : public testing::TestWithParam<size_t> {
 protected:
  Damaged() {
    const auto experiment = lab::experiment_of({"a", "b", "c"});
    run::save_plan(template_.path(), experiment);
    for (size_t i = 0; i < 3; ++i) {
      const run::Folder run = lab::finished_run(template_.path(), experiment, i);
      { const lab::WorkerAt worker(run); }
      run::close_attempt(run, 0, "");
      publish_file(run.file(run::kLogFile), "a line\n");
      publish_file(run.file(run::kBeatFile), "{}");
      (i == 1 ? damaged_ : sound_).insert(run.uuid());
    }
    lab::collect(template_.path());
  }

  // A lab like the template: with its index, or without one.
  void make_lab(bool indexed) {
    if (fs::exists(lab_)) lab::run_process({"chmod", "-R", "u+rwX", lab_}, 60);
    fs::remove_all(lab_);
    lab::run_process({"cp", "-a", template_.path(), lab_}, 60);
    if (!indexed) fs::remove(lab_ + "/results.sqlite");
  }
  std::string uuid() const { return *damaged_.begin(); }
  lab::ProcessResult lealab(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {LEALAB_PROGRAM, "--lab", lab_});
    return lab::run_process(arguments, 30);  // a command that waits for a FIFO is killed
  }

  // What `ls` and `table` show.
  void look(bool named) const {
    const auto ls = lealab({"ls", "--json"});
    ASSERT_EQ(ls.exit_code, 0) << ls.err;
    Uuids listed;
    for (const auto& run : nlohmann::json::parse(ls.out)) listed.insert(run.at("uuid"));
    EXPECT_EQ(listed, shown(named)) << ls.err;
    const auto table = lealab({"table", "study", "--format", "json"});
    ASSERT_EQ(table.exit_code, 0) << table.err;
    Uuids rows;
    const auto document = nlohmann::json::parse(table.out);
    for (const auto& row : document.at("rows")) {
      for (const auto& run : row.at("runs")) rows.insert(run.at("uuid"));
      for (const auto& run : row.at("unfinished")) rows.insert(run.at("uuid"));
    }
    EXPECT_EQ(rows, shown(named)) << table.err;
    for (const auto& result : {ls, table}) {
      EXPECT_THAT(result.err, holds("left out: ", named));
      EXPECT_THAT(result.err, holds(uuid(), named));
    }
  }
  void look_at_one(bool named) const {
    const auto show = lealab({"show", uuid()});
    EXPECT_THAT(show.exit_code, named ? testing::AnyOf(3, 4) : testing::AnyOf(0, 0)) << show.err;
    EXPECT_THAT(show.err, holds(uuid(), named));
    const auto other = lealab({"show", *sound_.begin()});
    EXPECT_EQ(other.exit_code, 0) << other.err;
  }
  void check_and_rebuild(bool named) const {
    const auto check = lealab({"db", "check"});
    EXPECT_EQ(check.exit_code, named ? 3 : 0) << check.err;
    EXPECT_THAT(check.err, holds(uuid(), named));
    const auto rebuilt = lealab({"db", "rebuild"});
    EXPECT_EQ(rebuilt.exit_code, named ? 3 : 0) << rebuilt.err;
    EXPECT_THAT(rebuilt.out, HasSubstr(named ? "2 runs of 1 exp" : "3 runs of 1 exp"));
    EXPECT_THAT(rebuilt.err, holds(uuid(), named));
  }
  // A run that has not ended is left out in any case.
  void export_all(bool named, bool finished) const {
    const std::string out = lab_ + "-packs";
    fs::remove_all(out);
    const auto exported = lealab({"export", "study", "--out", out});
    EXPECT_EQ(exported.exit_code, named ? 3 : 0) << exported.err;
    EXPECT_THAT(exported.err, holds(uuid(), named));
    Uuids packs;
    for (const auto& entry : fs::directory_iterator(out)) {
      const std::string name = entry.path().filename();
      if (name.ends_with(".tar.xz")) packs.insert(name.substr(0, 36));
    }
    EXPECT_EQ(packs, shown(named || !finished)) << exported.err;
  }
  Uuids shown(bool named) const {
    Uuids shown = sound_;
    if (!named) shown.insert(damaged_.begin(), damaged_.end());
    return shown;
  }

  lab::TemporaryLab template_;
  const std::string lab_ = template_.beside("damaged");
  Uuids sound_, damaged_;
};

TEST_P(Damaged, IsNamedAndLeftOutAndHidesNothing) {
  const File& file = files().at(GetParam());
  for (const Way& way : ways()) {
    if (way.name == std::string("unreadable") && geteuid() == 0) continue;  // root reads all
    SCOPED_TRACE(std::string(file.name) + " " + way.name);
    const bool named = !file.harmless.contains(way.name);
    for (const bool indexed : {true, false}) {
      SCOPED_TRACE(indexed ? "the index knows the run" : "there is no index");
      make_lab(indexed);
      const std::string path = run::folder_of(lab_, uuid()).file(file.name);
      way.damage(path, read_file(path));
      look(named);
      look(named);  // again, from the index that the first call has left
      if (indexed) continue;
      look_at_one(named);
      const bool ended = file.name != std::string(run::kResultFile);
      export_all(named, named || ended);
      check_and_rebuild(named);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Run, Damaged, testing::Range(size_t{0}, files().size()),
                         [](const auto& file) {
                           std::string name = files().at(file.param).name;
                           for (char& c : name) c = isalnum(c) ? c : '_';
                           return name;
                         });

// The test part of these runs was opened later, so their test metrics lie in test.json.
class DamagedTestPart : public testing::TestWithParam<size_t> {};

TEST_P(DamagedTestPart, IsNamedAndLeftOutAndHidesNothing) {
  const Way& way = ways().at(GetParam());
  if (way.name == std::string("unreadable") && geteuid() == 0) GTEST_SKIP() << "root reads all";
  if (way.name == std::string("missing")) GTEST_SKIP() << "the test part is closed then";
  lab::TemporaryLab lab;
  const auto experiment = lab::closed(lab::experiment_of({"a", "b"}));
  run::save_plan(lab.path(), experiment);
  std::vector<run::Folder> runs;
  for (size_t i = 0; i < 2; ++i) {
    runs.push_back(lab::finished_run(lab.path(), experiment, i, /*test=*/false));
    lab::write_test(runs.back(), 2);
  }
  const std::string path = runs[0].file(run::kTestFile);
  way.damage(path, read_file(path));
  const auto call = [&](std::vector<std::string> arguments, testing::Matcher<int> code) {
    arguments.insert(arguments.begin(), {LEALAB_PROGRAM, "--lab", lab.path()});
    const auto result = lab::run_process(arguments, 30);
    EXPECT_THAT(result.exit_code, code) << testing::PrintToString(arguments) << result.err;
    EXPECT_THAT(result.err, HasSubstr("test.json")) << testing::PrintToString(arguments);
    return result.out;
  };
  const auto damage = testing::AnyOf(3, 4);
  const auto listed = nlohmann::json::parse(call({"ls", "--json"}, 0));
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].at("uuid"), runs[1].uuid());
  call({"table", "study"}, 0);
  const std::string uuid = runs[0].uuid();
  for (const std::vector<std::string>& command : {std::vector<std::string>{"show", uuid},
                                                  {"verify", uuid},
                                                  {"export", "ranks", uuid, "--out", "-"},
                                                  {"export", "study", "--out", lab.beside("packs")},
                                                  {"db", "check"},
                                                  {"db", "rebuild"}}) {
    call(command, damage);
  }
}

INSTANTIATE_TEST_SUITE_P(Way, DamagedTestPart, testing::Range(size_t{0}, ways().size()),
                         [](const auto& way) { return std::string(ways().at(way.param).name); });

class DamagedPlan : public Damaged {};

TEST_P(DamagedPlan, HidesNoRun) {
  const Way& way = ways().at(GetParam());
  if (way.name == std::string("unreadable") && geteuid() == 0) GTEST_SKIP() << "root reads all";
  // Nothing rests on where a plan lies, and a plan that is gone is no damage.
  if (way.name == std::string("link") || way.name == std::string("missing")) GTEST_SKIP();
  make_lab(/*indexed=*/false);
  const std::string path = run::plan_file(lab_, "study");
  way.damage(path, read_file(path));
  const auto ls = lealab({"ls", "--json"});
  EXPECT_EQ(ls.exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(ls.out).size(), 3u);
  EXPECT_THAT(ls.err, HasSubstr("study.json"));
  const auto exported = lealab({"export", "study", "--out", lab_ + "-packs"});
  EXPECT_EQ(exported.exit_code, 3);
  EXPECT_THAT(exported.err, HasSubstr("study.json"));
  EXPECT_THAT(exported.out, HasSubstr("3 runs in "));
  for (const char* action : {"check", "rebuild"}) {
    const auto ended = lealab({"db", action});
    EXPECT_EQ(ended.exit_code, 3);
    EXPECT_THAT(ended.err, HasSubstr("study.json"));
  }
}

INSTANTIATE_TEST_SUITE_P(Way, DamagedPlan, testing::Range(size_t{0}, ways().size()),
                         [](const auto& way) { return std::string(ways().at(way.param).name); });

class DamagedFolder : public Damaged {};

TEST_P(DamagedFolder, IsNamedAndHidesNothing) {
  for (const char* what : {"file", "link", "empty"}) {
    SCOPED_TRACE(what);
    make_lab(/*indexed=*/false);
    const std::string path = run::folder_of(lab_, uuid()).path;
    fs::remove_all(path);
    if (what == std::string("file")) write(path, "not a folder");
    if (what == std::string("link")) fs::create_symlink(uuid(), path);
    if (what == std::string("empty")) fs::create_directory(path);
    look(/*named=*/true);
    look_at_one(/*named=*/true);
    export_all(/*named=*/true, /*finished=*/true);
    check_and_rebuild(/*named=*/true);
  }
}

INSTANTIATE_TEST_SUITE_P(Run, DamagedFolder, testing::Values(size_t{0}),
                         [](const auto&) { return std::string("InThePlaceOfAFolder"); });

}  // namespace
}  // namespace lea
