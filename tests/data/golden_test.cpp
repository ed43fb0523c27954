// Compares order, filters, splits and leakage with pandas (tests/golden/data/make.py).
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/data/summary.h"
#include "tests/data/scratch.h"

namespace lea::data {
namespace {

using nlohmann::json;

class Golden : public Scratch {
 protected:
  static json expected(const char* name) {
    return json::parse(read(LEA_SOURCE_DIR "/tests/golden/data/expected.json")).at(name);
  }

  // The digest of make.py.
  static std::string digest(const Dataset& data, const Split& split) {
    std::string text;
    for (int64_t s = 0; s < data.sequences(); ++s) {
      for (uint64_t e = data.offsets()[s]; e < data.offsets()[s + 1]; ++e) {
        text += data.sequence_ids()[s] + "\t" + data.item_ids()[data.item()[e] - 1] + "\t" +
                std::to_string(static_cast<int64_t>(data.time()[e])) + "\t" +
                name_of(static_cast<Part>(split.part[e])) + "\n";
      }
    }
    return sha256(text);
  }

  static void check_summary(const json& want, const Dataset& data) {
    const Summary have = summarize(data);
    EXPECT_EQ(have.items, want["items"]);
    EXPECT_EQ(have.sequences, want["sequences"]);
    EXPECT_EQ(have.events, want["events"]);
    EXPECT_DOUBLE_EQ(have.mean_length, want["mean"].get<double>());
    EXPECT_DOUBLE_EQ(have.median_length, want["median"].get<double>());
    EXPECT_EQ(have.shortest, want["min"]);
    EXPECT_EQ(have.longest, want["max"]);
    EXPECT_EQ(have.repeats, want["repeats"]);
    EXPECT_EQ(have.equal_times, want["equal_times"]);
  }

  static void check_split(const std::string& by, const json& want, const Dataset& data) {
    SCOPED_TRACE(by);
    spec::SplitSection section;
    section.by = by;
    const Split split = make_split(data, section);
    const Leakage test = leakage(data, split, Part::kTest);
    EXPECT_EQ(split.count(Part::kTrain), want["counts"][0]);
    EXPECT_EQ(split.count(Part::kValid), want["counts"][1]);
    EXPECT_EQ(split.count(Part::kTest), want["counts"][2]);
    EXPECT_EQ(digest(data, split), want["sha256"].get<std::string>());
    EXPECT_EQ(test.unseen, want["unseen"]);
    // Where time is a position, events have no age. make.py does not know that and gives one.
    ASSERT_EQ(test.older.has_value(), !data.time_is_position());
    if (test.older) {
      EXPECT_EQ(*test.older, want["older"]);
    }
  }

  // `variants` must hold so many filters, and each of them so many splits.
  void check(const json& variants, size_t filters, size_t splits, const std::string& source,
             int64_t min_sequence, int64_t min_item) {
    ASSERT_EQ(variants.size(), filters);
    for (const auto& [filter, want] : variants.items()) {
      SCOPED_TRACE(filter);
      ImportOptions options;
      if (filter != "none") {
        options.filter = filter;
        options.min_sequence = min_sequence;
        options.min_item = min_item;
      }
      const auto data = import(source, options, filter);
      check_summary(want, *data);
      ASSERT_EQ(want["splits"].size(), splits);
      for (const auto& [by, split] : want["splits"].items()) check_split(by, split, *data);
    }
  }
};

TEST_F(Golden, SyntheticDataIsWhatPandasMakesOfIt) {
  check(expected("synthetic"), 3, 3, LEA_SOURCE_DIR "/tests/golden/data/interactions.tsv", 3, 5);
}

TEST_F(Golden, RealDataIsWhatPandasMakesOfIt) {
  if (test_data().empty()) GTEST_SKIP() << "no folder of real data sets (LEALAB_TEST_DATA)";
  check(expected("industry"), 2, 2, test_data() + "/industry", 6, 6);
  std::filesystem::remove_all(lab());
  check(expected("music_radio"), 2, 3, test_data() + "/music_radio", 6, 6);
}

TEST_F(Golden, RealSplitFileHasItsSizes) {
  if (test_data().empty()) GTEST_SKIP() << "no folder of real data sets (LEALAB_TEST_DATA)";
  const auto data = import(test_data() + "/industry");
  spec::SplitSection section;
  section.by = "file";
  section.path = test_data() + "/industry/split.tsv";
  const Split split = make_split(*data, section);
  int64_t sequences[3] = {};
  for (int64_t s = 0; s < data->sequences(); ++s) ++sequences[split.part[data->offsets()[s]]];
  EXPECT_THAT(sequences, testing::ElementsAre(6653, 832, 832));
  EXPECT_TRUE(data->time_is_position());
}

}  // namespace
}  // namespace lea::data
