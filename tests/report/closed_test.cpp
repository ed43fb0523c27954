// Tables of runs whose test part is closed, and how often test parts were read before.
#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/eval/ranks.h"
#include "core/report/run_details.h"
#include "core/run/folder.h"
#include "core/run/test_reads.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class ClosedTable : public ReportTest {
 protected:
  TableOptions with_lab() const {
    TableOptions options;
    options.lab = lab_;
    return options;
  }
  std::string line(const std::string& text, const std::string& begin) const {
    const size_t at = text.find(begin);
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
  }
};

TEST_F(ClosedTable, ShowsValidationAndSaysSo) {
  put_closed(run("gru4rec", "snqn", 1), 0.25);
  put_closed(run("gru4rec", "snqn", 2), 0.35);
  const std::string text = table("text");
  EXPECT_THAT(line(text, "backbone"),
              testing::ContainsRegex("n +valid HR@5 +valid NDCG@5 +valid HR@20 +valid NDCG@20$"));
  EXPECT_THAT(text, HasSubstr("0.3000"));
  EXPECT_THAT(text, HasSubstr("The columns show validation, because the test part is closed."));
  const auto json = nlohmann::json::parse(table("json"));
  EXPECT_FALSE(json["rows"][0].contains("test"));
  EXPECT_DOUBLE_EQ(json["rows"][0]["valid"]["ndcg@5"]["mean"].get<double>(), 0.3);
  EXPECT_THAT(table("csv"), Not(HasSubstr(",ndcg@20,")));
}

TEST_F(ClosedTable, LeavesTheCellsOfAClosedRowEmptyBesideOpenOnes) {
  put(run("gru4rec", "snqn", 1), 0.25);
  put_closed(run("gru4rec", "sa2c", 1), 0.35);
  const std::string text = table("text");
  EXPECT_THAT(line(text, "backbone"), HasSubstr(" HR@5 "));
  EXPECT_THAT(text, HasSubstr("Test part closed: gru4rec sa2c, seed 1; `lealab run` of the spec"));
  const auto json = nlohmann::json::parse(table("json"));
  for (const auto& row : json["rows"])
    EXPECT_EQ(row.contains("test"), row["labels"]["framework"] == "snqn") << row;
}

TEST_F(ClosedTable, OfAClosedSpecHidesWhatAnotherExperimentHasOpened) {
  const db::RunRow opened = run("gru4rec", "snqn", 1);
  put(opened, 0.25);
  EXPECT_THAT(line(table("text"), "backbone"), HasSubstr(" HR@5 "));
  plan_closed({opened});
  const std::string text = table("text", false, with_lab());
  EXPECT_THAT(line(text, "backbone"), Not(HasSubstr("  HR@5 ")));
  EXPECT_THAT(line(text, "backbone"), HasSubstr("valid HR@5"));
  EXPECT_EQ(line(text, "Test part:"),
            "Test part: closed (evaluate.test: false); 1 run of this lab has read it.");
}

// With another protocol than the stored one, validation is computed from its ranks.
TEST_F(ClosedTable, ComputesOtherCutsFromTheRanksOfValidation) {
  const db::RunRow row = run("gru4rec", "snqn", 1);
  put_closed(row, 0.25);
  TableOptions options = with_lab();
  options.k = {1};
  EXPECT_THROW(table("json", false, options), DataError);
  eval::RankFile ranks{std::string(64, 'd'), std::string(64, 'e'), 10, {}};
  ranks.records = {{0, 0, 1, 0, 1, 0, 1, 0}, {1, 0, 1, 0, 2, 0, 2, 0}};
  const run::Folder folder = run::folder_of(lab_, row.uuid);
  std::filesystem::create_directories(folder.path);
  publish_file(folder.file(run::kValidRanksFile), eval::encode_ranks(ranks));
  // What a killed opening has left is not shown.
  publish_file(folder.file(run::kRanksFile), "no ranks");
  const auto json = nlohmann::json::parse(table("json", false, options));
  EXPECT_EQ(json["rows"][0]["valid"]["hr@1"]["mean"], 0.5);
}

