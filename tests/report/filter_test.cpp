#include "core/report/filter.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/base/csv.h"
#include "core/base/error.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;

class FilterTest : public ReportTest {
 protected:
  void SetUp() override {
    ReportTest::SetUp();
    views_.push_back({run("gru4rec", "snqn", 1), {{{"ndcg@10", 0.08}}, {{"ndcg@20", 0.09}}}});
    views_.push_back({run("gru4rec", "snqn", 2), {{{"ndcg@10", 0.06}}, {{"ndcg@20", 0.05}}}});
    views_.push_back({run("sasrec", "sa2c", 1), {{{"ndcg@10", 0.07}}, {}}});
    views_.push_back({run("sasrec", "supervised", 1), {}});
    views_.back().run.state = "failed";
    views_.back().run.reason = "out of memory";
  }

  // The numbers of the runs that match, from 1.
  std::vector<int> matching(const std::string& expression) {
    const Filter filter(expression, known_fields(views_));
    std::vector<int> numbers;
    for (size_t i = 0; i < views_.size(); ++i) {
      if (filter.matches(views_[i])) numbers.push_back(static_cast<int>(i) + 1);
    }
    return numbers;
  }

  std::string error(const std::string& expression) {
    try {
      Filter(expression, known_fields(views_));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "no error";
  }

  std::vector<RunView> views_;
};

using Numbers = std::vector<int>;

TEST_F(FilterTest, MatchesEverythingWhenEmpty) { EXPECT_EQ(matching(" "), (Numbers{1, 2, 3, 4})); }

TEST_F(FilterTest, ComparesNumbersAndText) {
  EXPECT_EQ(matching("framework=snqn"), (Numbers{1, 2}));
  EXPECT_EQ(matching("framework=lea.snqn"), (Numbers{1, 2}));
  EXPECT_EQ(matching("ndcg@10>0.06"), (Numbers{1, 3}));
  EXPECT_EQ(matching("ndcg@10>=6e-2"), (Numbers{1, 2, 3}));
  EXPECT_EQ(matching("valid.ndcg@20 < 0.06"), (Numbers{2}));
  EXPECT_EQ(matching("seed != 1"), (Numbers{2}));
  EXPECT_EQ(matching("reason ~ MEMORY"), (Numbers{4}));
  EXPECT_EQ(matching("train.learning_rate=5e-3"), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(matching("uuid=0202"), (Numbers{2}));
  EXPECT_EQ(matching("experiment = 'study'"), (Numbers{1, 2, 3, 4}));
}

TEST_F(FilterTest, SeesWhatWasResolvedWhereOlderLabelsSayNone) {
  RunView& added = views_[0];
  added.run.labels["reward"] = "none";
  added.run.labels["train.learning_rate"] = "default";
  added.run.spec["reward"] = {{"id", "lea.predefined"}, {"params", nlohmann::json::object()}};
  EXPECT_EQ(matching("reward=predefined"), (Numbers{1}));
  EXPECT_EQ(matching("label.reward=none"), (Numbers{2, 3, 4}));
  EXPECT_EQ(matching("train.learning_rate=0.005"), (Numbers{1, 2, 3, 4}));
  EXPECT_THAT(list_runs(views_, "reward=predefined", {}),
              HasSubstr("gru4rec snqn reward=predefined train.learning_rate=0.005 "));
  const auto json = nlohmann::json::parse(list_runs(views_, "reward=predefined", {"", "json"}));
  EXPECT_EQ(json.at(0).at("labels").at("reward"), "predefined");
}

TEST_F(FilterTest, BindsAndTighterThanOr) {
  EXPECT_EQ(matching("backbone=sasrec and seed=2 or seed=2"), (Numbers{2}));
  EXPECT_EQ(matching("framework=snqn and ndcg@10>0.07 and (seed=1 or state=finished)"),
            (Numbers{1}));
  EXPECT_EQ(matching("not (backbone=gru4rec or state=failed)"), (Numbers{3}));
  EXPECT_EQ(matching("NOT backbone=gru4rec AND seed=1"), (Numbers{3, 4}));
}

TEST_F(FilterTest, TakesAnAbsentFieldAsDifferentFromEverything) {
  EXPECT_EQ(matching("valid.ndcg@20 != 1"), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(matching("valid.ndcg@20 <= 1"), (Numbers{1, 2}));
}

TEST_F(FilterTest, PointsAtTheMistake) {
  EXPECT_EQ(error("framwork=snqn"),
            "filter:1:1: `framwork` is not a field of any run, did you mean `framework`?\n"
            "  framwork=snqn\n"
            "  ^");
  EXPECT_EQ(error("seed=1 and state=finishd"),
            "filter:1:18: `finishd` is not a state of a run (queued, running, finished, failed, "
            "cancelled, "
            "interrupted), did you mean `finished`?\n"
            "  seed=1 and state=finishd\n"
            "                   ^");
  EXPECT_THAT(error("(seed=1"), HasSubstr("filter:1:1: `(` is not closed"));
  EXPECT_THAT(error("seed=1)"), HasSubstr("filter:1:7: `)` closes nothing"));
  EXPECT_THAT(error("seed"),
              HasSubstr("filter:1:5: expected one of = != < <= > >= ~ after `seed`"));
  EXPECT_THAT(error("seed="), HasSubstr("filter:1:6: expected a value after `seed =`"));
  EXPECT_THAT(error("seed=one"),
              HasSubstr("filter:1:6: `seed` is a number, but is compared with `one`"));
  EXPECT_THAT(error("seed=1 annd seed=2"), HasSubstr("did you mean `and`?"));
  EXPECT_THAT(error("seed=1 and"), HasSubstr("filter:1:11: expected a field, but the filter ends"));
  EXPECT_THAT(error("reason='x"), HasSubstr("filter:1:8: the quote is not closed"));
  EXPECT_THAT(error("seed=1;"), HasSubstr("filter:1:7: `;` has no meaning here"));
  EXPECT_THAT(error(std::string(5000, '(')), HasSubstr("nested deeper than 100"));
}

TEST_F(FilterTest, ListsWhyARunFailed) {
  const std::string list = list_runs(views_, "", {});
  EXPECT_THAT(list, testing::ContainsRegex("run +experiment .* age +why\n"));
  EXPECT_THAT(list, testing::ContainsRegex("04040404 .* failed .*out of memory\n"));
  EXPECT_THAT(list_runs(views_, "state=finished", {}), testing::Not(HasSubstr("why")))
      << "no listed run has a reason";
  views_[3].run.reason = "first line\nsecond line " + std::string(1000, 'x');
  EXPECT_THAT(list_runs(views_, "state=failed", {}),
              testing::ContainsRegex("first line\\\\x0asecond line x+\\.\\.\\.\n"));
}

TEST_F(FilterTest, ListsNoSeedOfARunWithoutOne) {
  views_ = {{run("", "popularity", 0), {}}};
  EXPECT_THAT(list_runs(views_, "", {}), testing::ContainsRegex("study +popularity +- +finished"));
}

TEST_F(FilterTest, ListsTheBestFirst) {
  const std::string list = list_runs(views_, "framework=snqn or framework=sa2c", {"ndcg@10"});
  EXPECT_THAT(list, testing::ContainsRegex("01010101(.|\n)*03030303(.|\n)*02020202"));
  EXPECT_THAT(list, HasSubstr("3 runs of 4\n"));
  EXPECT_THAT(list, HasSubstr("ndcg@10 0.0800"));
  EXPECT_THROW(list_runs(views_, "", {"ndgc@10"}), UsageError);
  const auto json = nlohmann::json::parse(list_runs(views_, "seed=2", {"", "json"}));
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["labels"]["framework"], "snqn");
  EXPECT_EQ(json[0]["metrics"]["test"]["ndcg@10"], 0.06);
}

TEST_F(FilterTest, ListsAsCsvWithEverySettingAndMetric) {
  views_[0].run.labels["train.learning_rate"] = "-0.5";
  views_[0].run.result["note"] = "=1+1, \"x\"";
  const std::string csv = list_runs(views_, "experiment=study", {"", "csv"});
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) rows.push_back(split_csv(line));
  ASSERT_EQ(rows.size(), 5u);
  for (const auto& row : rows) ASSERT_EQ(row.size(), rows[0].size());
  const auto at = [&](size_t run, const std::string& column) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), column);
    return found == rows[0].end() ? "no column " + column : rows[run][found - rows[0].begin()];
  };
  EXPECT_EQ(at(1, "uuid"), uuid_of(1));
  EXPECT_EQ(at(2, "seed"), "2");
  EXPECT_EQ(at(1, "label.framework"), "snqn");
  EXPECT_EQ(at(1, "train.learning_rate"), "0.005");
  EXPECT_EQ(at(1, "backbone.params.width"), "64");
  EXPECT_EQ(at(1, "evaluate.k"), "[5,20]");
  EXPECT_EQ(at(1, "evaluate.test"), "true") << "an added setting with its default";
  EXPECT_EQ(at(1, "ndcg@10"), "0.08");
  EXPECT_EQ(at(1, "valid.ndcg@20"), "0.09");
  EXPECT_EQ(at(3, "valid.ndcg@20"), "");
  EXPECT_EQ(at(4, "reason"), "out of memory");
  EXPECT_EQ(at(1, "result.wall_seconds"), "60");
  EXPECT_EQ(at(1, "result.note"), "=1+1, \"x\"");
  EXPECT_EQ(at(1, "label.train.learning_rate"), "-0.5");
  EXPECT_THAT(csv, HasSubstr(",-0.5,")) << "a number is no formula";
  EXPECT_THAT(csv, HasSubstr("\"'=1+1, \"\"x\"\"\""));
  EXPECT_EQ(std::set<std::string>(rows[0].begin(), rows[0].end()).size(), rows[0].size());
}

