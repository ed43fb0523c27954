// Queries in SQL: rows in batches, cancelling, history, and the view with keys and clicks.
#include <QElapsedTimer>
#include <QStandardItemModel>
#include <QTest>
#include <fstream>

#include "core/base/files.h"
#include "gui/model/query_history.h"
#include "gui/view/sql_view.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";
constexpr const char* kMany =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 25000) "
    "SELECT i, 'row' || i AS name FROM n";

class Sql : public testing::Test {
 protected:
  Sql() {
    folder_.import_runs();
    lab_.open(folder_.path());
  }
  // Runs a query and waits until it has ended.
  void ask(const QString& sql, double seconds = 5) {
    query_.run(sql, seconds);
    ASSERT_TRUE(wait_until([&] { return !query_.is_busy(); }));
  }
  static std::string cell(const SqlQuery& query, int row, int column) {
    return query.data(query.index(row, column), Qt::DisplayRole).toString().toStdString();
  }
  std::vector<std::string> titles() const {
    std::vector<std::string> titles;
    for (const TableColumn& column : query_.columns())
      titles.push_back(column.field + "/" + column.title.toStdString());
    return titles;
  }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  SqlQuery query_{lab_};
};

TEST_F(Sql, ShowsTheRowsOfAQueryAsATableThatSortsAndFilters) {
  ask("SELECT labels ->> '$.framework' AS framework, count(*), avg(seed) FROM run GROUP BY 1");
  EXPECT_EQ(query_.problem().toStdString(), "");
  EXPECT_THAT(titles(), ElementsAre("framework/framework", "count/count(*)", "avg_seed/avg(seed)"));
  EXPECT_FALSE(query_.columns()[0].number);
  EXPECT_TRUE(query_.columns()[1].number);
  const int all = query_.rowCount();
  ASSERT_GT(all, 1);
  EXPECT_THAT(query_.status().toStdString(), HasSubstr(std::to_string(all) + " rows in"));
  query_.set_filter("framework=snqn and count>0");
  EXPECT_EQ(query_.rowCount(), 1);
  EXPECT_EQ(cell(query_, 0, 0), "snqn");
}

TEST_F(Sql, NamesColumnsSoThatAFilterCanNameThem) {
  EXPECT_THAT(field_names({"run.uuid", "count(*)", "count(*)", "1", "", "größe", "a"}),
              ElementsAre("run_uuid", "count", "count_2", "column_1", "column", "gr_e", "a"));
}

TEST_F(Sql, ShowsTheFirstTenThousandRowsAndSavesAll) {
  ask(kMany);
  EXPECT_EQ(query_.rowCount(), 10000);
  EXPECT_THAT(query_.status().toStdString(), HasSubstr("The first 10,000 rows"));
  const std::string path = folder_.file("all.csv");
  query_.save_all(QString::fromStdString(path));
  ASSERT_TRUE(wait_until([&] { return !query_.is_busy(); }));
  EXPECT_THAT(query_.status().toStdString(), HasSubstr("25,000 rows are in "));
  const std::string text = read_file(path);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 25001);
  EXPECT_EQ(text.substr(0, 21), "i,name\n1,row1\n2,row2\n");
  EXPECT_EQ(query_.rowCount(), 10000) << "what is shown stays";
}

TEST_F(Sql, ShowsRowsBeforeTheQueryHasEnded) {
  // The first rows come at once, and then none.
  query_.run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
      "SELECT i FROM n WHERE i < 50",
      20);
  ASSERT_TRUE(wait_until([&] { return query_.rowCount() >= 49; }));
  EXPECT_TRUE(query_.is_busy());
  query_.cancel();
  EXPECT_FALSE(query_.is_busy());
  EXPECT_THAT(query_.status().toStdString(), HasSubstr("Cancelled after"));
}

TEST_F(Sql, CancelAnswersWithinASecondAndTheNextQueryRuns) {
  query_.run(kEndless, 20);
  QTest::qWait(200);
  ASSERT_TRUE(query_.is_busy());
  QElapsedTimer timer;
  timer.start();
  query_.cancel();
  ask("SELECT 7 AS seven");
  EXPECT_LT(timer.elapsed(), 1000);
  EXPECT_EQ(cell(query_, 0, 0), "7");
}

TEST_F(Sql, EndsAQueryWithoutEndAtItsTimeLimit) {
  ask(kEndless, 0.3);
  EXPECT_EQ(query_.problem().toStdString(),
            "query: ended after 0.3 s. Narrow it with WHERE or LIMIT, or give it more time.");
}

TEST_F(Sql, SaysWhatIsWrongInOneLineAndKeepsTheRowsBefore) {
  ask("SELECT 1 AS one");
  ask("SELECT sead FROM run");
  EXPECT_EQ(query_.problem().toStdString(),
            "query:1:8: no such column: sead, did you mean `seed`?");
  EXPECT_EQ(query_.rowCount(), 1);
  ask("DELETE FROM run");
  EXPECT_EQ(query_.problem().toStdString(),
            "query: only the tables of the index can be read: nothing can be changed.");
  ask("SELECT count(*) FROM run");
  EXPECT_EQ(query_.problem().toStdString(), "");
  EXPECT_EQ(cell(query_, 0, 0), "6") << "nothing was deleted";
}

TEST_F(Sql, DoesNotTakeTextOfARunForMarkupAndCutsWhatIsLong) {
  ask("SELECT '<b>x</b>', printf('%.*c', 900000, 'y'), NULL, -1.5, char(10)");
  EXPECT_EQ(cell(query_, 0, 0), "<b>x</b>");
  EXPECT_LT(cell(query_, 0, 1).size(), 1100u);
  EXPECT_EQ(cell(query_, 0, 2), "");
  EXPECT_EQ(cell(query_, 0, 3), "-1.5");
  EXPECT_EQ(cell(query_, 0, 4), "\\x0A");
  TableModel::Rows rows;
  query_.all_rows({1}, [&](const TableModel::Rows& all) { rows = all; });
  EXPECT_EQ(rows.at(0).at(0).size(), 900000) << "an export has the whole text";
}

