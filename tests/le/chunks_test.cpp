// The chunks in which tables are made.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "plugins/le/environment_maker.h"
#include "tests/le/tiny_le.h"

namespace lea::le {
namespace {

TEST(Chunks, CoverAllPlacesInOrderAndEndWithSequences) {
  Sequences sequences(300, {1, 2, 3, 4, 5, 6});
  sequences.push_back(std::vector<int64_t>(2000, 3));  // longer than a chunk
  const TrainingData training = training_of(sequences);
  RowsOfParts parts;
  parts.start = 10;
  parts.item = 2;
  parts.to_actions = 1;
  parts.action = 8;
  for (const bool events : {false, true}) {
    const auto chunks = chunks_of(training, events, parts, events ? 3 : 0);
    EXPECT_GE(chunks.size(), 3U);
    std::vector<std::pair<int64_t, int64_t>> found, due;
    for (size_t i = 0; i < chunks.size(); ++i) {
      for (const AskedPlace& place : chunks[i]) found.emplace_back(place.sequence, place.end);
      if (i + 1 < chunks.size() && chunks[i + 1][0].sequence < 300) {
        EXPECT_EQ(chunks[i + 1][0].end, 0);
      }
    }
    for (size_t s = 0; s < sequences.size(); ++s) {
      for (int64_t end = 0; end < std::ssize(sequences[s]) + (events ? 0 : 1); ++end)
        due.emplace_back(s, end);
    }
    EXPECT_EQ(found, due);
  }
}

}  // namespace
}  // namespace lea::le
