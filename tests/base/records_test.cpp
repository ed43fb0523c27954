#include "core/base/records.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/base/files.h"
#include "tests/base/message.h"
#include "tests/base/scratch.h"

namespace lea {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class Records : public ScratchTest {
 protected:
  Records() {
    for (int step : {1, 2, 3}) append_record(file_, {{"step", step}});
    bytes_ = read_file(file_);
  }
  std::string refusal_of(const std::string& bytes) const {
    write("events.jsonl", bytes);
    return message_of([&] { read_whole_records(file_); });
  }

  const std::string file_ = path("events.jsonl");
  std::string bytes_;
};

TEST_F(Records, OfAFileThatIsWholeMayEndInALineThatACrashCut) {
  EXPECT_THAT(read_whole_records(file_), SizeIs(3));
  const size_t last = bytes_.rfind('{');
  for (size_t length = last; length + 1 < bytes_.size(); ++length) {
    EXPECT_EQ(refusal_of(bytes_.substr(0, length)), "") << length;
    EXPECT_THAT(read_whole_records(file_), SizeIs(2)) << length;
  }
  EXPECT_EQ(refusal_of(""), "");
  EXPECT_THAT(read_whole_records(path("absent")), IsEmpty());
}

TEST_F(Records, OfAFileThatIsWholeAreRefusedWithOtherDamage) {
  // Without its end the last line would look cut.
  for (size_t i = 0; i + 1 < bytes_.size(); ++i) {
    std::string damaged = bytes_;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_NE(refusal_of(damaged), "") << i;
  }
  std::string second = bytes_;
  second[bytes_.find("\"step\":2") + 7] = '7';
  EXPECT_EQ(refusal_of(second),
            file_ +
                ": line 2: is damaged: it is no record with its checksum. Restore the file from "
                "a copy.");
  EXPECT_NE(refusal_of("\x01\x02\x03"), "") << "no crash writes this";
  EXPECT_THAT(read_records(file_), IsEmpty());
}

TEST_F(Records, AreNotAwaitedFromAFifo) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  uint64_t offset = 0;
  EXPECT_THAT(read_records(path("fifo")), IsEmpty());
  EXPECT_THAT(read_whole_records(path("fifo")), IsEmpty());
  EXPECT_THAT(read_sound_records(path("fifo")), IsEmpty());
  EXPECT_THAT(read_new_records(path("fifo"), &offset), IsEmpty());
  cut_unfinished_line(path("fifo"));
}

}  // namespace
}  // namespace lea
