// The plots of an experiment, from real runs: what they show, and the files that they become.
#include <sys/stat.h>
#include <unistd.h>

#include <QDir>
#include <QImage>
#include <QTest>
#include <QXmlStreamReader>
#include <fstream>

#include "core/report/measure.h"
#include "core/report/statistics.h"
#include "core/report/training_free.h"
#include "gui/model/look.h"
#include "gui/view/plots_view.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// The packs of an experiment of the tree, whole.
void import_experiment(const LabFolder& folder, const std::string& name) {
  lab::import_packs(folder.path(), {std::string(LEA_SOURCE_DIR) + "/experiments/" + name});
  lab::collect(folder.path());
}

report::Pivot pivot_of(const LabFolder& folder, const std::string& experiment) {
  const db::Store store(folder.path(), db::Store::Mode::kReadOnly);
  report::TableOptions options;
  options.lab = folder.path();
  report::Pivot pivot = report::make_pivot(experiment, store.runs(experiment),
                                           report::stored_metrics(store, experiment), options,
                                           store.experiment(experiment));
  report::add_training_free(store, options, &pivot);
  return pivot;
}

PlotTable table_of(const LabFolder& folder, const std::string& experiment) {
  PlotTable table;
  table.pivot = pivot_of(folder, experiment);
  table.cells = plot_cells(table.pivot);
  return table;
}

std::set<size_t> all_cells(const PlotTable& table) {
  std::set<size_t> cells;
  for (size_t i = 0; i < table.cells.size(); ++i) cells.insert(i);
  return cells;
}

// The labs are made once, because their packs take a while.
const LabFolder& baselines() {
  static const auto* folder = [] {
    auto* made = new LabFolder;
    import_experiment(*made, "industry_baselines");
    return made;
  }();
  return *folder;
}

const LabFolder& settings() {
  static const auto* folder = [] {
    auto* made = new LabFolder;
    import_experiment(*made, "industry_settings");
    return made;
  }();
  return *folder;
}

TEST(PlotSeries, ShowTheMeansAndIntervalsOfTheTable) {
  const PlotTable table = table_of(baselines(), "industry_baselines");
  const size_t column = main_column(table.pivot);
  EXPECT_EQ(table.pivot.columns[column].title, "NDCG@20");
  const auto groups = bars_of(table, all_cells(table), column);
  ASSERT_EQ(groups.size(), 1u);
  size_t trained = 0;
  for (const report::Row& row : table.pivot.rows) trained += !row.untrained;
  ASSERT_EQ(groups[0].bars.size(), trained);
  for (size_t i = 0; i < groups[0].bars.size(); ++i) {
    const report::Summary& expected = table.row(table.cells[i]).values[column].summary;
    EXPECT_EQ(groups[0].bars[i].summary.mean, expected.mean);
    EXPECT_EQ(groups[0].bars[i].summary.half_width, expected.half_width);
  }
  ASSERT_FALSE(groups[0].floors.empty());
  EXPECT_EQ(groups[0].floors[0].name, "popularity");
  EXPECT_TRUE(groups[0].floors[0].best);
  // What is not chosen is not shown.
  EXPECT_THAT(bars_of(table, {0}, column).at(0).bars, SizeIs(1));
}

TEST(PlotSeries, NameEachRowByWhatTellsItApart) {
  const PlotTable table = table_of(baselines(), "industry_baselines");
  std::set<std::string> names;
  for (const PlotCell& cell : table.cells) EXPECT_TRUE(names.insert(cell.name).second) << cell.name;
  EXPECT_THAT(names, Contains("gru4rec snqn"));
  const PlotTable swept = table_of(settings(), "industry_settings");
  EXPECT_EQ(swept.cells[0].name,
            "gru4rec(dropout=0.1) learning_rate=0.001 drop_learning_rate_at=0");
}