TEST_F(FilterTest, ListsNoRunAsTheHeaderAlone) {
  EXPECT_THAT(list_runs({}, "", {"", "csv"}), testing::StartsWith("uuid,experiment,state,seed,"));
  try {
    list_runs(views_, "", {"", "cvs"});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "--format must be text, json or csv, but is `cvs`, did you mean `csv`?");
  }
}

TEST_F(FilterTest, MatchesAnythingThatHasFields) {
  const Filter filter("price>2 and (name=fig or name~ear)", {"name", "price"});
  const auto matches = [&](const std::string& name, std::optional<double> price) {
    return filter.matches([&](const std::string& field) {
      return field == "name" ? FieldValue{true, name, std::nullopt}
                             : FieldValue{price.has_value(), "", price};
    });
  };
  EXPECT_TRUE(matches("pear", 3));
  EXPECT_FALSE(matches("pear", 2));
  EXPECT_FALSE(matches("apple", 3));
  EXPECT_FALSE(matches("fig", std::nullopt));
}

TEST_F(FilterTest, NamesTheFieldsThatItReads) {
  const Filter filter("seed=1 and not (ndcg@10>0 or seed=2)", known_fields(views_));
  EXPECT_EQ(filter.fields(), (std::vector<std::string>{"ndcg@10", "seed"}));
  EXPECT_FALSE(filter.empty());
  EXPECT_TRUE(Filter("", {}).empty());
  EXPECT_TRUE(Filter("", {}).fields().empty());
}

}  // namespace
}  // namespace lea::report