TEST_F(ClosedTable, CountsTheRunsThatHadReadTheTestPartBefore) {
  const auto other = [&](const std::string& finished) {
    db::RunRow row = run("gru4rec", "snqn", 1);
    row.experiment = "earlier";
    row.finished = finished;
    return row;
  };
  const auto reads = [&] { return line(table("text", false, with_lab()), "Test part:"); };
  put(run("sasrec", "snqn", 1), 0.25);  // finished at 01:00
  EXPECT_EQ(reads(), "Test part: no run of this lab had read it before the first of this table.");
  const db::RunRow before = other("2026-01-31T00:59:59Z");
  put(before, 0.25);
  put(other("2026-01-31T01:00:01Z"), 0.25);
  db::RunRow other_split = other("2026-01-30T00:00:00Z");
  other_split.result["split_fingerprint"] = std::string(64, '0');
  put(other_split, 0.25);
  put_closed(other("2026-01-30T00:00:00Z"), 0.25);
  EXPECT_EQ(reads(), "Test part: 1 run of this lab had read it before the first of this table.");
  // The ledger knows of runs that are gone, and counts no run a second time.
  const std::string data(64, 'd'), split = "5eed" + std::string(60, '0');
  run::record_test_read(lab_, {"a run that is gone", "earlier", data, split});
  run::record_test_read(lab_, {before.uuid, "earlier", data, split});
  run::record_test_read(lab_, {"another split", "earlier", data, data});
  EXPECT_EQ(reads(), "Test part: 1 run of this lab had read it before the first of this table.")
      << "the ledger's records are of now, which is later";
  db::RunRow later = run("sasrec", "sa2c", 1);
  later.experiment = "later";
  later.finished = "2999-01-01T00:00:00Z";
  put(later, 0.25);
  const db::Store store(lab_, db::Store::Mode::kReadOnly);
  EXPECT_THAT(
      experiment_table(store, "later", "text", false, with_lab()),
      HasSubstr("Test part: 4 runs of this lab had read it before the first of this table."));
}

// The rows are means over the splits, and each split has a test part of its own.
TEST_F(ClosedTable, CountsTheRunsThatHadReadTheTestPartOfAnyOfItsSplits) {
  for (const int64_t split : {2, 3}) put(run_on(split, "sasrec", "snqn", 1), 0.25);
  for (const int64_t split : {2, 3, 3, 4}) {
    db::RunRow before = run_on(split, "gru4rec", "snqn", 1);
    before.experiment = "earlier";
    before.finished = "2026-01-31T00:59:59Z";
    put(before, 0.25);
  }
  EXPECT_EQ(line(table("text", false, with_lab()), "Test part:"),
            "Test part: 3 runs of this lab had read it before the first of this table.");
}

TEST_F(ClosedTable, CountsTheRecordsOfTheLedgerForAllSplitsOfAClosedRow) {
  for (const int64_t split : {2, 3}) put_closed(run_on(split, "sasrec", "snqn", 1), 0.25);
  for (const int64_t split : {2, 3, 4}) {
    const db::RunRow gone = run_on(split, "sasrec", "snqn", 1);
    run::record_test_read(lab_, {gone.uuid, "earlier", std::string(64, 'd'),
                                 gone.result["split_fingerprint"].get<std::string>()});
  }
  EXPECT_EQ(line(table("text", false, with_lab()), "Test part:"),
            "Test part: closed (evaluate.test: false); 2 runs of this lab have read it.");
}

TEST_F(ClosedTable, CountsARunThatWasOpenedLaterFromThatTimeOn) {
  put(run("sasrec", "snqn", 1), 0.25);
  db::RunRow opened = run("gru4rec", "snqn", 1);
  opened.experiment = "earlier";
  opened.finished = "2026-01-01T00:00:00Z";
  opened.result["opened"] = {{"at", "2026-02-01T00:00:00Z"}};
  put(opened, 0.25);
  EXPECT_EQ(line(table("text", false, with_lab()), "Test part:"),
            "Test part: no run of this lab had read it before the first of this table.");
}

TEST_F(ClosedTable, IsSaidInTheDetailsOfARun) {
  const db::RunRow row = run("gru4rec", "snqn", 1);
  put_closed(row, 0.25);
  const db::Store store(lab_, db::Store::Mode::kReadOnly);
  std::vector<db::ResultRow> results;
  for (const db::ResultRow& result : store.results()) results.push_back(result);
  const std::string text = details_text(details_of(view_of(row, results), lab_, {}));
  EXPECT_THAT(text, HasSubstr("(the test part is closed: evaluate.test was false)"));
  EXPECT_THAT(text, HasSubstr("valid, stored"));
}

}  // namespace
}  // namespace lea::report