TEST(PlotSeries, MeanCurvesAreTheMeansOfTheirRuns) {
  const std::vector<RunCurve> curves = {{{report::kOneSplit, 1}, {100, 200, 300}, {1, 2, 3}},
                                        {{report::kOneSplit, 2}, {100, 200}, {3, 4}}};
  double averaged = 0;
  const PlotLine line = mean_curve(curves, 1000, &averaged);
  EXPECT_EQ(averaged, 0);
  ASSERT_THAT(line.points, SizeIs(3));
  EXPECT_EQ(line.complete, 2u) << "the second run stopped after step 200";
  EXPECT_EQ(line.points[1].mean, 3);
  EXPECT_EQ(line.points[1].half_width, report::summarize(std::vector<double>{2, 4}).half_width);
  EXPECT_EQ(line.points[1].low, 2);
  EXPECT_EQ(line.points[1].high, 4);
  EXPECT_EQ(line.points[2].n, 1);
  EXPECT_FALSE(line.points[2].half_width);
}

TEST(PlotSeries, LongCurvesAreAveragedAndKeepTheirMean) {
  RunCurve curve{{report::kOneSplit, 1}, {}, {}};
  for (int step = 1; step <= 10000; ++step) {
    curve.steps.push_back(step);
    curve.values.push_back(step % 2);
  }
  double averaged = 0;
  const PlotLine line = mean_curve({curve}, 100, &averaged);
  EXPECT_EQ(averaged, 100);
  ASSERT_THAT(line.points, SizeIs(100));
  for (const PlotPoint& point : line.points) EXPECT_DOUBLE_EQ(point.mean, 0.5);
  EXPECT_EQ(line.points.front().x, 100);
  EXPECT_EQ(line.points.back().x, 10000);
}

TEST(PlotSeries, MarkTheOptimumOfASweep) {
  const PlotTable table = table_of(settings(), "industry_settings");
  EXPECT_THAT(numeric_axes(table),
              ElementsAre("train.learning_rate", "train.drop_learning_rate_at"));
  const size_t column = table.pivot.columns.size() - 1;
  ASSERT_EQ(table.pivot.columns[column].title, "valid NDCG@20");
  const Sweep sweep = sweep_of(table, all_cells(table), "train.learning_rate", column);
  ASSERT_TRUE(sweep.best);
  double best = 0;
  std::string rate;
  size_t points = 0;
  for (const report::Row& row : table.pivot.rows) {
    if (row.values[column].summary.mean <= best) continue;
    best = row.values[column].summary.mean;
    rate = row.labels[static_cast<size_t>(
        std::find(table.pivot.axes.begin(), table.pivot.axes.end(), "train.learning_rate") -
        table.pivot.axes.begin())];
  }
  const PlotPoint& marked = sweep.lines[sweep.best->line].points[sweep.best->point];
  EXPECT_EQ(marked.mean, best);
  EXPECT_EQ(marked.x, std::stod(rate));
  for (const PlotLine& line : sweep.lines) points += line.points.size();
  EXPECT_EQ(points, table.pivot.rows.size()) << "each row is a point";
  EXPECT_TRUE(sweep.positive);
  EXPECT_FALSE(sweep_of(table, all_cells(table), "train.drop_learning_rate_at", column).positive);
}

TEST(PlotSeries, CutsComeFromTheRanksAndAgreeWithTheStoredOnes) {
  const PlotTable table = table_of(baselines(), "industry_baselines");
  const report::Row& row = table.row(table.cells[0]);
  const CellCuts cuts = cuts_of(row, baselines().path(), [] { return false; });
  EXPECT_EQ(cuts.without_ranks, 0u);
  std::vector<double> ks;
  for (const PlotPoint& point : cuts.ndcg.points) {
    ks.push_back(point.x);
    for (size_t c = 0; c < table.pivot.columns.size(); ++c) {
      if (table.pivot.columns[c].part != "test" ||
          table.pivot.columns[c].metric != "ndcg@" + std::to_string(static_cast<int>(point.x)))
        continue;
      EXPECT_DOUBLE_EQ(point.mean, row.values[c].summary.mean);
      ASSERT_TRUE(point.half_width);
      EXPECT_NEAR(*point.half_width, *row.values[c].summary.half_width, 1e-12);
    }
  }
  EXPECT_THAT(ks, ElementsAre(1, 2, 3, 5, 10, 20, 50, 100));
}

