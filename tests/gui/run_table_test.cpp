// The runs of the index, as the window pages and filters them, with real runs.
#include "gui/model/run_table.h"

#include <QAbstractItemModelTester>
#include <fstream>

#include "core/base/error.h"
#include "core/report/listing.h"
#include "core/report/measure.h"
#include "gui/model/run_model.h"
#include "gui/model/run_query.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const auto kNever = [] { return false; };

class RealRuns : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new LabFolder;
    folder_->import_runs();
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static LabFolder* folder_;
};
LabFolder* RealRuns::folder_ = nullptr;

// What `lealab ls` prints for the same filter and order.
std::vector<std::string> listed(const db::Store& store, const std::string& filter,
                                const std::string& sort) {
  std::vector<report::RunView> views;
  for (db::RunRow& run : store.runs()) {
    const auto results = store.results_of(run.uuid);
    views.push_back(report::view_of(std::move(run), results));
  }
  std::vector<std::string> uuids;
  const std::string text = report::list_runs(std::move(views), filter, {sort, "json"});
  for (const auto& run : nlohmann::json::parse(text)) uuids.push_back(run.at("uuid"));
  return uuids;
}

TEST_F(RealRuns, AreFilteredAndSortedAsByTheCommandLine) {
  const db::Store store(folder_->path(), db::Store::Mode::kReadOnly);
  const auto fields = sampled_fields(store);
  for (const std::string filter :
       {"", "framework=snqn", "ndcg@10>0.07", "valid.ndcg@20>0.08 and not backbone=sasrec",
        "train.batch_size>10 or result.steps<100", "reason~\"\""}) {
    for (const std::string sort : {"ndcg@10", "result.wall_seconds", "framework", "uuid"}) {
      const bool metric = sort.find('@') != std::string::npos;
      const auto found = matching_runs(store, {"", filter, sort, metric}, fields, kNever);
      const auto expected = listed(store, filter, sort);
      ASSERT_EQ(found.size(), expected.size()) << filter << " by " << sort;
      // Runs of equal values may come in another order.
      const auto value = [&](const std::string& uuid) {
        return report::field_of(views_of(store, {uuid}).at(0), sort).text;
      };
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT_EQ(value(found[i]), value(expected[i])) << filter << " by " << sort << " at " << i;
    }
  }
}

TEST_F(RealRuns, RefuseAWrongFilterAndAWrongOrder) {
  const db::Store store(folder_->path(), db::Store::Mode::kReadOnly);
  const auto fields = sampled_fields(store);
  EXPECT_THROW(matching_runs(store, {"", "framwork=snqn"}, fields, kNever), UsageError);
  EXPECT_THROW(matching_runs(store, {"", "", "nothing"}, fields, kNever), UsageError);
  db::RunOrder order;
  order.column = "spec; DROP TABLE run";
  try {
    store.listing("", order);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("runs cannot be sorted by `spec; DROP TABLE run`"));
  }
}

