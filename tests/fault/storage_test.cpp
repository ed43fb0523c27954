// A disk that fills up at any moment, and a lab that cannot be written: each gives one clear
// message, and nothing is lost.
#include <sys/mount.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr size_t kRuns = 4;

// The lab lies on a small disk of its own.
class Storage : public LabCommand {
 protected:
  void write_spec() const {
    write("spec.yaml", R"(name: grid
data: {name: toy, path: interactions.tsv}
train: {batch_size: 32, max_steps: 40, validate_every: 10, patience: 20}
backbone: gru4rec
grid: {framework: [popularity, markov, supervised, snqn]}
seeds: [1]
runs: 4
)");
  }
  void SetUp() override {
    write_spec();
    fs::create_directory(path("lab"));
    if (mount("tmpfs", path("lab").c_str(), "tmpfs", 0, "size=16m") != 0)
      GTEST_SKIP() << "mounting a small disk needs root: " << std::strerror(errno);
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) umount2(path("lab").c_str(), MNT_DETACH);
  }
  void remount(unsigned long flags, const char* size = "size=16m") {
    ASSERT_EQ(mount("tmpfs", path("lab").c_str(), "tmpfs", MS_REMOUNT | flags, size), 0)
        << std::strerror(errno);
  }
  // Fills the disk until about `free` bytes are left.
  void fill(size_t free) {
    std::ofstream file(path("lab/filler"));
    const std::string block(4096, '#');
    const auto blocks = (fs::space(path("lab")).available - free) / block.size();
    for (size_t i = 0; i < blocks; ++i) file << block;
  }
  lab::ProcessResult run() const { return lealab({"run", path("spec.yaml")}); }
  // The table of the four runs.
  std::string table() const {
    const auto result = lealab({"table", "grid", "--format", "csv"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1 + static_cast<int>(kRuns));
    return result.out;
  }
  static std::map<std::string, std::string> ranks_in(const std::string& lab) {
    std::map<std::string, std::string> ranks;
    for (const auto& run : fs::directory_iterator(lab + "/runs")) {
      const auto cell = nlohmann::json::parse(read_file(run.path() / "cell.json"));
      if (fs::exists(run.path() / "ranks.bin"))
        ranks[cell.at("hash")] = read_file(run.path() / "ranks.bin");
    }
    return ranks;
  }

  // Every command that reads works, and the table is `before`. Every command that writes says in
  // one line why it cannot.
  void expect_only_reading(const std::string& before, const std::string& why) const {
    EXPECT_EQ(table(), before);
    const std::string uuid =
        fs::directory_iterator(path("lab/runs"))->path().filename().string().substr(0, 8);
    for (const std::vector<std::string>& reading : {std::vector<std::string>{"ls"},
                                                    {"show", uuid},
                                                    {"log", uuid},
                                                    {"db", "check"},
                                                    {"data", "ls"},
                                                    {"plan", path("spec.yaml")},
                                                    {"export", "grid", "--out", path("packs")}}) {
      const auto result = lealab(reading);
      EXPECT_EQ(result.exit_code, 0) << reading[0] << ": " << result.err;
    }
    for (const std::vector<std::string>& writing :
         {std::vector<std::string>{"run", path("spec.yaml")},
          {"db", "rebuild"},
          {"import", path("packs")},
          {"data", "import", "other", path("interactions.tsv")}}) {
      const auto result = lealab(writing);
      EXPECT_EQ(result.exit_code, 4) << writing[0] << ": " << result.out << result.err;
      EXPECT_THAT(result.err, HasSubstr(why)) << writing[0];
      EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    }
  }

  bool mounted_ = false;
};

TEST_F(Storage, ADiskThatFillsUpAtAnyMomentLosesNothing) {
  const auto whole =
      lab::run_process({LEALAB_PROGRAM, "--lab", path("whole"), "run", path("spec.yaml")}, 300);
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto expected = ranks_in(path("whole"));
  ASSERT_EQ(expected.size(), kRuns);
  for (const size_t kib : {0, 40, 100, 200, 400, 800, 1400, 2200}) {
    SCOPED_TRACE(std::to_string(kib) + " KiB free");
    for (const auto& entry : fs::directory_iterator(path("lab"))) fs::remove_all(entry.path());
    fill(kib << 10);
    const auto full = run();
    EXPECT_EQ(full.exit_code, int(Exit::kEnvironment)) << full.err;
    EXPECT_THAT(full.out + full.err, AnyOf(HasSubstr("No space left"), HasSubstr("are free")));
    // No JSON file is there that was written only half.
    for (const auto& entry : fs::recursive_directory_iterator(path("lab"))) {
      if (entry.path().extension() != ".json") continue;
      EXPECT_TRUE(nlohmann::json::accept(read_file(entry.path()))) << entry.path();
    }
    fs::remove(path("lab/filler"));
    const auto again = run();
    EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
    EXPECT_EQ(lealab({"db", "check"}).exit_code, 0);
    EXPECT_TRUE(ranks_in(path("lab")) == expected);
  }
}

