#include "core/base/lfs_pointer.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "core/base/event_rows.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/mapped_file.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

const std::string kPointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n";

using LfsPointer = ScratchTest;

TEST_F(LfsPointer, IsNamedAsSuchByEveryReader) {
  const std::string file = write("a", kPointer);
  const std::string message =
      file + ": is a Git LFS pointer, not the file itself: run `git lfs pull`.";
  EXPECT_EQ(message_of([&] { read_file(file); }), message);
  EXPECT_EQ(message_of([&] { read_input(file); }), message);
  EXPECT_EQ(message_of([&] { read_json(file); }), message);
  EXPECT_EQ(message_of([&] { MappedFile{file}; }), message);
  EXPECT_EQ(message_of([&] { EventRows(file, {"rank"}); }), message);
  EXPECT_EQ(message_of([&] { refuse_lfs_pointer_at(file); }), message);
}

TEST_F(LfsPointer, IsBadInputAndNotAFailureOfTheMachine) {
  const std::string file = write("a", kPointer);
  EXPECT_THROW(read_file(file), DataError);
  EXPECT_THROW(read_json(file), DataError);
}

TEST_F(LfsPointer, IsSmallAndBeginsWithItsVersion) {
  const std::string large = write("large", kPointer + std::string(1024, 'x'));
  EXPECT_EQ(read_file(large), kPointer + std::string(1024, 'x'));
  refuse_lfs_pointer_at(large);
  const std::string later = write("later", "\n" + kPointer);
  EXPECT_EQ(read_file(later), "\n" + kPointer);
  refuse_lfs_pointer_at(later);
}

TEST_F(LfsPointer, IsNotSoughtInWhatIsNoFile) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const std::string& other : {path("fifo"), path("none"), folder_, std::string("/dev/zero")})
    EXPECT_EQ(message_of([&] { refuse_lfs_pointer_at(other); }), "") << other;
}

}  // namespace
}  // namespace lea
