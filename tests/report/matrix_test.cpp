// The runs of an experiment over axes that a reader chooses. What it shows without choosing anything
// is the table of `lealab table`.
#include "core/report/matrix.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/report/matrix_read.h"
#include "core/report/matrix_render.h"
#include "core/report/render.h"
#include "tests/report/fixture.h"

namespace lea::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Labels = std::vector<std::string>;

class Matrices : public ReportTest {
 protected:
  // Two backbones and two frameworks with two seeds each, one of which is missing, and a baseline.
  void put_study() {
    put(run("", "popularity", 0), 0.01);
    put(run("gru4rec", "snqn", 1), 0.04);
    put(run("gru4rec", "snqn", 2), 0.06);
    put(run("gru4rec", "sa2c", 1), 0.07);
    put(run("gru4rec", "sa2c", 2), 0.08);
    put(run("sasrec", "snqn", 1), 0.005);
    put(run("sasrec", "snqn", 2), 0.007);
    put(run("sasrec", "sa2c", 1), 0.09);
    db::RunRow failed = run("sasrec", "sa2c", 2);
    failed.state = "failed";
    failed.reason = "NaN loss";
    failed.result = nullptr;
    put(failed, 0);
  }
  Pivot pivot(const TableOptions& options = {}) {
    const db::Store store(lab_, db::Store::Mode::kReadOnly);
    return experiment_pivot(store, "study", options);
  }
  MatrixSource source() { return matrix_source(pivot(), {}); }

  static Matrix arranged(const MatrixSource& source, MatrixView view) {
    return arrange(source, fitted(std::move(view), source));
  }
  // The cell with these labels.
  static const MatrixCell& cell(const Matrix& matrix, const Labels& row, const Labels& column) {
    for (size_t r = 0; r < matrix.rows.size(); ++r) {
      for (size_t c = 0; c < matrix.columns.size(); ++c) {
        if (matrix.rows[r] == row && matrix.columns[c] == column) return matrix.cell(r, c);
      }
    }
    throw std::runtime_error("there is no such cell");
  }
};

void expect_equal(const Matrix& matrix, const Pivot& pivot) {
  const std::vector<const Row*> rows = printed_rows(pivot);
  ASSERT_EQ(matrix.rows.size(), rows.size());
  ASSERT_EQ(matrix.columns.size(), pivot.columns.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    EXPECT_EQ(matrix.rows[r], rows[r]->labels);
    for (size_t c = 0; c < pivot.columns.size(); ++c) {
      SCOPED_TRACE(rows[r]->name + ", " + pivot.columns[c].title);
      const TableValue &value = matrix.cell(r, c).value, &of_table = rows[r]->values[c];
      EXPECT_EQ(value.summary.n, of_table.summary.n);
      EXPECT_EQ(value.summary.mean, of_table.summary.mean);
      EXPECT_EQ(value.summary.half_width, of_table.summary.half_width);
      EXPECT_EQ(value.mark, of_table.mark);
      EXPECT_EQ(matrix.cell(r, c).below_floor, rows[r]->below_floor);
    }
  }
}

TEST_F(Matrices, ShowTheTableWhenNothingIsChosen) {
  put_study();
  const MatrixSource from = source();
  expect_equal(arrange(from, table_view(from)), pivot());
}

TEST_F(Matrices, ShowTheTableOverSplitsAndEachSplit) {
  for (const int64_t split : {2, 3, 6}) {
    const double more = 0.001 * static_cast<double>(split);
    put(run_on(split, "", "popularity", 0), 0.01 + more);
    for (const int64_t seed : {1, 2}) {
      put(run_on(split, "sasrec", "snqn", seed), 0.04 + more + 0.003 * static_cast<double>(seed));
      if (split != 6) put(run_on(split, "sasrec", "sa2c", seed), 0.05 - more);
    }
  }
  const MatrixSource from = source();
  const Matrix matrix = arrange(from, table_view(from));
  EXPECT_TRUE(matrix.over_splits);
  expect_equal(matrix, pivot());

  // With the splits apart, it is the table of --by-split.
  MatrixView view = table_view(from);
  view.rows.push_back(kSplitAxis);
  const Matrix apart = arranged(from, view);
  EXPECT_FALSE(apart.over_splits);
  TableOptions options;
  options.rows_by_split = true;
  const Pivot by_split = pivot(options);
  const Row* wanted = nullptr;
  for (const Row& row : by_split.rows) {
    if (row.labels == Labels{"sasrec", "snqn", "6"}) wanted = &row;
  }
  ASSERT_NE(wanted, nullptr);
  const MatrixCell& shown = cell(apart, {"sasrec", "snqn", "6"}, {"test", "ndcg@20"});
  EXPECT_EQ(shown.value.summary.n, 2);
  EXPECT_EQ(shown.value.summary.mean, wanted->values[3].summary.mean);
  EXPECT_EQ(shown.value.summary.half_width, wanted->values[3].summary.half_width);
}

