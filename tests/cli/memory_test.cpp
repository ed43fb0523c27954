// `lealab` with too little memory. Wherever it runs out, the command prints one line, ends with the
// documented code, leaves nothing half done and never calls a sound file damaged.
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/files.h"
#include "tests/cli/lab_command.h"

namespace lea {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kNoLoader = 127;  // there was no memory for the shared libraries

class Memory : public LabCommand {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's shadow memory is beyond any limit";
#endif
  }

  // Calls the command with more and more memory until it succeeds. `untouched` checks what each
  // failure left behind.
  void grow(const std::vector<std::string>& command, const std::function<void()>& untouched) const {
    std::set<int> codes;
    for (int kib = 1000; !codes.contains(0); kib += 500) {
      ASSERT_LT(kib, 200'000) << "no amount is enough";
      std::vector<std::string> limited = {
          "/bin/sh",  "-c",           "ulimit -d " + std::to_string(kib) + "; exec \"$@\"",
          "sh",       LEALAB_PROGRAM, "--lab",
          path("lab")};
      limited.insert(limited.end(), command.begin(), command.end());
      const auto result = lab::run_process(limited, 300);
      codes.insert(result.exit_code);
      if (result.exit_code == 0 || result.exit_code == kNoLoader) continue;
      EXPECT_EQ(result.exit_code, 4) << kib << " KiB: " << result.err;
      EXPECT_THAT(result.err, HasSubstr("memory")) << kib << " KiB";
      EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
      untouched();
    }
    EXPECT_TRUE(codes.contains(4)) << "it never ran out";
  }
};

TEST_F(Memory, RunsOutInAnImportOfData) {
  std::string text = "user_id\titem_id\ttimestamp\n";
  for (int i = 0; i < 200'000; ++i)
    text += "u" + std::to_string(i / 2) + "\ti" + std::to_string(i % 9) + "\t1\n";
  write("large.tsv", text);
  grow({"data", "import", "large", path("large.tsv")}, [&] {
    EXPECT_TRUE(!std::filesystem::exists(path("lab/data")) ||
                std::filesystem::is_empty(path("lab/data")));
  });
  EXPECT_THAT(lealab({"data", "ls"}).out, HasSubstr("200000"));
}

TEST_F(Memory, RunsOutInAnImportOfPackedRuns) {
  grow({"import", LEA_SOURCE_DIR "/experiments/industry_tuned"}, [&] {
    if (!std::filesystem::exists(path("lab/runs"))) return;
    for (const auto& entry : std::filesystem::directory_iterator(path("lab/runs")))
      EXPECT_TRUE(std::filesystem::exists(entry.path() / "result.json")) << entry.path();
  });
  EXPECT_EQ(lealab({"db", "check"}).exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(lealab({"ls", "--json"}).out).size(), 6);
}

TEST_F(Memory, RunsOutInAnExport) {
  ASSERT_EQ(lealab({"import", LEA_SOURCE_DIR "/experiments/industry_tuned"}).exit_code, 0);
  std::map<std::filesystem::path, std::string> left;
  grow({"export", "industry_tuned", "--out", path("packs")}, [&] {
    if (!std::filesystem::exists(path("packs"))) return;
    for (const auto& entry : std::filesystem::directory_iterator(path("packs")))
      left.emplace(entry.path(), read_file(entry.path()));
  });
  for (const auto& [file, bytes] : left) {
    EXPECT_TRUE(read_file(file) == bytes) << file << " was left half written";
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path("packs")), {}), 7)
      << "six runs and their plan";
}

// Here the memory of the child process runs out, which probes a plugin.
TEST_F(Memory, ThatALookAtAPluginLackedIsNotHeldAgainstThePlugin) {
  setenv("XDG_CACHE_HOME", path("cache").c_str(), 1);
  const auto within = lab::run_process(
      {"/bin/sh", "-c", "ulimit -d 20000; exec \"$@\"", "sh", LEALAB_PROGRAM, "plugins"}, 300);
  EXPECT_THAT(within.out, HasSubstr("memory ran out: free some; the next call looks again"));
  const auto after = lealab({"plugins"});
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_THAT(after.out, Not(HasSubstr("failed"))) << after.out;
  EXPECT_THAT(after.out, HasSubstr("lea.gru4rec"));
}

TEST_F(Memory, RunsOutBeforeThePluginsAreLookedAt) {
  setenv("XDG_CACHE_HOME", path("cache").c_str(), 1);
  grow({"plugins"}, [] {});
}

}  // namespace
}  // namespace lea
