// What every table of the window does, and the actions and settings.
#include <QAbstractItemModelTester>

#include "core/report/filter.h"
#include "gui/model/action_list.h"
#include "gui/model/memory_table.h"
#include "gui/model/run_files.h"
#include "gui/model/settings.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Fruits with a price; the last has none.
class Fruits : public MemoryTable {
 public:
  Fruits() { rows_replaced(); }
  const std::vector<TableColumn>& columns() const override { return columns_; }
  size_t size() const override { return names.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override {
    if (field == "name") return {true, names[row], std::nullopt};
    if (prices[row] == 0) return {};
    return {true, std::to_string(prices[row]), prices[row]};
  }
  std::vector<std::string> shown() const {
    std::vector<std::string> shown;
    for (int row = 0; row < rowCount(); ++row)
      shown.push_back(data(index(row, 0), Qt::DisplayRole).toString().toStdString());
    return shown;
  }
  void set_price(size_t row, int price) {
    prices[row] = price;
    rows_changed({row});
  }

  std::vector<std::string> names = {"pear", "apple", "fig", "<b>plum</b>"};
  std::vector<int> prices = {10, 9, 2, 0};

 private:
  const std::vector<TableColumn> columns_ = {{"name", "Name"}, {"price", "Price", true}};
};

TEST(MemoryTable, SortsNumbersAsNumbersAndMissingOnesLast) {
  Fruits fruits;
  fruits.sort(1, Qt::AscendingOrder);
  EXPECT_THAT(fruits.shown(), ElementsAre("fig", "apple", "pear", "<b>plum</b>"));
  fruits.sort(1, Qt::DescendingOrder);
  EXPECT_THAT(fruits.shown(), ElementsAre("pear", "apple", "fig", "<b>plum</b>"));
}

TEST(MemoryTable, ShowsTheRowsThatMatchAndCountsThem) {
  Fruits fruits;
  qint64 shown = -1, all = -1;
  QObject::connect(&fruits, &TableModel::counted, [&](qint64 some, qint64 total) {
    shown = some;
    all = total;
  });
  fruits.set_filter("price>2 and name~P");
  EXPECT_THAT(fruits.shown(), ElementsAre("pear", "apple"));
  EXPECT_EQ(shown, 2);
  EXPECT_EQ(all, 4);
}

TEST(MemoryTable, KeepsItsRowsWhenAFilterIsWrongAndSaysWhere) {
  Fruits fruits;
  QString problem;
  QObject::connect(&fruits, &TableModel::filter_checked,
                   [&](const QString& text) { problem = text; });
  fruits.set_filter("price>2");
  fruits.set_filter("prise>3");
  EXPECT_THAT(problem.toStdString(), HasSubstr("did you mean `price`?"));
  EXPECT_THAT(fruits.shown(), ElementsAre("pear", "apple"));
}

TEST(MemoryTable, MovesARowThatChangesAndKeepsTheSelectionOnIt) {
  Fruits fruits;
  const QAbstractItemModelTester tester(&fruits,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  fruits.sort(1, Qt::AscendingOrder);
  const QPersistentModelIndex fig(fruits.index(0, 0));
  fruits.set_price(2, 100);
  EXPECT_THAT(fruits.shown(), ElementsAre("apple", "pear", "fig", "<b>plum</b>"));
  EXPECT_EQ(fig.row(), 2);
  fruits.set_filter("price<50");
  EXPECT_FALSE(fig.isValid());
  fruits.set_price(2, 1);
  EXPECT_THAT(fruits.shown(), ElementsAre("fig", "apple", "pear"));
}

TEST(MemoryTable, NeverShowsMarkupOfANameInATip) {
  Fruits fruits;
  const QString tip = fruits.data(fruits.index(3, 0), Qt::ToolTipRole).toString();
  EXPECT_EQ(tip, "<span>&lt;b&gt;plum&lt;/b&gt;</span>");
}

TEST(ColumnCondition, IsWhatWasTypedBelowAHeader) {
  EXPECT_EQ(column_condition("ndcg@10", " >0.07 "), "ndcg@10>0.07");
  EXPECT_EQ(column_condition("framework", "snqn"), "framework~\"snqn\"");
  EXPECT_EQ(column_condition("framework", "=snqn"), "framework=\"snqn\"");
  EXPECT_EQ(column_condition("seed", "!= 1"), "seed!=1");
  EXPECT_EQ(column_condition("reason", "NULL"), "not reason~\"\"");
  EXPECT_EQ(column_condition("reason", "not null"), "reason~\"\"");
  EXPECT_EQ(column_condition("reason", "say \"no\""), "reason~'say \"no\"'");
  EXPECT_EQ(column_condition("seed", ">"), "") << "it is still being typed";
  EXPECT_EQ(column_condition("seed", "  "), "");
  EXPECT_EQ(all_conditions({"", "a=1 or b=2", "", "c~\"x\""}), "(a=1 or b=2) and (c~\"x\")");
}

TEST(ColumnCondition, IsUnderstoodByTheFilter) {
  Fruits fruits;
  fruits.set_filter(all_conditions({column_condition("price", "NULL")}));
  EXPECT_THAT(fruits.shown(), ElementsAre("<b>plum</b>"));
  fruits.set_filter(all_conditions({column_condition("price", "not NULL"), "name!=fig"}));
  EXPECT_THAT(fruits.shown(), ElementsAre("pear", "apple"));
}

TEST(WriteRows, WritesCsvMarkdownAndJson) {
  const std::vector<QString> titles = {"name", "ndcg@10"};
  const TableModel::Rows rows = {{"a|b, c", "0.5"}, {"=1+1", ""}};
  EXPECT_EQ(write_rows("csv", titles, rows).toStdString(),
            "name,ndcg@10\n\"a|b, c\",0.5\n'=1+1,\n");
  EXPECT_EQ(write_rows("markdown", titles, rows).toStdString(),
            "| name | ndcg@10 |\n| --- | --- |\n| a\\|b, c | 0.5 |\n| =1+1 |  |\n");
  EXPECT_EQ(nlohmann::json::parse(write_rows("json", titles, rows).toStdString()),
            nlohmann::json::parse(
                R"([{"name": "a|b, c", "ndcg@10": 0.5}, {"name": "=1+1", "ndcg@10": ""}])"));
}

TEST(Actions, AreFoundByTheWordsOfTheirText) {
  ActionList actions;
  QAction* stop = actions.add("runs.stop", "Stop the grid", [] {});
  QAction* skip = actions.add("runs.skip", "Skip all runs of the grid", [] {});
  actions.add("runs.first", "Start first", [] {})->setEnabled(false);
  EXPECT_THAT(actions.matching("grid"), ElementsAre(stop, skip));
  EXPECT_THAT(actions.matching("st"), ElementsAre(stop)) << "the third cannot be done now";
  EXPECT_THAT(actions.matching("grid skip"), ElementsAre(skip));
  EXPECT_TRUE(actions.matching("nothing like it").empty());
}

TEST(Actions, KeepOnlyTheShortcutsThatTheUserChanged) {
  const LabFolder folder;
  const QString file = QString::fromStdString(folder.file("window.ini"));
  ActionList actions;
  QAction* stop = actions.add(
      "runs.stop", "Stop", [] {}, QKeySequence("Ctrl+S"));
  QAction* quit = actions.add(
      "quit", "Quit", [] {}, QKeySequence("Ctrl+Q"));
  {
    QSettings settings(file, QSettings::IniFormat);
    actions.set_shortcut(stop, QKeySequence("Ctrl+T"));
    actions.save(settings);
  }
  QSettings settings(file, QSettings::IniFormat);
  EXPECT_THAT(settings.allKeys(), ElementsAre("shortcuts/runs.stop"));
  stop->setShortcut(QKeySequence());
  actions.restore(settings);
  EXPECT_EQ(stop->shortcut(), QKeySequence("Ctrl+T"));
  EXPECT_EQ(actions.conflict(quit, QKeySequence("Ctrl+T")), stop);
  EXPECT_EQ(actions.conflict(stop, QKeySequence("Ctrl+T")), nullptr);
}

TEST(Settings, HoldListsOfNumbersAsText) {
  EXPECT_EQ(number_list({1, 20}), "1, 20");
  EXPECT_THAT(numbers_in("1, 20"), ElementsAre(1, 20));
  EXPECT_TRUE(numbers_in("1, x").empty());
}

TEST(CurveGroups, FollowTheNamesOfTheFrameworksMetrics) {
  EXPECT_EQ(curve_group("loss"), CurveGroup::kLoss);
  EXPECT_EQ(curve_group("augmented_supervised_loss"), CurveGroup::kLoss);
  EXPECT_EQ(curve_group("ndcg@20"), CurveGroup::kValidation);
  EXPECT_EQ(curve_group("td_positive"), CurveGroup::kTdError);
  EXPECT_EQ(curve_group("q_negative"), CurveGroup::kQ);
  EXPECT_EQ(curve_group("q_loss"), CurveGroup::kLoss);
  EXPECT_EQ(curve_group("effective_rows"), CurveGroup::kOther);
}

}  // namespace
}  // namespace lea::gui