TEST_F(Matrices, PutAnAxisIntoTheColumns) {
  put_study();
  const Matrix matrix = arranged(source(), {{"backbone"}, {"framework"}, {{"metric", "ndcg@20"}}});
  EXPECT_THAT(matrix.rows, ElementsAre(Labels{"-"}, Labels{"gru4rec"}, Labels{"sasrec"}));
  EXPECT_THAT(matrix.columns, ElementsAre(Labels{"popularity"}, Labels{"sa2c"}, Labels{"snqn"}))
      << "in the order of the table";
  const MatrixCell& best = cell(matrix, {"sasrec"}, {"sa2c"});
  EXPECT_EQ(best.value.summary.mean, 0.09);
  EXPECT_EQ(best.value.mark, Mark::kBest);
  EXPECT_EQ(best.standing(), Standing::kFailed);
  EXPECT_EQ(best.runs(), 2u);
  EXPECT_EQ(cell(matrix, {"gru4rec"}, {"sa2c"}).value.mark, Mark::kSecond);
  EXPECT_NEAR(cell(matrix, {"gru4rec"}, {"snqn"}).value.summary.mean, 0.05, 1e-15);
  EXPECT_TRUE(cell(matrix, {"sasrec"}, {"popularity"}).is_empty()) << "nobody planned it";
  EXPECT_TRUE(cell(matrix, {"sasrec"}, {"snqn"}).below_floor);
}

TEST_F(Matrices, KeepTheirMarksApartBySeed) {
  put_study();
  const Matrix matrix = arranged(source(), {{"backbone", "framework"}, {"seed"}, {}});
  EXPECT_EQ(cell(matrix, {"sasrec", "sa2c"}, {"1"}).value.mark, Mark::kBest);
  EXPECT_EQ(cell(matrix, {"gru4rec", "sa2c"}, {"2"}).value.mark, Mark::kBest);
  EXPECT_EQ(cell(matrix, {"gru4rec", "sa2c"}, {"1"}).value.summary.half_width, std::nullopt);
  EXPECT_EQ(why_no_number(cell(matrix, {"sasrec", "sa2c"}, {"2"})), "FAILED");
}

TEST_F(Matrices, TakeAMeanOverSettingsWithoutAnInterval) {
  put_study();
  const MatrixSource from = source();
  const Matrix matrix = arranged(from, {{"framework"}, {}, {{"metric", "ndcg@20"}}});
  const MatrixCell& mixed = cell(matrix, {"snqn"}, {});
  EXPECT_EQ(mixed.settings, 2u);
  EXPECT_EQ(mixed.value.summary.n, 4);
  EXPECT_NEAR(mixed.value.summary.mean, (0.05 + 0.006) / 2, 1e-15);
  EXPECT_EQ(mixed.value.summary.half_width, std::nullopt);
  EXPECT_EQ(mixed.value.mark, Mark::kNone);
  EXPECT_THAT(view_notes(matrix, from),
              testing::Contains("Means over settings: 2 cells of several settings, which differ in "
                                "backbone, without an interval and marks."));
}

TEST_F(Matrices, FilterByALabelAndNameItInANote) {
  put_study();
  const MatrixSource from = source();
  const Matrix matrix =
      arranged(from, {{"framework"}, {"metric"}, {{"backbone", "sasrec"}, {"seed", "1"}}});
  EXPECT_THAT(matrix.rows, ElementsAre(Labels{"sa2c"}, Labels{"snqn"}));
  EXPECT_EQ(cell(matrix, {"snqn"}, {"ndcg@20"}).value.summary.n, 1);
  EXPECT_THAT(view_notes(matrix, from), ElementsAre("Shown: backbone sasrec; part test; seed 1."));
  const std::vector<size_t> runs = runs_in(from, matrix, 1, 0);
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(from.runs[runs[0]].repetition.seed, 1);
  EXPECT_EQ(from.columns[column_in(from, matrix, 1, 3)].metric, "ndcg@20");
}

