// Rows of a table over splits, compared in pairs by the ranks in the lab.
#include "core/report/pairs.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "core/run/folder.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Pairs : public ReportTest {
 protected:
  // The rows of tests/golden/clusters/make.py, whose expected numbers NumPy and SciPy computed.
  static json golden() {
    std::ifstream file(LEA_SOURCE_DIR "/tests/golden/clusters/clusters.json");
    return json::parse(file);
  }
  // The ranks of a run, event by event, on the sequences of its split.
  void put_ranks(const db::RunRow& run, const json& ranks) {
    eval::RankFile file{text(run, "data_fingerprint"), text(run, "split_fingerprint"), 10000, {}};
    size_t event = 0;
    for (const auto& sequence : tests_.at(run.spec["split"]["seed"].dump())) {
      for (uint32_t position = 0; position < sequence[1].get<uint32_t>(); ++position) {
        const uint32_t rank = ranks.at(event++);
        file.records.push_back({sequence[0], position, 1, 1, rank, 0, rank, 0});
      }
    }
    ASSERT_EQ(event, ranks.size());
    std::filesystem::create_directories(run::folder_of(lab_, run.uuid).path);
    publish_file(ranks_of(run), eval::encode_ranks(file));
  }
  static std::string text(const db::RunRow& run, const char* key) {
    return run.result[key].get<std::string>();
  }
  std::string ranks_of(const db::RunRow& run) const {
    return run::folder_of(lab_, run.uuid).file(closed_ ? run::kValidRanksFile : run::kRanksFile);
  }

  using Change = std::function<bool(db::RunRow*)>;

  // All golden runs that `change` does not refuse.
  void put_golden(const Change& change = [](db::RunRow*) { return true; }) {
    const json all = golden();
    for (const auto& row : all["rows"]) {
      const std::string backbone = row["backbone"] == "-" ? "" : row["backbone"];
      for (const auto& made : row["runs"]) {
        db::RunRow run = run_on(made["split"], backbone, row["framework"], made["seed"]);
        if (!change(&run)) continue;
        closed_ ? put_closed(run, made["ndcg"]) : put(run, made["ndcg"]);
        put_ranks(run, made["ranks"]);
        runs_.push_back(run);
      }
    }
  }
  std::string shown(const std::string& format) {
    TableOptions options;
    options.lab = lab_;
    return table(format, false, options);
  }
  static std::string line(const std::string& text, const std::string& begin) {
    const size_t at = text.find(begin);
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
  }
  // The comparison of this row. `backbone` is "-" for a row without one.
  static json pair_of(const json& pairs, const std::string& backbone,
                      const std::string& framework) {
    const json row = {{"backbone", backbone}, {"framework", framework}};
    for (const json& pair : pairs) {
      if (pair["row"] == row) return pair;
    }
    ADD_FAILURE() << "no comparison of " << row << " in " << pairs;
    return {};
  }
  static bool is(const db::RunRow& run, const std::string& backbone, const std::string& framework) {
    const auto found = run.labels.find("backbone");
    return (found == run.labels.end() ? "" : found->second) == backbone &&
           run.labels.at("framework") == framework;
  }

  const json tests_ = golden()["tests"];
  std::vector<db::RunRow> runs_;
  bool closed_ = false;  // the runs have validation alone
};

double width(const json& interval) {
  return interval["high"].get<double>() - interval["low"].get<double>();
}