TEST(PlotSeries, WithoutRanksOnlyTheStoredCutsAreKnown) {
  const PlotTable table = table_of(baselines(), "industry_baselines");
  const LabFolder empty;
  const report::Row& row = table.row(table.cells[0]);
  const CellCuts cuts = cuts_of(row, empty.path(), [] { return false; });
  EXPECT_EQ(cuts.without_ranks, row.finished.size());
  std::vector<double> ks;
  for (const PlotPoint& point : cuts.hr.points) ks.push_back(point.x);
  EXPECT_THAT(ks, ElementsAre(5, 10, 20));
}

class PlotsTab : public testing::Test {
 protected:
  void open(const LabFolder& lab) {
    view_ = std::make_unique<PlotsView>(context_);
    view_->resize(1180, 560);
    view_->restore(window_);
    view_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(view_.get()));
    lab_.open(lab.path());
  }
  void open_drawn(const LabFolder& lab) {
    open(lab);
    ASSERT_TRUE(drawn());
  }
  bool drawn() {
    return wait_until([&] {
      return view_->data().table() && !view_->data().is_busy() && panel("bars")->has_plot() &&
             panel("curves")->has_plot() && panel("k")->has_plot();
    });
  }
  PlotPanel* panel(const QString& name) { return view_->plots()->panel(name); }
  QString export_to(const std::string& folder) {
    messages_.resolve("plots");
    view_->export_to(QString::fromStdString(folder));
    QString text;
    EXPECT_TRUE(wait_until([&] {
      for (const Message& message : messages_.current()) {
        if (message.source == "plots") text = message.text;
      }
      return !text.isEmpty();
    }));
    return text;
  }
  void TearDown() override { view_.reset(); }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  QSettings window_{QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat};
  Context context_{messages_, lab_, actions_, navigator_, launcher_};
  std::unique_ptr<PlotsView> view_;
};

TEST_F(PlotsTab, DrawsWhatTheIndexHas) {
  open_drawn(baselines());
  const db::Store store(baselines().path(), db::Store::Mode::kReadOnly);
  const auto& table = *view_->data().table();
  const report::Row& row = table.row(table.cells[0]);
  const PlotData::Curves* curves = view_->data().curves("ndcg@20", 0);
  ASSERT_NE(curves, nullptr) << "the metric that stopped the runs is shown first";
  const auto first = store.curve(row.finished[0].run.uuid, "ndcg@20");
  ASSERT_FALSE(first.empty());
  double sum = 0;
  for (const report::Member& member : row.finished)
    sum += store.curve(member.run.uuid, "ndcg@20").at(0).value;
  EXPECT_EQ(curves->mean.points[0].x, static_cast<double>(first[0].step));
  EXPECT_NEAR(curves->mean.points[0].mean, sum / static_cast<double>(row.finished.size()), 1e-12);
  EXPECT_THAT(panel("sweep")->text().toStdString(), HasSubstr("varies no number"));
  EXPECT_TRUE(messages_.current().empty());
}

TEST_F(PlotsTab, HidesARowByAClickAndShowsItByTheNext) {
  open_drawn(baselines());
  const size_t all = view_->shown_rows().size();
  QListWidget* rows = view_->rows();
  const auto click = [&] {
    const QRect row = rows->visualItemRect(rows->item(0));
    QTest::mouseClick(rows->viewport(), Qt::LeftButton, {}, row.center());
  };
  const int bars = panel("bars")->plot()->plottableCount();
  click();
  EXPECT_EQ(view_->shown_rows().size(), all - 1);
  ASSERT_TRUE(wait_until([&] { return panel("bars")->plot()->plottableCount() < bars; }));
  click();
  EXPECT_EQ(view_->shown_rows().size(), all);
  ASSERT_TRUE(wait_until([&] { return panel("bars")->plot()->plottableCount() == bars; }));
  const QRect row = rows->visualItemRect(rows->item(0));
  QTest::mouseClick(rows->viewport(), Qt::LeftButton, {}, {row.left() + 9, row.center().y()});
  EXPECT_EQ(view_->shown_rows().size(), all - 1) << "the box itself does so once";
}