TEST_F(Matrices, KnowWhatOfThePlanIsMissing) {
  const db::RunRow done = run("sasrec", "snqn", 1);
  put(done, 0.04);
  db::ExperimentRow plan{"study", "2026-01-31T00:00:00Z", done.axes, nlohmann::json::object(), {}};
  plan.runs.push_back({done.run_hash, 1, done.labels});
  plan.runs.push_back({std::string(64, 'e'), 2, done.labels});
  auto other = done.labels;
  other["framework"] = "sa2c";
  plan.runs.push_back({std::string(64, 'f'), 1, other});
  db::Store(lab_, db::Store::Mode::kWrite).put_experiment(plan);
  const Matrix matrix = arranged(source(), {{"framework"}, {"backbone"}, {}});
  const MatrixCell& partly = cell(matrix, {"snqn"}, {"sasrec"});
  EXPECT_EQ(partly.count(Standing::kMissing), 1u);
  EXPECT_EQ(partly.standing(), Standing::kMissing);
  EXPECT_EQ(why_no_number(partly), "");
  EXPECT_EQ(why_no_number(cell(matrix, {"sa2c"}, {"sasrec"})), "not run");
}

TEST_F(Matrices, MarkStaleRunsByTheRuleOfTheTable) {
  put_study();
  run::InstalledPlugins installed;
  installed["framework lea.snqn"] = {"2", std::string(64, 'b')};
  const MatrixSource from = matrix_source(pivot(), installed);
  const Matrix matrix = arranged(from, {{"framework"}, {"backbone"}, {}});
  EXPECT_EQ(cell(matrix, {"snqn"}, {"gru4rec"}).standing(), Standing::kStale);
  EXPECT_EQ(cell(matrix, {"sa2c"}, {"gru4rec"}).standing(), Standing::kFinished);
}

TEST_F(Matrices, FitAViewThatWasMadeForAnotherExperiment) {
  put_study();
  const MatrixView view = fitted({{"backbone", "reward"},
                                  {"backbone", "seed", "seed"},
                                  {{"framework", "dqn"}, {"metric", "hr@5"}, {"seed", "1"}}},
                                 source());
  EXPECT_THAT(view.rows, ElementsAre("backbone"));
  EXPECT_THAT(view.columns, ElementsAre("seed"));
  EXPECT_EQ(view.filters,
            (std::map<std::string, std::string>{{"metric", "hr@5"}, {"part", "test"}}));
}

TEST_F(Matrices, RefuseMoreCellsThanAnybodyReads) {
  MatrixSource from;
  from.settings_axes = {{"a", {}}, {"b", {}}};
  from.set_columns({{"ndcg@20", "test", "NDCG@20"}});
  from.seed.labels = {"1"};
  for (uint32_t i = 0; i < 600; ++i) {
    from.settings_axes[0].labels.push_back(std::to_string(i));
    from.settings_axes[1].labels.push_back(std::to_string(i));
    from.settings.push_back({{i, i}, "", 0, false, false, false});
    from.runs.push_back({i, 0, 0, {kOneSplit, 1}, Standing::kFinished, false, "u"});
    from.values.push_back(0.1);
  }
  try {
    arranged(from, {{"a"}, {"b"}, {}});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "The matrix would have 600 rows and 600 columns. Move an axis to the filters and "
                 "choose one of its values.");
  }
  EXPECT_THAT(arranged(from, {{"a", "b"}, {}, {}}).rows, SizeIs(600));
}

TEST_F(Matrices, AreWrittenAsLatexWithJoinedHeads) {
  put_study();
  const MatrixSource from = source();
  MatrixView view{{"framework"}, {"backbone", "metric"}, {}};
  const std::string text = render_latex(arranged(from, view), {"study_1", {"A note."}, {}});
  EXPECT_THAT(text, HasSubstr("\\begin{tabular}{lrrrrrrrrrrrr}\n"));
  EXPECT_THAT(text, HasSubstr(" & \\multicolumn{4}{c}{--} & \\multicolumn{4}{c}{gru4rec} & "
                              "\\multicolumn{4}{c}{sasrec} \\\\\n"
                              "\\cmidrule(lr){2-5}\\cmidrule(lr){6-9}\\cmidrule(lr){10-13}\n"
                              "framework & HR@5 & NDCG@5 & "));
  EXPECT_THAT(text, HasSubstr("\\textbf{0.0900} --"));
  EXPECT_THAT(text, HasSubstr("\\underline{0.0750} $\\pm$ "));
  EXPECT_THAT(text, HasSubstr("0.0060$^\\dagger$ $\\pm$ "));
  EXPECT_THAT(text, HasSubstr("below the training-free floor"));
  EXPECT_THAT(text, HasSubstr("% A note.\n"));
}

