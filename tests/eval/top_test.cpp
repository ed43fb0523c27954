#include "core/eval/top.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "tests/base/message.h"

namespace lea::eval {
namespace {

using testing::HasSubstr;

TopFile two_events() { return {sha256("data"), sha256("split"), 10, 3, {7, 1, 10, 2, 3, 1}}; }

std::string message(const std::string& bytes) {
  return message_of([&] { decode_top(bytes, "top.bin"); });
}

// As `bytes`, but with another value at an offset and a checksum that fits.
template <class T>
std::string forged(std::string bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
  bytes.resize(bytes.size() - 64);
  return bytes + sha256(bytes);
}

constexpr size_t kFirst = 152;  // offset of the first record

TEST(TopItems, ComeBackAsWritten) {
  const TopFile file = two_events();
  const std::string bytes = encode_top(file);
  EXPECT_EQ(bytes.size(), kFirst + 2 * 3 * 4 + 64);
  const TopFile back = decode_top(bytes, "top.bin");
  EXPECT_EQ(back.data_fingerprint, file.data_fingerprint);
  EXPECT_EQ(back.split_fingerprint, file.split_fingerprint);
  EXPECT_EQ(back.items, 10u);
  EXPECT_EQ(back.k, 3u);
  EXPECT_EQ(back.events(), 2u);
  EXPECT_EQ(back.top, file.top);
}

// The bytes that another program must find, as the documents say.
TEST(TopItems, LieInTheFileAsTheFormatSays) {
  const std::string bytes = encode_top(two_events());
  const auto number = [&](size_t offset) {
    uint32_t value = 0;
    std::memcpy(&value, bytes.data() + offset, 4);
    return value;
  };
  EXPECT_EQ(bytes.substr(0, 8), "LEATOPN1");
  EXPECT_EQ(number(8), 12u);
  EXPECT_EQ(number(12), 10u);
  EXPECT_EQ(number(16), 2u);
  EXPECT_EQ(bytes.substr(24, 64), sha256("data"));
  EXPECT_EQ(bytes.substr(88, 64), sha256("split"));
  EXPECT_EQ(number(kFirst), 7u);
  EXPECT_EQ(number(kFirst + 5 * 4), 1u);
}

TEST(TopItems, MayBeOfNoEvent) {
  TopFile file = two_events();
  file.top.clear();
  EXPECT_EQ(decode_top(encode_top(file), "top.bin").events(), 0u);
}

TEST(TopItems, RefuseEveryCutAndEveryChangedByte) {
  const std::string bytes = encode_top(two_events());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(message(bytes.substr(0, size)), "") << size;
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_NE(message(changed), "") << at;
  }
  EXPECT_NE(message(bytes + "x"), "");
}

TEST(TopItems, RefuseWhatCannotBeWithItsOffset) {
  const std::string bytes = encode_top(two_events());
  EXPECT_EQ(message("x" + bytes.substr(1)),
            "top.bin: byte 0: the file does not start with LEATOPN1. The file of top items is "
            "damaged; its run must be repeated.");
  const auto at = [&](size_t offset, uint32_t value) {
    return message(forged(bytes, offset, value));
  };
  EXPECT_THAT(at(8, 0), HasSubstr("byte 8: records have 0 bytes instead of a multiple of four"));
  EXPECT_THAT(at(8, 6), HasSubstr("byte 8: records have 6 bytes instead of a multiple of four"));
  EXPECT_THAT(at(8, 16), HasSubstr("byte 16: 2 records are announced, but 24 bytes"));
  EXPECT_THAT(at(12, 2), HasSubstr("byte 8: records have 3 items, but the data set has only 2"));
  EXPECT_THAT(at(kFirst, 0), HasSubstr("byte 152: record 0: item 0 is outside 1 to 10"));
  EXPECT_THAT(at(kFirst, 11), HasSubstr("byte 152: record 0: item 11 is outside 1 to 10"));
  EXPECT_THAT(at(kFirst + 16, 2), HasSubstr("byte 164: record 1: item 2 occurs twice"));
  // A count whose product with 12 wraps to the true size.
  EXPECT_THAT(message(forged<uint64_t>(bytes, 16, (uint64_t{1} << 62) + 2)), HasSubstr("byte 16"));
  // A number of items that would take all memory, if memory were taken for each item.
  EXPECT_EQ(message(forged<uint32_t>(bytes, 12, UINT32_MAX)), "");
}

TEST(TopItems, AreCheckedBeforeTheyAreWritten) {
  const auto refusal = [](const std::function<void(TopFile&)>& change) {
    TopFile file = two_events();
    change(file);
    return message_of([&] { encode_top(file); });
  };
  EXPECT_THAT(refusal([](TopFile& f) { f.top.pop_back(); }),
              HasSubstr("5 of them, in rows of 3 of 10 items."));
  EXPECT_THAT(refusal([](TopFile& f) { f.k = 0; }), HasSubstr("6 of them, in rows of 0 of"));
  EXPECT_THAT(refusal([](TopFile& f) { f.items = 2; }), HasSubstr("of 2 items"));
  EXPECT_THAT(refusal([](TopFile& f) { f.top[5] = 2; }),
              HasSubstr("record 1: item 2 occurs twice"));
  EXPECT_THAT(refusal([](TopFile& f) { f.data_fingerprint = "none"; }), HasSubstr("fingerprint"));
}

std::vector<uint32_t> top_of(const std::vector<float>& scores, const std::vector<uint32_t>& place,
                             uint32_t k) {
  std::vector<uint32_t> top(k);
  top_row(scores.data(), static_cast<uint32_t>(scores.size()), place.data(), k, top.data());
  return top;
}

TEST(TopRow, IsOrderedByScoreAndAmongEqualScoresByPlaceAndNotById) {
  const std::vector<float> scores = {3, 5, 3, 1, 3};
  EXPECT_EQ(top_of(scores, {0, 1, 2, 3, 4}, 3), (std::vector<uint32_t>{2, 1, 3}));
  EXPECT_EQ(top_of(scores, {4, 3, 2, 1, 0}, 3), (std::vector<uint32_t>{2, 5, 3}));
  EXPECT_EQ(top_of(scores, {2, 0, 4, 1, 3}, 5), (std::vector<uint32_t>{2, 1, 5, 3, 4}));
}

// A sort of the whole row is the plain definition. Few values give many ties.
TEST(TopRow, EqualsTheBeginningOfASortOfTheWholeRow) {
  std::mt19937 random(1);
  for (const uint32_t items : {1u, 2u, 19u, 20u, 21u, 51u, 52u, 53u, 84u, 1000u, 5003u}) {
    for (const int values : {1, 2, 7, 100000}) {
      std::vector<float> scores(items);
      for (float& score : scores) {
        score = static_cast<float>(random() % static_cast<unsigned>(values)) - 3;
        if (random() % 50 == 0) score = -INFINITY;
        if (random() % 50 == 0) score = score == 0 ? -0.f : INFINITY;
      }
      std::vector<uint32_t> place(items), expected(items);
      std::iota(place.begin(), place.end(), 0);
      std::shuffle(place.begin(), place.end(), random);
      std::iota(expected.begin(), expected.end(), 0);
      std::sort(expected.begin(), expected.end(), [&](uint32_t a, uint32_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : place[a] < place[b];
      });
      for (uint32_t& item : expected) ++item;
      for (const uint32_t k : {1u, 20u, items}) {
        if (k > items) continue;
        EXPECT_EQ(top_of(scores, place, k),
                  std::vector<uint32_t>(expected.begin(), expected.begin() + k))
            << items << " items, " << values << " values, k " << k;
      }
    }
  }
}

}  // namespace
}  // namespace lea::eval
