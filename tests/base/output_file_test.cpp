#include "core/base/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/files.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class Output : public ScratchTest {
 protected:
  static void write_to(const std::string& out, const std::string& text) {
    OutputFile file(out);
    file.write(text);
    file.publish();
  }
  std::string refusal(const std::string& out) const {
    return message_of([&] { OutputFile file(out); });
  }
};

TEST_F(Output, AFileGetsItsNameWhenItIsComplete) {
  write("a", "old");
  {
    OutputFile file(path("a"));
    file.write("new");
    EXPECT_EQ(read_file(path("a")), "old");
  }
  EXPECT_EQ(read_file(path("a")), "old") << "it was not published";
  write_to(path("a"), "new");
  EXPECT_EQ(read_file(path("a")), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << "a temporary was left";
}

TEST_F(Output, AFileOfASimilarNameIsTheUsersAndWhatAKilledWriterLeftIsRemoved) {
  write("a.part", "the user's");
  write(".a.999999999-0.tmp", "left by a process that no longer runs");
  write(".a.b.999999999-0.tmp", "of another file");
  const std::string longest(255, 'x');
  write_to(path("a"), "new");
  write_to(path(longest), "new");
  EXPECT_EQ(read_file(path("a.part")), "the user's");
  EXPECT_EQ(read_file(path(longest)), "new");
  EXPECT_FALSE(fs::exists(path(".a.999999999-0.tmp")));
  EXPECT_TRUE(fs::exists(path(".a.b.999999999-0.tmp")));
}

TEST_F(Output, TwoWritersOfOneFileDoNotDisturbEachOther) {
  OutputFile first(path("a")), second(path("a"));
  first.write("first");
  second.write("second");
  second.publish();
  EXPECT_EQ(read_file(path("a")), "second");
  first.publish();
  EXPECT_EQ(read_file(path("a")), "first");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(Output, ALinkStaysAndTheFileBehindItIsReplaced) {
  write("folder/target", "old");
  fs::create_symlink("folder/target", path("first"));
  fs::create_symlink(path("first"), path("second"));
  fs::create_symlink("folder/made", path("third"));
  write_to(path("second"), "new");
  write_to(path("third"), "made");
  EXPECT_EQ(read_file(path("folder/target")), "new");
  EXPECT_EQ(read_file(path("folder/made")), "made");
  for (const char* link : {"first", "second", "third"})
    EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path(link)))) << link;
}

TEST_F(Output, AFifoOrALinkToOneIsWrittenIntoAndStays) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  fs::create_symlink("fifo", path("link"));
  for (const char* name : {"fifo", "link"}) {
    const int reader = open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK);
    write_to(path(name), "text");
    char text[16];
    EXPECT_EQ(read(reader, text, sizeof text), 4) << name;
    close(reader);
  }
  EXPECT_TRUE(fs::is_fifo(path("fifo")));
  EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path("link"))));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
}

TEST_F(Output, ALinkToADeviceIsWrittenIntoAndStays) {
  fs::create_symlink("/dev/null", path("null"));
  fs::create_symlink("/dev/full", path("full"));
  write_to(path("null"), "text");
  EXPECT_THAT(message_of([&] { write_to(path("full"), "text"); }),
              EndsWith("full: cannot be written: No space left on device."));
  for (const char* link : {"null", "full"})
    EXPECT_TRUE(fs::is_symlink(fs::symlink_status(path(link)))) << link;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 2);
}

TEST_F(Output, NamesWhyNothingCanBeWritten) {
  write("file", "");
  fs::create_symlink("loop", path("loop"));
  EXPECT_EQ(refusal(path("none/a")), path("none/a") + ": cannot be written: there is no folder " +
                                         path("none") + ". Make it, or name another file.");
  EXPECT_EQ(refusal(path("file/a")),
            path("file/a") + ": cannot be written: " + path("file") + " is no folder.");
  EXPECT_EQ(refusal(folder_), folder_ + ": cannot be written: it is a folder. Name a file.");
  EXPECT_THAT(refusal(path("loop")), HasSubstr("loop: cannot be written: Too many levels of sym"));
  EXPECT_THAT(refusal(""), HasSubstr("--out: is empty."));
}

TEST_F(Output, ADashIsStandardOutputAndAFileOfThisNameIsNot) {
  EXPECT_TRUE(is_standard_output("-"));
  EXPECT_FALSE(is_standard_output(path("-")));
  EXPECT_TRUE(OutputPlace("-").is_stream());
  EXPECT_FALSE(OutputPlace(path("-")).is_stream());
}

}  // namespace
}  // namespace lea