TEST_F(Matrices, AreWrittenAsMarkdownAndCsv) {
  put_study();
  const MatrixSource from = source();
  const Matrix matrix = arranged(from, {{"framework"}, {"backbone"}, {}});
  const std::string markdown = render_markdown(matrix, {"study", {}, {"lealab run x"}});
  EXPECT_THAT(markdown, HasSubstr("| framework | - | gru4rec | sasrec |\n"
                                  "| --- | ---: | ---: | ---: |\n"
                                  "| popularity | 0.0100 – |  |  |\n"));
  EXPECT_THAT(markdown, HasSubstr("| **0.0900** – |\n"));
  EXPECT_THAT(markdown, HasSubstr("\n    lealab run x\n"));
  const std::string csv = render_csv(matrix, {"study", {}, {}});
  EXPECT_THAT(csv, HasSubstr("experiment,framework,'-,'- half width,'- mark,'- n,gru4rec,gru4rec "
                             "half width,gru4rec mark,gru4rec n,sasrec,"));
  EXPECT_THAT(csv, HasSubstr("study,popularity,0.01,,,1,,,,,,,,\n"));
  EXPECT_THAT(csv, HasSubstr(",0.09,,best,1\n"));
}

TEST_F(Matrices, OfManyRunsHaveTheNumbersOfTheTable) {
  put_study();
  const db::Store store(lab_, db::Store::Mode::kReadOnly);
  const auto never = [] { return false; };
  MatrixSource from = brief_source(store, "study", never);
  const MatrixView view = fitted({{"backbone", "framework"}, {"part", "metric"}, {}}, from);
  EXPECT_TRUE(read_values(store, view, never, &from));
  EXPECT_FALSE(read_values(store, view, never, &from)) << "all are there";
  const Matrix matrix = arrange(from, view);
  const Pivot table = pivot();
  const auto rows = printed_rows(table);
  ASSERT_EQ(matrix.rows.size(), rows.size());
  size_t compared = 0;
  for (const Row* row : rows) {
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const Column& column = table.columns[c];
      const MatrixCell& shown = cell(matrix, row->labels, {column.part, column.metric});
      EXPECT_EQ(shown.value.summary.n, row->values[c].summary.n);
      EXPECT_EQ(shown.value.summary.mean, row->values[c].summary.mean);
      EXPECT_EQ(shown.value.summary.half_width, row->values[c].summary.half_width);
      EXPECT_EQ(shown.value.mark, row->values[c].mark) << row->name << " " << column.title;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 25u);
  EXPECT_THAT(brief_notes(from)[0], "Runs: 8 finished, 1 failed.");
}

TEST_F(Matrices, OfAllRunsHaveAnAxisForTheExperiment) {
  put_study();
  db::RunRow other = run("gru4rec", "snqn", 1);
  other.experiment = "second";
  put(other, 0.5);
  const db::Store store(lab_, db::Store::Mode::kReadOnly);
  const auto never = [] { return false; };
  MatrixSource from = brief_source(store, "", never);
  const MatrixView view = fitted({{"backbone", "framework"}, {"experiment"}, {}}, from);
  read_values(store, view, never, &from);
  const Matrix matrix = arrange(from, view);
  EXPECT_THAT(matrix.columns, ElementsAre(Labels{"second"}, Labels{"study"}));
  EXPECT_EQ(cell(matrix, {"gru4rec", "snqn"}, {"second"}).value.summary.mean, 0.5);
  EXPECT_EQ(cell(matrix, {"gru4rec", "snqn"}, {"second"}).value.mark, Mark::kNone)
      << "it is compared within its experiment";
  EXPECT_EQ(cell(matrix, {"sasrec", "sa2c"}, {"study"}).value.mark, Mark::kBest);
}

}  // namespace
}  // namespace lea::report
