#include <gmock/gmock.h>

#include <cstring>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

using testing::HasSubstr;

RankFile two_events() {
  RankFile file{sha256("data"), sha256("split"), 10, {}};
  file.records = {{0, 3, 7, 2, 4, 1, 3, 0}, {1, 0, 10, 0, 10, 0, 10, 0}};
  return file;
}

std::string message(const std::string& bytes) {
  try {
    decode_ranks(bytes, "ranks.bin");
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

// As `bytes`, but with another value at an offset and a checksum that fits.
template <class T>
std::string forged(std::string bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
  bytes.resize(bytes.size() - 64);
  return bytes + sha256(bytes);
}

constexpr size_t kFirst = 152;  // offset of the first record

TEST(Ranks, ComeBackAsWritten) {
  const RankFile file = two_events();
  const std::string bytes = encode_ranks(file);
  EXPECT_EQ(bytes.size(), kFirst + 2 * 32 + 64);
  const RankFile back = decode_ranks(bytes, "ranks.bin");
  EXPECT_EQ(back.items, file.items);
  EXPECT_EQ(back.data_fingerprint, file.data_fingerprint);
  EXPECT_EQ(back.split_fingerprint, file.split_fingerprint);
  ASSERT_EQ(back.records.size(), 2U);
  EXPECT_EQ(std::memcmp(back.records.data(), file.records.data(), 64), 0);
}

TEST(Ranks, MayBeEmpty) {
  RankFile file = two_events();
  file.records.clear();
  EXPECT_TRUE(decode_ranks(encode_ranks(file), "ranks.bin").records.empty());
}

TEST(Ranks, RefuseEveryCutAndEveryChangedByte) {
  const std::string bytes = encode_ranks(two_events());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(message(bytes.substr(0, size)), "") << size;
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_NE(message(changed), "") << at;
  }
  EXPECT_NE(message(bytes + "x"), "");
}

TEST(Ranks, NameTheOffsetOfWhatIsWrong) {
  const std::string bytes = encode_ranks(two_events());
  std::string changed = bytes;
  changed[kFirst + 5] ^= 1;
  EXPECT_EQ(
      message(changed),
      "ranks.bin: byte 216: the checksum does not match the content. The rank file is damaged; "
      "its run must be repeated.");
  EXPECT_THAT(message("x" + bytes.substr(1)),
              HasSubstr("byte 0: the file does not start with LEARANK1"));
  EXPECT_THAT(message(forged<uint32_t>(bytes, 8, 28)),
              HasSubstr("byte 8: records have 28 bytes instead of 32"));
  EXPECT_THAT(message(forged<char>(bytes, 24, 'Z')),
              HasSubstr("byte 24: a fingerprint must be 64"));
  // A count whose product with 32 wraps to the true size.
  EXPECT_THAT(message(forged<uint64_t>(bytes, 16, (uint64_t{1} << 59) + 2)),
              HasSubstr("byte 16: "));
}

TEST(Ranks, RefuseValuesThatCannotBe) {
  const std::string bytes = encode_ranks(two_events());
  const auto record = [&](size_t field, uint32_t value) {
    return message(forged(bytes, kFirst + 4 * field, value));
  };
  EXPECT_THAT(record(2, 0), HasSubstr("byte 152: record 0: target 0 is outside 1 to 10"));
  EXPECT_THAT(record(2, 11), HasSubstr("target 11 is outside 1 to 10"));
  EXPECT_THAT(record(4, 0), HasSubstr("rank 0 with 1 tie is outside 1 to 10"));
  EXPECT_THAT(record(4, 10), HasSubstr("rank 10 with 1 tie is outside 1 to 10"));
  EXPECT_THAT(record(5, UINT32_MAX), HasSubstr("ties is outside 1 to 10"));
  EXPECT_THAT(record(6, 5), HasSubstr("the rank among unseen items (5, 0 ties) is not within"));
  EXPECT_THAT(record(0, 2), HasSubstr("byte 184: record 1: the records are not in data order"));
}

TEST(Ranks, AreCheckedBeforeTheyAreWritten) {
  RankFile file = two_events();
  file.records[1] = file.records[0];
  EXPECT_THROW(encode_ranks(file), DataError);
  file = two_events();
  file.data_fingerprint = "none";
  EXPECT_THROW(encode_ranks(file), DataError);
}

}  // namespace
}  // namespace lea::eval