TEST_F(Sql, KeepsTheHistoryInAFileMostRecentFirst) {
  const QString path = QString::fromStdString(folder_.file("new/queries.json"));
  query_.keep_history_in(path);
  ask("SELECT 1");
  ask("SELECT 2");
  ask("SELECT 1");
  EXPECT_THAT(query_.history(), ElementsAre("SELECT 1", "SELECT 2"));
  ASSERT_TRUE(wait_until([&] { return lab_.files().waiting() == 0; }));
  SqlQuery other(lab_);
  other.keep_history_in(path);
  ASSERT_TRUE(wait_until([&] { return other.history().size() == 2; }));
  EXPECT_EQ(other.history()[0], "SELECT 1");
}

TEST(QueryHistory, LeavesADamagedFileAloneAndKeepsTwoHundred) {
  const LabFolder folder;
  const std::string path = folder.file("queries.json");
  std::ofstream(path) << "[1]";
  EXPECT_THROW(add_queries(path, {"a"}), DataError);
  EXPECT_EQ(read_file(path), "[1]");
  std::filesystem::remove(path);
  std::vector<std::string> many;
  for (int i = 0; i < 300; ++i) many.push_back("q" + std::to_string(i));
  EXPECT_THAT(add_queries(path, many), SizeIs(kQueriesKept));
  EXPECT_EQ(add_queries(path, {"new"})[1], "q0");
}

class SqlViewTest : public Sql {
 protected:
  SqlViewTest() {
    view_.resize(1200, 640);
    QSettings settings(QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat);
    view_.restore(settings);
    view_.show();
  }
  void click(const QModelIndex& item) {
    view_.schema()->expand(item.parent());
    view_.schema()->scrollTo(item);
    QTest::mouseClick(view_.schema()->viewport(), Qt::LeftButton, {},
                      view_.schema()->visualRect(item).center());
  }

  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  SqlView view_{Context{messages_, lab_, actions_, navigator_, launcher_}};
};

TEST_F(SqlViewTest, SaysWhatToDoAndRunsAnExample) {
  auto* empty = view_.findChild<EmptyState*>();
  ASSERT_TRUE(empty->isVisible());
  QTest::mouseClick(empty->findChildren<QPushButton*>()[0], Qt::LeftButton);
  ASSERT_TRUE(wait_until([&] { return view_.rows()->isVisible(); }));
  EXPECT_EQ(view_.query().problem().toStdString(), "");
  EXPECT_GT(view_.query().rowCount(), 0);
}

TEST_F(SqlViewTest, HasExamplesThatAreRight) {
  ASSERT_TRUE(wait_until([&] { return !lab_.is_refreshing(); }));
  for (const QueryExample& example : query_examples()) {
    view_.query().run(example.sql, 5);
    ASSERT_TRUE(wait_until([&] { return !view_.query().is_busy(); }));
    EXPECT_EQ(view_.query().problem().toStdString(), "") << example.title.toStdString();
  }
}

TEST_F(SqlViewTest, InsertsNamesOfTheSchemaByClicksAndRunsByAKey) {
  const QAbstractItemModel* tree = view_.schema()->model();
  click(tree->index(0, 0));
  EXPECT_EQ(view_.text()->toPlainText().toStdString(), "SELECT * FROM run LIMIT 100");
  view_.text()->setPlainText("SELECT");
  view_.text()->moveCursor(QTextCursor::End);
  click(tree->index(3, 0, tree->index(0, 0)));
  EXPECT_EQ(view_.text()->toPlainText().toStdString(), "SELECT seed");
  QTest::keyClicks(view_.text(), " FROM run");
  EXPECT_EQ(actions_.action("sql.run")->shortcut(), QKeySequence("F9"));
  actions_.action("sql.run")->trigger();
  ASSERT_TRUE(wait_until([&] { return view_.query().rowCount() == 6; }));
}

TEST_F(SqlViewTest, MarksThePlaceOfAnError) {
  view_.text()->setPlainText("SELECT 1,\n  sead FROM run");
  actions_.action("sql.run")->trigger();
  ASSERT_TRUE(wait_until([&] { return view_.problem()->isVisible(); }));
  const auto marks = view_.text()->extraSelections();
  ASSERT_EQ(marks.size(), 1);
  EXPECT_EQ(marks[0].cursor.selectedText().toStdString(), "sead");
  QTest::keyClicks(view_.text(), " ");
  EXPECT_TRUE(view_.text()->extraSelections().isEmpty());
}

TEST_F(SqlViewTest, OffersTheHistoryAndKeepsTheTextOfTheQuery) {
  view_.text()->setPlainText("SELECT 1 AS a");
  actions_.action("sql.run")->trigger();
  ASSERT_TRUE(wait_until([&] { return view_.query().has_rows(); }));
  view_.text()->setPlainText("SELECT 2");
  Q_EMIT view_.history()->aboutToShow();
  ASSERT_FALSE(view_.history()->actions().isEmpty());
  EXPECT_EQ(view_.history()->actions()[0]->text().toStdString(), "SELECT 1 AS a");
  QSettings settings(QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat);
  view_.save(settings);
  view_.history()->actions()[0]->trigger();
  EXPECT_EQ(view_.text()->toPlainText().toStdString(), "SELECT 1 AS a");
  view_.restore(settings);
  EXPECT_EQ(view_.text()->toPlainText().toStdString(), "SELECT 2");
}

}  // namespace
}  // namespace lea::gui