TEST_F(RealRuns, FillTheTable) {
  Messages messages;
  LabModel lab(messages);
  RunTable table(lab);
  const QAbstractItemModelTester tester(&table,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  lab.open(folder_->path());
  ASSERT_TRUE(wait_until([&] { return table.rowCount() == 6; }));
  const int column = table.column_of("framework");
  ASSERT_GE(column, 0);
  const QString framework = table.data(table.index(0, column), Qt::DisplayRole).toString();
  EXPECT_EQ(framework.toStdString(), report::field_of(*table.view(0), "framework").text);
  EXPECT_GE(table.column_of("ndcg@20"), 0) << "the main metric of the runs has a column";
  QString problem = "none was checked";
  QObject::connect(&table, &TableModel::filter_checked,
                   [&](const QString& text) { problem = text; });
  table.set_filter("framwork=snqn");
  ASSERT_TRUE(wait_until([&] { return problem.contains("did you mean `framework`?"); }));
  EXPECT_EQ(table.rowCount(), 6);
  table.set_filter("framework=" + framework.toStdString());
  ASSERT_TRUE(wait_until([&] { return table.rowCount() < 6; }));
  EXPECT_GT(table.rowCount(), 0);
  EXPECT_TRUE(messages.current().empty());
}

TEST_F(RealRuns, AreExportedAsTheyAreShown) {
  Messages messages;
  LabModel lab(messages);
  RunTable table(lab);
  lab.open(folder_->path());
  ASSERT_TRUE(wait_until([&] { return table.rowCount() == 6; }));
  TableModel::Rows rows;
  table.all_rows({0, 1}, [&](const TableModel::Rows& all) { rows = all; });
  ASSERT_TRUE(wait_until([&] { return !rows.empty(); }));
  ASSERT_THAT(rows, SizeIs(6));
  EXPECT_EQ(rows[0][0], table.data(table.index(0, 0), Qt::DisplayRole).toString());
  EXPECT_EQ(rows[0][1], "industry_baselines");
}

TEST_F(RealRuns, ShowTheirCurvesAndTheirLog) {
  Messages messages;
  LabModel lab(messages);
  lab.open(folder_->path());
  RunModel run(lab);
  const db::Store store(folder_->path(), db::Store::Mode::kReadOnly);
  const auto snqn =
      matching_runs(store, {"", "framework=snqn or framework=sa2c"}, sampled_fields(store), kNever);
  ASSERT_FALSE(snqn.empty());
  QStringList lines;
  QObject::connect(&run, &RunModel::lines_added, [&](const QStringList& more) { lines += more; });
  const run::Folder folder = run::folder_of(folder_->path(), snqn[0]);
  // A run without trouble has an empty log, unless it was told to say more.
  std::ofstream log(folder.file(run::kLogFile), std::ios::app);
  log << "<b>one</b>\n" << std::flush;
  run.show(folder, "a run");
  ASSERT_TRUE(wait_until([&] { return !run.curves().empty() && !lines.empty(); }));
  EXPECT_EQ(lines, QStringList{"<b>one</b>"});
  log << "half" << std::flush;
  run.set_watched(true);
  log << " a line\n" << std::flush;
  ASSERT_TRUE(wait_until([&] { return lines.size() == 2; }));
  EXPECT_EQ(lines[1], "half a line");
  // The curves are those that the index has.
  std::map<std::string, std::vector<double>> stored;
  for (const db::CurvePoint& point : store.curves(snqn[0]))
    stored[point.metric].push_back(point.value);
  ASSERT_EQ(run.curves().size(), stored.size());
  for (const auto& [metric, curve] : run.curves())
    EXPECT_EQ(curve.values, stored[metric]) << metric;
}

TEST(RunFolder, ThatGoesUnderTheWindowIsReportedOnce) {
  const LabFolder folder;
  Messages messages;
  LabModel lab(messages);
  lab.open(folder.path());
  RunModel run(lab);
  run.show(run::folder_of(folder.path(), "00000000-0000-4000-8000-000000000001"), "gone");
  ASSERT_TRUE(wait_until([&] { return run.is_gone(); }));
  ASSERT_THAT(messages.current(), SizeIs(1));
  EXPECT_THAT(messages.current()[0].text.toStdString(),
              HasSubstr("the folder of the run has gone. Was it moved or removed?"));
}

TEST(EmptyLab, HasNoRunsAndReportsNothing) {
  const LabFolder folder;
  Messages messages;
  LabModel lab(messages);
  RunTable table(lab);
  lab.open(folder.path());
  ASSERT_TRUE(wait_until([&] { return !lab.is_refreshing() && !table.is_busy(); }));
  EXPECT_EQ(table.rowCount(), 0);
  EXPECT_TRUE(messages.current().empty())
      << (messages.current().empty() ? "" : messages.current()[0].text.toStdString());
}

}  // namespace
}  // namespace lea::gui