TEST_F(PlotsTab, DrawsTheFirstTwentyRowsUntilAsked) {
  open(settings());
  ASSERT_TRUE(wait_until([&] { return view_->data().table() && !view_->data().is_busy(); }));
  ASSERT_EQ(view_->data().table()->cells.size(), 24u);
  EXPECT_EQ(view_->shown_rows().size(), PlotsView::kFirstRows);
  for (QToolButton* button : view_->findChildren<QToolButton*>()) {
    if (button->text() == "All rows") QTest::mouseClick(button, Qt::LeftButton);
  }
  EXPECT_EQ(view_->shown_rows().size(), 24u);
}

bool is_well_formed(const QByteArray& xml, std::vector<std::string>* texts) {
  QXmlStreamReader reader(xml);
  while (!reader.atEnd()) {
    if (reader.readNext() == QXmlStreamReader::Characters)
      texts->push_back(reader.text().toString().toStdString());
  }
  return !reader.hasError();
}

QByteArray content_of(const std::string& path) {
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return QByteArray::fromStdString(text);
}

TEST_F(PlotsTab, ExportsAllPlotsAsPngAndSvg) {
  open_drawn(baselines());
  const std::string out = folder_.file("out");
  std::filesystem::create_directories(out);
  EXPECT_THAT(export_to(out).toStdString(), HasSubstr("6 plots written to " + out));
  const auto& table = *view_->data().table();
  for (const std::string name : {"bars-ndcg@20", "curves-ndcg@20", "k-ndcg"}) {
    const std::string path = out + "/industry_baselines-" + name;
    std::vector<std::string> texts;
    ASSERT_TRUE(is_well_formed(content_of(path + ".svg"), &texts)) << path;
    EXPECT_THAT(texts, Contains("gru4rec snqn")) << "the legend, or the name of a bar";
    const QImage image(QString::fromStdString(path + ".png"));
    ASSERT_FALSE(image.isNull()) << path;
    std::set<QRgb> colours;
    for (int y = 0; y < image.height(); y += 3) {
      for (int x = 0; x < image.width(); x += 3) colours.insert(image.pixel(x, y));
    }
    EXPECT_GT(colours.size(), 10u) << "it is not blank";
  }
  std::vector<std::string> texts;
  is_well_formed(content_of(out + "/industry_baselines-bars-ndcg@20.svg"), &texts);
  const report::Summary& first = table.row(table.cells[0]).values[main_column(table.pivot)].summary;
  EXPECT_THAT(texts,
              Contains(report::fixed(first.mean) + " ± " + report::fixed(*first.half_width)));
  EXPECT_THAT(texts, Contains("NDCG@20"));
}

TEST_F(PlotsTab, ReplacesItsOwnFilesAndNoOthers) {
  open_drawn(baselines());
  const std::string out = folder_.file("out");
  std::filesystem::create_directories(out);
  export_to(out);
  EXPECT_THAT(export_to(out).toStdString(), HasSubstr("6 plots written"));
  const std::string other = out + "/industry_baselines-k-ndcg.svg";
  std::ofstream(other) << "<svg>mine</svg>";
  const QString text = export_to(out);
  EXPECT_THAT(text.toStdString(), HasSubstr("5 plots written"));
  EXPECT_THAT(text.toStdString(), HasSubstr("show something else: industry_baselines-k-ndcg.svg"));
  EXPECT_EQ(content_of(other), "<svg>mine</svg>");
  // A lab of another place is another experiment, whatever its name is.
  EXPECT_NE(plot_mark("/a", "x"), plot_mark("/b", "x"));
}

