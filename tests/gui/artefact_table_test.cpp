// The artefacts of a lab in the window, with folders as a worker leaves them.
#include <QAbstractItemModelTester>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTest>
#include <fstream>

#include "core/run/artefact_folder.h"
#include "core/run/claim.h"
#include "gui/model/artefact_table.h"
#include "gui/view/main_window.h"
#include "gui/view/plugins_page.h"
#include "tests/gui/fixture.h"

namespace lea::gui {
namespace {

using testing::HasSubstr;

// Makes a finished artefact of one file. Returns its key.
std::string make_artefact(const std::string& lab, const std::string& plugin,
                          const std::map<std::string, double>& quality, double seconds) {
  run::ArtefactHeader header;
  header.needed.plugin_kind = "environment";
  header.needed.use = {plugin, {{"portion", 0.1}}};
  header.needed.artefact.kind = "rewards";
  header.needed.artefact.params = {"portion"};
  header.run.data.name = "toy";
  header.key = spec::artefact_key(header.needed, header.reads, header.after);
  const run::Folder folder = run::make_artefact(lab, header);
  std::filesystem::create_directories(folder.file(run::kFilesFolder));
  std::ofstream(folder.file(run::kFilesFolder) + "/rewards") << std::string(1500, 'r');
  run::Result result;
  result.finished_at = "2026-01-01T00:00:00Z";
  result.attempt = 1;
  result.making.emplace();
  result.making->files = run::record_files(folder);
  result.making->sha256 = run::sum_of(result.making->files);
  result.making->quality = quality;
  result.making->seconds = seconds;
  run::write_result(folder, result);
  return header.key;
}

class ArtefactsOfALab : public testing::Test {
 protected:
  ArtefactsOfALab() {
    le_ = make_artefact(folder_.path(), "lea.le", {{"accuracy", 0.671}, {"accuracy.error", 0.01}},
                        7200);
    other_ = make_artefact(folder_.path(), "my.<b>x</b>", {}, 12);
    folder_.import_runs();
    use(le_);
    lab_.open(folder_.path());
  }
  // Lets a finished run have used an artefact.
  void use(const std::string& key) {
    const run::Folder run = run::list_runs(folder_.path()).at(0);
    run::Result result = *run::read_result(run);
    result.artefacts.push_back({key, "rewards of lea.le", std::string(64, '1')});
    run::write_result(run, result);
    experiment_ = run::read_header(run).experiment;
  }
  void list() {
    table_.list();
    ASSERT_TRUE(wait_until([&] { return !table_.is_listing(); }));
  }
  QModelIndex of(const std::string& key) const {
    return table_.index(table_.row_of_id(to_qt(key)), 0);
  }
  std::string cell(const std::string& key, const std::string& field) const {
    return of(key).siblingAtColumn(table_.column_of(field)).data().toString().toStdString();
  }
  bool exists(const std::string& key) const {
    return std::filesystem::exists(run::artefact_folder(folder_.path(), key).path);
  }
  // About artefacts.
  std::string message(Severity severity = Severity::kNote) const {
    for (const Message& message : messages_.current()) {
      if (message.source == ArtefactTable::kSource && message.severity == severity)
        return message.text.toStdString();
    }
    return "";
  }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  ArtefactTable table_{lab_};
  std::string le_, other_, experiment_;
};

TEST_F(ArtefactsOfALab, HaveASizeACostAQualityAndUsers) {
  const QAbstractItemModelTester tester(&table_,
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  list();
  ASSERT_EQ(table_.rows(), 2u);
  EXPECT_EQ(cell(le_, "state"), "finished");
  EXPECT_EQ(cell(le_, "kind"), "rewards");
  EXPECT_EQ(cell(le_, "plugin"), "lea.le");
  EXPECT_EQ(cell(le_, "data"), "toy");
  EXPECT_EQ(cell(le_, "seconds"), "2 h 0 min");
  EXPECT_EQ(cell(le_, "quality"), "accuracy 0.671") << "a name with a dot is a detail";
  EXPECT_EQ(cell(le_, "users"), "1");
  EXPECT_EQ(cell(le_, "experiments"), experiment_);
  EXPECT_EQ(cell(le_, "key"), le_.substr(0, 12));
  EXPECT_THAT(cell(le_, "bytes"), HasSubstr("kB"));
  EXPECT_EQ(cell(other_, "users"), "0");
  EXPECT_EQ(cell(other_, "quality.accuracy"), "");
  table_.set_filter("users=0");
  ASSERT_EQ(table_.rowCount(), 1);
  EXPECT_EQ(table_.row(table_.index(0, 0)).folder.uuid(), other_);
  table_.set_filter("quality.accuracy>0.6 and seconds>3600");
  ASSERT_EQ(table_.rowCount(), 1);
  EXPECT_EQ(table_.row(table_.index(0, 0)).folder.uuid(), le_);
}

TEST_F(ArtefactsOfALab, ShowWhatTheCommandShows) {
  list();
  const auto shown = nlohmann::json::parse(table_.details(of(le_)).toStdString());
  EXPECT_EQ(shown.at("key"), le_);
  EXPECT_EQ(shown.at("files").at("rewards").at("bytes"), 1500);
  EXPECT_EQ(shown.at("quality").at("accuracy.error"), 0.01);
  EXPECT_EQ(shown.at("experiments"), nlohmann::json::array({experiment_}));
  std::string facts;
  for (const auto& [name, text] : table_.facts(of(le_)))
    facts += name.toStdString() + ": " + text.toStdString() + "\n";
  EXPECT_THAT(facts, HasSubstr("Quality accuracy.error: 0.01\n"));
  EXPECT_THAT(facts, HasSubstr("Used by: 1 finished run of experiment " + experiment_ + "\n"));
  EXPECT_EQ(table_.runs_filter(of(le_)).toStdString(), "experiment=\"" + experiment_ + "\"");
}

TEST_F(ArtefactsOfALab, AreVerifiedAndADamagedOneIsNamed) {
  list();
  table_.verify("");
  ASSERT_TRUE(wait_until([&] { return message() == "2 finished artefacts checked, no problem."; }));
  std::ofstream(run::artefact_folder(folder_.path(), le_).file(run::kFilesFolder) + "/rewards")
      << std::string(1500, 'x');
  table_.verify(le_);
  ASSERT_TRUE(wait_until([&] { return !message(Severity::kError).empty(); }));
  EXPECT_THAT(message(Severity::kError), HasSubstr("rewards"));
}

TEST_F(ArtefactsOfALab, AreRemovedUnlessAProcessMakesThem) {
  list();
  {
    const auto claim = run::Claim::take(folder_.path(), other_);
    ASSERT_TRUE(claim);
    table_.remove(other_);
    ASSERT_TRUE(wait_until([&] { return !message(Severity::kError).empty(); }));
    EXPECT_THAT(message(Severity::kError), HasSubstr("is being made by"));
    EXPECT_TRUE(exists(other_));
  }
  table_.remove(other_);
  ASSERT_TRUE(wait_until([&] { return table_.rows() == 1; }));
  EXPECT_FALSE(exists(other_));
}

TEST_F(ArtefactsOfALab, ArePrunedOnlyAfterAQuestionThatNamesThem) {
  list();
  QSignalSpy planned(&table_, &ArtefactTable::prune_planned);
  table_.plan_prune();
  ASSERT_TRUE(wait_until([&] { return !planned.isEmpty(); }));
  const std::string question = planned[0][0].toString().toStdString();
  EXPECT_THAT(question, HasSubstr("No run and no plan needs 1 artefact"));
  EXPECT_THAT(question, HasSubstr(other_.substr(0, 12)));
  EXPECT_TRUE(exists(other_)) << "nothing is removed before the answer";
  table_.prune();
  ASSERT_TRUE(wait_until([&] { return table_.rows() == 1; }));
  EXPECT_TRUE(exists(le_)) << "a run has used it";
}

TEST_F(ArtefactsOfALab, SayWhatIsLostBeforeOneIsRemoved) {
  list();
  const std::string used = table_.question_before_removing(of(le_)).toStdString();
  EXPECT_THAT(used, HasSubstr("It is used by 1 finished run of experiment " + experiment_));
  EXPECT_THAT(used, HasSubstr("makes it again, which took 2 h 0 min."));
  EXPECT_THAT(table_.question_before_removing(of(other_)).toStdString(),
              HasSubstr("No run and no plan needs it."));
}

TEST_F(ArtefactsOfALab, ThatAreDamagedAreShownWithTheReason) {
  std::ofstream(run::artefact_folder(folder_.path(), other_).file(run::kArtefactFile)) << "{";
  list();
  EXPECT_EQ(cell(other_, "state"), "damaged");
  EXPECT_THAT(table_.problem(of(other_)).toStdString(), HasSubstr("artefact.json"));
  EXPECT_EQ(of(other_).data(kLookRole).toInt(), static_cast<int>(Look::kFailed));
}

class ArtefactWindow : public ArtefactsOfALab {
 protected:
  void SetUp() override {
    window_ = std::make_unique<MainWindow>(context_, page_entries(), settings_);
    window_->show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
    actions_.action("artefacts.show")->trigger();
    ASSERT_TRUE(wait_until([&] { return view()->artefacts().rows() == 2; }));
  }
  void TearDown() override { window_.reset(); }
  ArtefactsView* view() { return static_cast<PluginsPage*>(window_->page("plugins"))->artefacts(); }
  void choose(const std::string& key) {
    view()->pane()->view()->selectRow(view()->artefacts().row_of_id(to_qt(key)));
  }

  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  QSettings settings_{QString::fromStdString(folder_.file("window.ini")), QSettings::IniFormat};
  Context context_{messages_, lab_, actions_, navigator_, launcher_};
  std::unique_ptr<MainWindow> window_;
};

TEST_F(ArtefactWindow, RemovesAnArtefactOnConsentInThePage) {
  choose(other_);
  EXPECT_THAT(view()->facts()->title()->text().toStdString(), "rewards of my.<b>x</b>");
  actions_.action("artefacts.remove")->trigger();
  ASSERT_TRUE(view()->consent()->isVisible());
  QTest::mouseClick(view()->consent()->no(), Qt::LeftButton);
  EXPECT_FALSE(view()->consent()->isVisible());
  EXPECT_TRUE(exists(other_));
  actions_.action("artefacts.remove")->trigger();
  QTest::mouseClick(view()->consent()->yes(), Qt::LeftButton);
  EXPECT_TRUE(wait_until([&] { return view()->artefacts().rows() == 1; }));
  EXPECT_FALSE(exists(other_));
}

TEST_F(ArtefactWindow, LeadsToTheRunsOfTheExperiment) {
  QSignalSpy runs(&navigator_, &Navigator::runs);
  EXPECT_FALSE(actions_.action("artefacts.runs")->isEnabled()) << "none is chosen";
  choose(le_);
  actions_.action("artefacts.runs")->trigger();
  ASSERT_EQ(runs.count(), 1);
  EXPECT_EQ(runs[0][0].toString().toStdString(), "experiment=\"" + experiment_ + "\"");
}

TEST_F(ArtefactWindow, OffersThePromptsOfTheSpecThatIsOpenAndEndsTheirMaking) {
  EXPECT_FALSE(actions_.action("artefacts.prompts_spec")->isEnabled());
  Q_EMIT navigator_.spec_shown("/some/study.yaml");
  ASSERT_TRUE(actions_.action("artefacts.prompts_spec")->isEnabled());
  actions_.action("artefacts.prompts_spec")->trigger();
  EXPECT_TRUE(view()->prompts().is_asking());
  EXPECT_EQ(view()->prompts().title(), "/some/study.yaml");
  EXPECT_FALSE(actions_.action("artefacts.prompts_spec")->isEnabled());
  actions_.action("artefacts.cancel_prompts")->trigger();
  EXPECT_FALSE(view()->prompts().is_asking());
  EXPECT_TRUE(actions_.action("artefacts.prompts_spec")->isEnabled());
}

TEST_F(ArtefactWindow, SaysWhatToDoWithoutArtefacts) {
  std::filesystem::remove_all(run::artefact_folder(folder_.path(), le_).path);
  std::filesystem::remove_all(run::artefact_folder(folder_.path(), other_).path);
  view()->artefacts().list();
  ASSERT_TRUE(wait_until([&] { return view()->artefacts().rows() == 0; }));
  EXPECT_TRUE(view()->findChild<EmptyState*>()->isVisible());
}

}  // namespace
}  // namespace lea::gui