TEST_F(Storage, AFullDiskEndsAGridBeforeEveryRunHasFailedOnIt) {
  const std::vector<std::string> many = {
      "run", path("spec.yaml"), "--set", "seeds=[1,2,3,4,5,6,7]", "--set", "runs=16"};
  remount(0, "size=800k");
  const auto full = lealab(many);
  EXPECT_EQ(full.exit_code, int(Exit::kEnvironment)) << full.err;
  EXPECT_THAT(full.err, HasSubstr("did not begin: "));
  EXPECT_THAT(full.err, AnyOf(HasSubstr("bytes are needed"), HasSubstr("No space left")));
  EXPECT_THAT(full.err, HasSubstr("the same command continues"));
  remount(0);
  const auto again = lealab(many);
  EXPECT_EQ(again.exit_code, 0) << again.out << again.err;
  EXPECT_EQ(ranks_in(path("lab")).size(), 16);
}

TEST_F(Storage, AFullDiskRefusesImportsAndPacksAndKeepsWhatThereIs) {
  ASSERT_EQ(run().exit_code, 0);
  const std::string before = table();
  ASSERT_EQ(lealab({"export", "grid", "--out", path("packs")}).exit_code, 0);
  fill(4096);
  write_interactions(/*seed=*/5);
  const auto import = lealab({"data", "import", "other", path("interactions.tsv")});
  EXPECT_EQ(import.exit_code, 4) << import.err;
  EXPECT_THAT(import.err, HasSubstr("No space left"));
  EXPECT_FALSE(fs::exists(path("lab/data/other")));
  for (const auto& entry : fs::directory_iterator(path("lab/data")))
    EXPECT_EQ(entry.path().filename(), "toy") << "a temporary folder was left";
  const auto packs = lealab({"export", "grid", "--out", path("lab/packs")});
  EXPECT_EQ(packs.exit_code, 4) << packs.err;
  EXPECT_THAT(packs.err, HasSubstr("bytes are needed; "));
  const auto rebuilt = lealab({"db", "rebuild"});
  EXPECT_EQ(rebuilt.exit_code, 4) << rebuilt.out;
  EXPECT_THAT(rebuilt.err, HasSubstr("Free some space"));
  EXPECT_EQ(table(), before);
}

TEST_F(Storage, AReadOnlyLabIsReadAndRefusesTheRest) {
  ASSERT_EQ(run().exit_code, 0);
  const std::string before = table();
  remount(MS_RDONLY);
  expect_only_reading(before, "Read-only file system");
  remount(0);
  EXPECT_EQ(run().exit_code, 0);
}

// A lab without the permission to write into it. Root may write everywhere, so `lealab` then runs
// without the capabilities that allow it.
class Permission : public Storage {
 protected:
  void SetUp() override {
    write_spec();
    if (geteuid() == 0)
      through_ = {"/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  }
  void permit(bool writing) const {
    using Perms = fs::perms;
    const auto how = writing ? fs::perm_options::add : fs::perm_options::remove;
    fs::permissions(path("lab"), Perms::owner_write, how);
    for (const auto& entry : fs::recursive_directory_iterator(path("lab")))
      fs::permissions(entry.path(), Perms::owner_write, how);
  }
  void TearDown() override {
    if (fs::exists(path("lab"))) permit(true);
  }
};

TEST_F(Permission, ALabWithoutItIsReadAndRefusesTheRest) {
  ASSERT_EQ(run().exit_code, 0);
  const std::string before = table();
  permit(false);
  expect_only_reading(before, "Permission denied");
  permit(true);
  EXPECT_EQ(run().exit_code, 0);
}

}  // namespace
}  // namespace lea