TEST_F(PlotsTab, ReportsAFolderThatCannotBeWrittenOnce) {
  open_drawn(baselines());
  const std::string out = folder_.file("not there");
  const QString text = export_to(out);
  EXPECT_THAT(text.toStdString(), HasSubstr(out + "/industry_baselines-bars-ndcg@20"));
  size_t messages = 0;
  for (const Message& message : messages_.current()) messages += message.source == "plots";
  EXPECT_EQ(messages, 1u);
}

TEST_F(PlotsTab, ExportsPlotsThatAreNotShown) {
  open_drawn(settings());
  view_->plots()->show_only("bars");
  EXPECT_FALSE(panel("k")->isVisible());
  const std::string out = folder_.file("out");
  std::filesystem::create_directories(out);
  EXPECT_THAT(export_to(out).toStdString(), HasSubstr("8 plots written"));
  std::vector<std::string> texts;
  ASSERT_TRUE(is_well_formed(
      content_of(out + "/industry_settings-sweep_train.learning_rate-ndcg@20.svg"), &texts));
  EXPECT_TRUE(std::any_of(texts.begin(), texts.end(),
                          [](const std::string& text) { return text.starts_with("best 0."); }));
}

TEST_F(PlotsTab, SaysWhatToDoWithoutRuns) {
  open(folder_);
  auto* state = view_->findChild<EmptyState*>();
  ASSERT_TRUE(wait_until([&] { return state->isVisible() && !lab_.is_refreshing(); }));
  bool found = false;
  for (const QLabel* label : state->findChildren<QLabel*>())
    found |= label->text().contains("Launch a spec on the page Experiment");
  EXPECT_TRUE(found);
  EXPECT_FALSE(actions_.action("plots.export")->isEnabled());
}

TEST_F(PlotsTab, KeepsItsChoices) {
  open_drawn(baselines());
  view_->metric()->setCurrentIndex(view_->metric()->findText("HR@10"));
  Q_EMIT view_->metric()->activated(view_->metric()->currentIndex());
  view_->plots()->show_only("k");
  view_->save(window_);
  view_.reset();
  ActionList actions;
  const Context context{messages_, lab_, actions, navigator_, launcher_};
  PlotsView again(context);
  again.restore(window_);
  again.show();
  lab_.open(baselines().path());
  ASSERT_TRUE(wait_until([&] { return again.data().table() != nullptr; }));
  EXPECT_EQ(again.data().experiment(), "industry_baselines");
  EXPECT_EQ(again.metric()->currentText(), "HR@10");
  EXPECT_EQ(again.plots()->shown_plot(), "k");
}

// Writes what the tab looks like to a folder, for people: $LEA_PLOT_PICTURES.
TEST_F(PlotsTab, LooksWellInBothThemes) {
  const QString folder = qEnvironmentVariable("LEA_PLOT_PICTURES");
  const QPalette before = QApplication::palette();
  open(baselines());
  for (const auto& [name, palette] :
       {std::pair{"light", light_palette()}, {"dark", dark_palette()}}) {
    QApplication::setPalette(palette);
    for (const LabFolder* lab : {&baselines(), &settings()}) {
      lab_.open(lab->path());
      ASSERT_TRUE(drawn());
      const QString of_lab = lab == &baselines() ? "baselines" : "settings";
      for (const QString& plot : QStringList{"", "bars", "curves", "k", "sweep"}) {
        view_->plots()->show_only(plot);
        QTest::qWait(60);
        const QImage image = view_->grab().toImage();
        // The ground of the plots is that of the theme.
        const QColor ground = image.pixelColor(image.width() / 3, image.height() - 3);
        EXPECT_EQ(ground.lightness() < 128, std::string(name) == "dark");
        if (!folder.isEmpty())
          image.save(folder + "/plots-" + of_lab + "-" + (plot.isEmpty() ? "all" : plot) + "-" +
                     name + ".png");
      }
    }
  }
  QApplication::setPalette(before);
}

}  // namespace
}  // namespace lea::gui