TEST_F(Pairs, HaveTheDifferencesAndIntervalsOfNumpy) {
  put_golden();
  const json pairs = json::parse(shown("json"))["pairs"];
  size_t compared = 0;
  const json all = golden();
  for (const auto& row : all["rows"]) {
    if (!row.contains("in_pairs")) continue;
    const json& expected = row["in_pairs"];
    SCOPED_TRACE(row["backbone"].dump() + row["framework"].dump());
    const json found = pair_of(pairs, row["backbone"], row["framework"]);
    ASSERT_FALSE(found.is_null());
    ++compared;
    EXPECT_EQ(found["reference"], (json{{"backbone", "sasrec"}, {"framework", "sa2c"}}));
    EXPECT_EQ(found["metric"], "ndcg@20");
    EXPECT_EQ(found["n"], expected["n"]);
    EXPECT_EQ(found["splits"], expected["splits"]);
    EXPECT_NEAR(found["difference"].get<double>(), expected["difference"].get<double>(), 1e-12);
    EXPECT_NEAR(found["over_splits"]["half_width"].get<double>(),
                expected["half_width"].get<double>(), 1e-12);
    json left_out = json::array();
    for (const auto& repetition : found["left_out"])
      left_out.push_back({repetition["split_seed"], repetition["seed"]});
    EXPECT_EQ(left_out, expected["left_out"]);
    const json& interval = found["over_sequences"];
    EXPECT_EQ(interval["sequences"], expected["sequences"]);
    EXPECT_EQ(interval["shared"], expected["shared"]);
    // A limit from 1999 resamples has a standard deviation of 1.5 % of the width.
    const double slack = 0.06 * width(expected);
    EXPECT_NEAR(interval["low"].get<double>(), expected["low"].get<double>(), slack);
    EXPECT_NEAR(interval["high"].get<double>(), expected["high"].get<double>(), slack);
    EXPECT_NEAR(interval["p"].get<double>(), expected["p"].get<double>(), 0.03);
    // What the interval would be if a sequence were another one on each split, or each event one.
    EXPECT_GT(width(interval), 1.15 * width(expected["apart"]));
    EXPECT_GT(width(interval), 1.5 * width(expected["events"]));
  }
  EXPECT_EQ(compared, 3u);
  EXPECT_EQ(pairs.size(), 3u);
}

TEST_F(Pairs, AreInTheFooterWithWhatWasRepeatedAndLeftOut) {
  put_golden();
  const std::string text = shown("text");
  EXPECT_THAT(line(text, "In pairs: NDCG@20 of sasrec snqn"),
              testing::MatchesRegex(
                  "In pairs: NDCG@20 of sasrec snqn minus sasrec sa2c: -0\\.0454; 95 % interval "
                  "over 108 sequences -0\\.1[01].. to 0\\.0[12].., p 0\\.1[4-8].; over 3 splits "
                  "± 0\\.0291; 6 pairs\\."));
  EXPECT_THAT(line(text, "In pairs: NDCG@20 of gru4rec sa2c"),
              testing::EndsWith("; 3 pairs; left out without a partner: split 3 seed 2; split 6 "
                                "seed 1, 2."));
  EXPECT_THAT(text, HasSubstr("p 0.001; over 3 splits ± 0.0266; 6 pairs.\n"));
  EXPECT_EQ(line(text, "The pairs have"),
            "The pairs have 3 splits (2, 3, 6), 2 seeds (1, 2) and 108 test sequences, 65 of which "
            "are on several splits; all events of a sequence are one cluster, and the interval "
            "over sequences holds the trained networks fixed. Splits of one data set overlap, so "
            "the intervals are conditional on this data set. They are not corrected for the number "
            "of rows or the choice of the best one.");
}

TEST_F(Pairs, AreThoseOfValidationWhileTheTestPartIsClosed) {
  closed_ = true;
  put_golden();
  const std::string text = shown("text");
  EXPECT_THAT(line(text, "In pairs: valid NDCG@20 of sasrec snqn"),
              testing::MatchesRegex(
                  "In pairs: valid NDCG@20 of sasrec snqn minus sasrec sa2c: -0\\.0454; 95 % "
                  "interval over 108 sequences -0\\.1[01].. to 0\\.0[12].., p 0\\.1[4-8].; over 3 "
                  "splits ± 0\\.0291; 6 pairs\\."));
  EXPECT_THAT(line(text, "The pairs have"),
              HasSubstr(" and 108 validation sequences, 65 of which are on several splits; "));
  EXPECT_THAT(text, Not(HasSubstr("test sequences")));
  EXPECT_EQ(json::parse(shown("json"))["pairs"].size(), 3u);
}

TEST_F(Pairs, FollowTheProtocolOfTheTable) {
  put_golden();
  TableOptions options;
  options.lab = lab_;
  options.k = {1};
  const json at_one =
      pair_of(json::parse(table("json", false, options))["pairs"], "sasrec", "snqn");
  EXPECT_EQ(at_one["metric"], "ndcg@1");
  EXPECT_LT(at_one["over_sequences"]["low"], at_one["difference"]);
  EXPECT_GT(at_one["over_sequences"]["high"], at_one["difference"]);
}

