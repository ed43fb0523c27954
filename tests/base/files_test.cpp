#include "core/base/files.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "core/base/error.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Publish : public ScratchTest {
 protected:
  size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }
};

TEST_F(Publish, ReplacesAFileAndLeavesNoTemporary) {
  publish_file(path("a"), "first");
  publish_file(path("a"), std::string("sec\0nd", 6));
  EXPECT_EQ(read_file(path("a")), std::string("sec\0nd", 6));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Publish, FollowsTheUmaskAndNotAPrivateDefault) {
  const mode_t old = umask(022);
  publish_file(path("a"), "x");
  umask(old);
  struct stat info {};
  ASSERT_EQ(stat(path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST_F(Publish, ReplacesALinkAndNotWhatItPointsAt) {
  write("target", "keep");
  fs::create_symlink(path("target"), path("a"));
  publish_file(path("a"), "new");
  EXPECT_EQ(read_file(path("target")), "keep");
  EXPECT_FALSE(fs::is_symlink(path("a")));
}

TEST_F(Publish, WritesIntoAFolderThatIsALink) {
  fs::create_directory(path("far"));
  fs::create_directory_symlink(path("far"), path("near"));
  publish_file(path("near/a"), "new");
  EXPECT_EQ(read_file(path("far/a")), "new");
  write("near/.a-written", "written");
  publish_written(path("near/.a-written"), path("near/b"));
  EXPECT_EQ(read_file(path("far/b")), "written");
  write("near/tmp/c", "in a folder");
  EXPECT_TRUE(publish_folder(path("near/tmp"), path("near/done")));
  EXPECT_EQ(read_file(path("far/done/c")), "in a folder");
}

TEST_F(Publish, SaysWhereAndWhyItCannotWriteAndHowMuchIsFree) {
  try {
    publish_file(path("none/a"), "x");
    FAIL() << "the folder does not exist";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.code(), Exit::kEnvironment);
    EXPECT_THAT(error.what(), StartsWith(path("none/a") + ": cannot be written (create): No such"));
  }
  fs::create_directory(path("folder"));
  write("folder/in", "x");
  try {
    publish_file(path("folder"), "x");
    FAIL() << "a folder is in the way";
  } catch (const StoreError& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot be written (rename): Is a directory; "));
    EXPECT_THAT(error.what(), HasSubstr(" bytes are free there"));
  }
  EXPECT_EQ(entries(), 1u) << "a temporary was left behind";
}

TEST_F(Publish, KeepsTheOldFileWhenAWriteFailsHalfWay) {
  publish_file(path("a"), "old");
  struct rlimit limit {
  }, small{};
  getrlimit(RLIMIT_FSIZE, &limit);
  small = {1000, limit.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    publish_file(path("a"), std::string(5000, 'x'));
  } catch (const StoreError& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, SIG_DFL);
  EXPECT_THAT(message, StartsWith(path("a") + ": cannot be written (write): File too large; "));
  EXPECT_EQ(read_file(path("a")), "old");
  EXPECT_EQ(entries(), 1u) << "a temporary was left behind";
}

TEST_F(Publish, MovesAPreparedFolderIntoPlace) {
  write("tmp/a/b", "x");
  EXPECT_TRUE(publish_folder(path("tmp"), path("done")));
  EXPECT_EQ(read_file(path("done/a/b")), "x");
  EXPECT_FALSE(fs::exists(path("tmp")));
}

TEST_F(Publish, RefusesAPreparedFolderThatIsALink) {
  write("far/a", "x");
  fs::create_directory_symlink(path("far"), path("tmp"));
  EXPECT_THROW(publish_folder(path("tmp"), path("done")), StoreError);
  EXPECT_FALSE(fs::exists(path("done")));
}

TEST_F(Publish, LosesTheRaceForAFolderWithoutTouchingTheWinner) {
  write("tmp/a", "mine");
  fs::create_directory(path("done"));  // empty: plain rename would replace it
  EXPECT_FALSE(publish_folder(path("tmp"), path("done")));
  EXPECT_TRUE(fs::is_empty(path("done")));
  EXPECT_FALSE(fs::exists(path("tmp")));
}

TEST_F(Publish, ReadsOnlyRegularFilesWithinTheLimit) {
  write("a", "12345");
  EXPECT_EQ(read_file(path("a"), 5), "12345");
  const auto reason = [&](const std::string& file, size_t limit) -> std::string {
    try {
      read_file(file, limit);
    } catch (const StoreError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(reason(path("a"), 4), path("a") + ": cannot be read: it is larger than 4 bytes");
  EXPECT_EQ(reason(folder_, 4), folder_ + ": cannot be read: it is a folder");
  EXPECT_EQ(reason("/dev/zero", 4), "/dev/zero: cannot be read: it is not a regular file");
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(reason(path("fifo"), 4), path("fifo") + ": cannot be read: it is not a regular file");
  EXPECT_EQ(reason(path("b"), 4), path("b") + ": cannot be read: No such file or directory");
}

}  // namespace
}  // namespace lea
