#include "core/base/cached_sum.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/hash.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

class CachedSum : public ScratchTest {
 protected:
  void SetUp() override { setenv("XDG_CACHE_HOME", path("cache").c_str(), 1); }

  // A file that was last changed some minutes ago.
  std::string write_old(const std::string& text, int minutes = 9) const {
    const std::string file = write("weights", text);
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(minutes));
    return file;
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> files;
    if (!fs::exists(path("cache/lealab/sums"))) return files;
    for (const auto& entry : fs::directory_iterator(path("cache/lealab/sums")))
      files.push_back(entry.path().string());
    return files;
  }
};

TEST_F(CachedSum, IsTakenFromTheCacheWhileTheFileIsTheSame) {
  const std::string file = write_old("one");
  EXPECT_EQ(cached_sum(file), sha256("one"));
  ASSERT_EQ(kept().size(), 1u);
  publish_file(kept().front(), sha256("what the cache says"));
  EXPECT_EQ(cached_sum(file), sha256("what the cache says")) << "the file was read again";
}

TEST_F(CachedSum, IsComputedAgainWhenTimeSizeOrInodeChanged) {
  cached_sum(write_old("one"));
  EXPECT_EQ(cached_sum(write_old("two", 8)), sha256("two"));
  EXPECT_EQ(cached_sum(write_old("three", 8)), sha256("three"));
  const auto time = fs::last_write_time(path("weights"));
  write("other", "seven");
  fs::last_write_time(path("other"), time);
  fs::rename(path("other"), path("weights"));
  EXPECT_EQ(cached_sum(path("weights")), sha256("seven"));
}

TEST_F(CachedSum, OfAFileThatWasJustWrittenIsNotKept) {
  EXPECT_EQ(cached_sum(write("weights", "one")), sha256("one"));
  EXPECT_TRUE(kept().empty());
}

TEST_F(CachedSum, ThatIsDamagedIsComputedAgain) {
  const std::string file = write_old("one");
  cached_sum(file);
  for (const char* damaged : {"", "half of a sum", "0123"}) {
    publish_file(kept().at(0), damaged);
    EXPECT_EQ(cached_sum(file), sha256("one")) << damaged;
  }
}

TEST_F(CachedSum, IsTakenFromTheFileThatKeepsIt) {
  const std::string file = write_old("one");
  publish_file(kept_sum_file(file), sha256("what another program has computed"));
  EXPECT_EQ(cached_sum(file), sha256("what another program has computed"));
  EXPECT_EQ(kept_sum_file(write("weights", "one")), "") << "it was just written";
}

TEST_F(CachedSum, ThatNeedsALongReadTellsSoBefore) {
  std::vector<std::string> told;
  const LongReads outer(1, [](const std::string&, uint64_t) { FAIL() << "the latest counts"; });
  const LongReads long_reads(5, [&](const std::string& path, uint64_t bytes) {
    told.push_back(fs::path(path).filename().string() + " " + std::to_string(bytes));
  });
  cached_sum(write_old("four"));
  EXPECT_TRUE(told.empty()) << "it is short";
  const std::string file = write_old("seven");
  cached_sum(file);
  const std::vector<std::string> once = {"weights 5"};
  EXPECT_EQ(told, once);
  cached_sum(file);
  EXPECT_EQ(told, once) << "its sum was known";
}

TEST_F(CachedSum, NeedsNoCache) {
  setenv("XDG_CACHE_HOME", path("weights/no folder").c_str(), 1);
  const std::string file = write_old("one");
  EXPECT_EQ(cached_sum(file), sha256("one"));
}

TEST_F(CachedSum, OfAFileThatIsNotThereIsAnError) {
  EXPECT_THROW(cached_sum(path("none")), StoreError);
  EXPECT_THROW(cached_sum(folder_), StoreError);
}

}  // namespace
}  // namespace lea