TEST_F(Pairs, HaveNoIntervalOverSequencesWithoutAllRanks) {
  put_golden();
  const auto last = std::find_if(runs_.rbegin(), runs_.rend(),
                                 [](const db::RunRow& run) { return is(run, "sasrec", "snqn"); });
  std::filesystem::remove(ranks_of(*last));
  std::string bytes = read_file(ranks_of(*std::next(last)));
  bytes.back() ^= 1;
  publish_file(ranks_of(*std::next(last)), bytes);
  const std::string text = shown("text");
  EXPECT_EQ(line(text, "In pairs: NDCG@20 of sasrec snqn"),
            "In pairs: NDCG@20 of sasrec snqn minus sasrec sa2c: -0.0454; 95 % interval over 3 "
            "splits ± 0.0291; 6 pairs; no interval over sequences, because the ranks of 2 runs are "
            "missing or damaged.");
  EXPECT_THAT(line(text, "In pairs: NDCG@20 of popularity"), HasSubstr("108 sequences"));
}

TEST_F(Pairs, LeaveOutASplitThatIsAnotherOneInTheOtherRow) {
  put_golden([](db::RunRow* run) {
    if (is(*run, "gru4rec", "sa2c")) return false;
    if (is(*run, "sasrec", "snqn") && run->spec["split"]["seed"] == 6)
      run->result["split_fingerprint"] = std::string(64, 'e');
    return true;
  });
  const json pairs = json::parse(shown("json"))["pairs"];
  ASSERT_EQ(pairs.size(), 2u);
  const json pair = pair_of(pairs, "sasrec", "snqn");
  EXPECT_EQ(pair["splits"], (json{2, 3}));
  EXPECT_EQ(pair["n"], 4);
  EXPECT_THAT(line(shown("text"), "In pairs: NDCG@20 of sasrec snqn"),
              testing::EndsWith("; left out without a partner: split 6 seed 1, 2."));
}

TEST_F(Pairs, AreMissedWhereRowsShareNoSplit) {
  put_golden([](db::RunRow* run) {
    const bool on_three = run->spec["split"]["seed"] == 3;
    return is(*run, "gru4rec", "sa2c") ? on_three : !on_three;
  });
  EXPECT_THAT(shown("text"),
              HasSubstr("In pairs: gru4rec sa2c has no split and seed in common with "
                        "sasrec sa2c, so the two are not compared.\n"));
  const json missed = pair_of(json::parse(shown("json"))["pairs"], "gru4rec", "sa2c");
  EXPECT_EQ(missed["n"], 0);
  EXPECT_TRUE(missed["difference"].is_null());
}

TEST_F(Pairs, OfOneSplitOfTheAxisHaveTheDifferenceOfThatSplit) {
  put_golden([](db::RunRow* run) {
    return is(*run, "sasrec", "sa2c") || run->spec["split"]["seed"] == 2;
  });
  const json pair = pair_of(json::parse(shown("json"))["pairs"], "sasrec", "snqn");
  double expected = 0;
  const json all = golden();
  for (const auto& row : all["rows"]) {
    for (const auto& run : row["runs"]) {
      if (row["backbone"] != "sasrec" || run["split"] != 2) continue;
      expected += (row["framework"] == "snqn" ? 0.5 : -0.5) * run["ndcg"].get<double>();
    }
  }
  EXPECT_NEAR(pair["difference"].get<double>(), expected, 1e-15);
  EXPECT_TRUE(pair["over_splits"].is_null());
  EXPECT_EQ(pair["over_sequences"]["shared"], 0);
  EXPECT_THAT(line(shown("text"), "In pairs: NDCG@20 of sasrec snqn"),
              HasSubstr("; a single split; 2 pairs; left out without a partner: split 3 seed 1, 2; "
                        "split 6 seed 1, 2."));
}

TEST_F(Pairs, AreNotMadeForATableOnOneSplit) {
  put_golden([](db::RunRow* run) {
    run->axes = {"backbone", "framework"};
    run->labels.erase("split.seed");
    return run->spec["split"]["seed"] == 2;
  });
  const std::string text = shown("text"), document = shown("json");
  EXPECT_THAT(text, Not(HasSubstr("pairs")));
  EXPECT_FALSE(json::parse(document).contains("pairs"));
  // Nothing depends on the ranks.
  for (const db::RunRow& run : runs_) std::filesystem::remove(ranks_of(run));
  EXPECT_EQ(shown("text"), text);
  EXPECT_EQ(shown("json"), document);
}

}  // namespace
}  // namespace lea::report
