// The editor of a spec, with keys and clicks, without a display.
#include "gui/view/spec_editor.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QClipboard>
#include <QTest>
#include <cmath>
#include <ctime>
#include <fstream>

#include "core/base/error.h"
#include "core/spec/experiment.h"
#include "gui/view/experiment_page.h"
#include "gui/view/yaml_colours.h"
#include "tests/gui/fixture.h"
#include "tests/spec/fixture.h"

namespace lea::gui {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// The time that this thread computed, which other programs of the machine do not lengthen.
class Stopwatch {
 public:
  double milliseconds() const { return now() - start_; }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  }
  double start_ = now();
};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kBlocked = 1500;
#else
constexpr double kBlocked = 100;  // milliseconds
#endif

Facts small_facts() {
  Facts facts;
  facts.plugins = spec::small_catalogue();
  facts.data_sets = {"games", "ml-100k"};
  return facts;
}

class EditedSpec : public testing::Test {
 protected:
  EditedSpec() {
    facts_.take(small_facts());
    editor_.resize(700, 500);
    editor_.show();
    editor_.area()->setFocus();
    QObject::connect(&editor_, &SpecEditor::text_edited, [this] { ++edits_; });
  }
  void SetUp() override { ASSERT_TRUE(QTest::qWaitForWindowExposed(&editor_)); }

  YamlArea* area() { return editor_.area(); }
  std::string text() const { return editor_.text().toStdString(); }
  void show(const std::string& text) {
    editor_.show_text(QString::fromStdString(text),
                      QString::fromStdString(folder_.file("spec.yaml")));
  }
  // An open list gets the keys first.
  QWidget* focus() {
    return editor_.suggestions()->is_open() ? editor_.suggestions()->popup() : area();
  }
  void press(Qt::Key key) { QTest::keyClick(focus(), key); }
  void type(const std::string& keys) {
    for (const char key : keys) QTest::keyClick(focus(), key);
  }
  // Whether the problems are those of the text.
  bool is_checked() {
    return wait_until([&] { return editor_.check().is_current(); });
  }
  std::string problem(int row) const {
    return editor_.problems()->model()->index(row, 0).data().toString().toStdString();
  }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  SpecFacts facts_{lab_};
  SpecEditor editor_{facts_};
  int edits_ = 0;
};

TEST_F(EditedSpec, IsTheTextByteForByte) {
  const QString odd =
      QString::fromUtf8("a: <b>x</b>\n# \xC2\xA0\xE2\x80\xA8\xF0\x9F\x98\x80 \xE2\x80\xAE\n") +
      QChar(0) + "b: 1\x01\n";
  editor_.show_text(odd, "");
  EXPECT_EQ(editor_.text(), odd);
  editor_.replace_text("");
  EXPECT_EQ(editor_.text(), "");
  type("x");
  EXPECT_EQ(text(), "x");
}

TEST_F(EditedSpec, IsChangedOnlyWhereItDiffers) {
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += "key" + std::to_string(i) + ": 1\n";
  show(lines);
  editor_.go_to(150, 4);
  const long top = area()->SendScintilla(QsciScintilla::SCI_GETFIRSTVISIBLELINE);
  const size_t cursor = area()->cursor();
  type("Z");
  const std::string typed = text();
  edits_ = 0;
  std::string other = typed;
  other.replace(other.find("key10: 1"), 8, "key10: \xC3\xA9twenty");
  editor_.replace_text(QString::fromStdString(other));
  EXPECT_EQ(text(), other);
  EXPECT_EQ(edits_, 1);
  EXPECT_EQ(editor_.current_line(), 150);
  EXPECT_EQ(area()->cursor(), cursor + 1 + 7);
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_GETFIRSTVISIBLELINE), top);
  area()->undo();
  EXPECT_EQ(text(), typed) << "one step";
  area()->undo();
  EXPECT_EQ(text(), lines);
  editor_.replace_text(QString::fromStdString(lines));
  EXPECT_EQ(text(), lines);
}

TEST_F(EditedSpec, IsChangedWithoutCuttingACharacter) {
  for (const auto& [before, after] : {std::pair{"a: \xC3\xA9!", "a: \xC3\xA8!"},
                                      {"\xE2\x82\xAC", "\xE2\x82\xAD"},
                                      {"x\xF0\x9F\x98\x80y", "x\xF0\x9F\x99\x80y"},
                                      {"\xC3\xA9\xC3\xA9", "\xC3\xA9"},
                                      {"aa", "aaa"},
                                      {"", "b"}}) {
    show(before);
    editor_.replace_text(after);
    EXPECT_EQ(text(), after);
    area()->undo();
    EXPECT_EQ(text(), before);
  }
}

TEST_F(EditedSpec, OfAnotherFileCannotBeUndoneIntoTheOneBefore) {
  show("a: 1\n");
  type("x");
  show("b: 1\n");
  area()->undo();
  EXPECT_EQ(text(), "b: 1\n");
}

TEST_F(EditedSpec, MarksWhatIsWrongInTheWordsOfTheCommandLine) {
  const std::string wrong = std::string(spec::kBase) +
                            "train:\n  patience: x\n  # <b>\xC3\xA9</b>\n  pathience: 1\n"
                            "reward: <i>no</i>\n";
  show(wrong);
  ASSERT_TRUE(is_checked());
  const std::string path = folder_.file("spec.yaml");
  std::ofstream(path) << wrong;
  std::string loaded;
  try {
    spec::load_experiment(path, {}, spec::small_catalogue());
  } catch (const ConfigError& error) {
    loaded = error.what();
  }
  std::string listed;
  for (const spec::Diagnostic& problem : editor_.check().problems())
    listed += (listed.empty() ? "" : "\n") + problem.text;
  EXPECT_EQ(listed, loaded);
  ASSERT_EQ(editor_.check().problems().size(), 3u);
  EXPECT_TRUE(editor_.problems()->isVisible());
  EXPECT_THAT(problem(0), StartsWith("spec.yaml:6:13: train.patience: must be an integer"));
  EXPECT_THAT(problem(2), HasSubstr("<i>no</i>"));
  // On their lines: a sign in the margin, the word underlined, and a tip.
  for (const int line : {6, 8, 9}) {
    EXPECT_NE(area()->SendScintilla(QsciScintilla::SCI_MARKERGET, line - 1) & 2, 0) << line;
    EXPECT_FALSE(area()->marked_at(line).isEmpty()) << line;
  }
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_MARKERGET, 6) & 2, 0);
  const long at = static_cast<long>(wrong.find("pathience"));
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_INDICATORSTART, 8, at + 3), at);
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_INDICATOREND, 8, at + 3), at + 9);
}

TEST_F(EditedSpec, LosesItsMarksWhenItIsMended) {
  show(std::string(spec::kBase) + "train: {patience: x}\n");
  ASSERT_TRUE(is_checked());
  ASSERT_TRUE(editor_.problems()->isVisible());
  editor_.go_to(5, 19);
  QTest::keyClick(area(), Qt::Key_Delete);
  type("5");
  EXPECT_FALSE(editor_.check().is_current()) << "it waits for a pause";
  ASSERT_TRUE(is_checked());
  EXPECT_TRUE(editor_.check().problems().empty());
  EXPECT_FALSE(editor_.problems()->isVisible());
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_MARKERGET, 4) & 2, 0);
}

TEST_F(EditedSpec, GoesToAProblemByClickEnterAndKey) {
  show(std::string(spec::kBase) + "train:\n  patience: x\n  threads: 0\n");
  ASSERT_TRUE(is_checked());
  QListView* list = editor_.problems();
  QCoreApplication::processEvents();
  const QModelIndex second = list->model()->index(1, 0);
  QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(second).center());
  EXPECT_EQ(editor_.current_line(), 7);
  list->setFocus();
  list->setCurrentIndex(list->model()->index(0, 0));
  QTest::keyClick(list, Qt::Key_Return);
  EXPECT_EQ(editor_.current_line(), 6);
  EXPECT_EQ(area()->cursor(), text().find("x\n"));
  editor_.go_to_next_problem();
  EXPECT_EQ(editor_.current_line(), 7);
  editor_.go_to_next_problem();
  EXPECT_EQ(editor_.current_line(), 6) << "after the last one comes the first";
}

TEST_F(EditedSpec, NamesTheFileThatItExtendsWhereTheProblemIsThere) {
  std::ofstream(folder_.file("base.yaml")) << "train: {patience: 0}\n";
  QString opened;
  QObject::connect(&editor_, &SpecEditor::other_file, [&](const QString& path) { opened = path; });
  show("extends: base.yaml\n" + std::string(spec::kBase));
  ASSERT_TRUE(is_checked());
  ASSERT_EQ(editor_.check().problems().size(), 1u);
  EXPECT_THAT(problem(0), StartsWith("base.yaml:1:19: train.patience"));
  Q_EMIT editor_.problems()->activated(editor_.problems()->model()->index(0, 0));
  EXPECT_EQ(opened.toStdString(), folder_.file("base.yaml"));
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_MARKERGET, 0) & 2, 0);
}

TEST_F(EditedSpec, IsCheckedAgainWhenThePluginsChange) {
  show(std::string(spec::kBase) + "augment: newcomer\n");
  ASSERT_TRUE(is_checked());
  ASSERT_EQ(editor_.check().problems().size(), 1u);
  Facts facts = small_facts();
  std::vector<spec::PluginInfo> plugins = facts.plugins.all();
  spec::PluginInfo newcomer;
  newcomer.id = "my.newcomer";
  newcomer.kind = "augmenter";
  plugins.push_back(newcomer);
  facts.plugins = spec::PluginCatalogue(plugins);
  facts_.take(facts);
  ASSERT_TRUE(is_checked());
  EXPECT_TRUE(editor_.check().problems().empty()) << editor_.check().problems()[0].text;
}

TEST_F(EditedSpec, CancelsTheCheckOfAnOlderText) {
  std::string slow = std::string(spec::kBase) + "grid:\n  train.min_steps: [0";
  for (int i = 1; i < 1000; ++i) slow += ", " + std::to_string(i);
  slow += "]\n  train.log_every: [1";
  for (int i = 2; i < 100; ++i) slow += ", " + std::to_string(i);
  slow += "]\n";
  int checks = 0;
  show("a: 1\n");
  ASSERT_TRUE(is_checked());
  QObject::connect(&editor_.check(), &SpecCheck::checked, [&] { ++checks; });
  editor_.replace_text(QString::fromStdString(slow));
  QTest::qWait(SpecCheck::kPauseMilliseconds + 200);  // it is being checked
  editor_.replace_text("b: 1\n");
  ASSERT_TRUE(is_checked());
  EXPECT_THAT(problem(0), StartsWith("spec.yaml:1:1: b: unknown key"));
  EXPECT_LE(checks, 2);
}

TEST_F(EditedSpec, ListsManyProblemsAndCountsTheRest) {
  const QAbstractItemModelTester tester(&editor_.check(),
                                        QAbstractItemModelTester::FailureReportingMode::Fatal);
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  show(text);
  ASSERT_TRUE(is_checked());
  EXPECT_EQ(editor_.check().rowCount(), 201);
  EXPECT_THAT(problem(200), EndsWith(" more"));
}

TEST_F(EditedSpec, CompletesKeysAndValuesWhileSomebodyTypes) {
  type("tra");
  ASSERT_TRUE(editor_.suggestions()->is_open());
  press(Qt::Key_Return);
  EXPECT_EQ(text(), "train:\n  ");
  type("samp");
  press(Qt::Key_Tab);
  EXPECT_EQ(text(), "train:\n  sampling: ");
  ASSERT_TRUE(editor_.suggestions()->is_open()) << "the values follow";
  press(Qt::Key_Down);
  press(Qt::Key_Return);
  EXPECT_EQ(text(), "train:\n  sampling: epochs");
  EXPECT_FALSE(editor_.suggestions()->is_open());
  press(Qt::Key_Return);
  type("pa");
  ASSERT_TRUE(editor_.suggestions()->is_open());
  press(Qt::Key_Escape);
  EXPECT_FALSE(editor_.suggestions()->is_open());
  EXPECT_EQ(text(), "train:\n  sampling: epochs\n  pa");
}

TEST_F(EditedSpec, SaysWhatTheCursorIsIn) {
  show("train:\n  patience: 1\n");
  editor_.go_to(2, 5);
  EXPECT_TRUE(wait_until([&] {
    return editor_.help()->text().startsWith(
        "patience: an integer from 1 to 1000000000, default 10. validations");
  })) << editor_.help()->text().toStdString();
  EXPECT_EQ(editor_.help()->textFormat(), Qt::PlainText);
}

TEST_F(EditedSpec, IndentsBelowAKeyWithoutAValue) {
  type("x:");
  QTest::keyClick(area(), Qt::Key_Return);
  type("y: 1");
  QTest::keyClick(area(), Qt::Key_Return);
  type("z: 1");
  EXPECT_EQ(text(), "x:\n  y: 1\n  z: 1");
}

TEST_F(EditedSpec, FoldsWhatIsIndented) {
  show("train:\n  patience: 1\n\nseeds: [1]\n");
  editor_.grab();
  area()->foldLine(0);
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_GETLINEVISIBLE, 1), 0);
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_GETLINEVISIBLE, 3), 1);
  editor_.go_to(2, 1);
  EXPECT_EQ(area()->SendScintilla(QsciScintilla::SCI_GETLINEVISIBLE, 1), 1) << "a fold opens";
}

TEST_F(EditedSpec, HasTheColoursOfThePalette) {
  show("train: {patience: 10, sampling: \"replay\"}  # why\n");
  const auto style_at = [&](const std::string& word) {
    return area()->SendScintilla(QsciScintilla::SCI_GETSTYLEAT,
                                 static_cast<unsigned long>(text().find(word)));
  };
  const auto colour = [&](YamlWord word) {
    const long bgr =
        area()->SendScintilla(QsciScintilla::SCI_STYLEGETFORE, static_cast<unsigned long>(word));
    return QColor(bgr & 0xff, bgr >> 8 & 0xff, bgr >> 16 & 0xff);
  };
  for (const QPalette& palette : {dark_palette(), light_palette()}) {
    editor_.setPalette(palette);
    editor_.grab();
    EXPECT_EQ(style_at("train"), static_cast<long>(YamlWord::kKey));
    EXPECT_EQ(style_at("patience"), static_cast<long>(YamlWord::kKey));
    EXPECT_EQ(style_at("10"), static_cast<long>(YamlWord::kNumber));
    EXPECT_EQ(style_at("\"replay"), static_cast<long>(YamlWord::kQuoted));
    EXPECT_EQ(style_at("# why"), static_cast<long>(YamlWord::kComment));
    EXPECT_EQ(colour(YamlWord::kKey), palette.color(QPalette::Link));
    EXPECT_EQ(colour(YamlWord::kText), palette.color(QPalette::Text));
  }
}

TEST(YamlColours, AreReadable) {
  for (const QPalette& palette : {light_palette(), dark_palette()}) {
    const auto luminance = [](const QColor& colour) {  // of WCAG 2
      const auto part = [](double c) {
        return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
      };
      return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) +
             0.0722 * part(colour.blueF());
    };
    for (int word = 0; word < kYamlWords; ++word) {
      const double a = luminance(yaml_colour(static_cast<YamlWord>(word), palette));
      const double b = luminance(palette.color(QPalette::Base));
      EXPECT_GE((std::max(a, b) + 0.05) / (std::min(a, b) + 0.05), 4.5) << word;
    }
  }
}

std::string large_spec() {
  std::string text = "grid:\n";
  while (text.size() < (size_t{5} << 20))
    text += "  key" + std::to_string(text.size()) + ": {name: [1, 2.5, \"three\"], of: x}  # why\n";
  return text;
}

TEST_F(EditedSpec, OfFiveMebibytesStaysUsable) {
  const QString large = QString::fromStdString(large_spec());
  const auto takes = [&](const char* what, const std::function<void()>& work) {
    const Stopwatch watch;
    work();
    EXPECT_LT(watch.milliseconds(), kBlocked) << what;
  };
  takes("show", [&] { editor_.show_text(large, ""); });
  takes("paint", [&] { editor_.grab(); });
  takes("type", [&] { type("x"); });
  takes("go to the end", [&] { editor_.go_to(1000000, 1); });
  takes("paint the end", [&] { editor_.grab(); });
  takes("type at the end", [&] { type("x"); });
  takes("suggest", [&] { editor_.suggest(); });
  takes("paint again", [&] { editor_.grab(); });
  const QString edited = editor_.text();
  takes("change", [&] { editor_.replace_text(large); });
  takes("undo", [&] { area()->undo(); });
  EXPECT_EQ(editor_.text(), edited);
  ASSERT_TRUE(is_checked());
  EXPECT_EQ(problem(0), "experiment.yaml: cannot be read: it is larger than 1048576 bytes");
}

TEST_F(EditedSpec, WithALineOfFiveMebibytesIsKeptAndNotShown) {
  const QString large = "a: " + QString(5 << 20, 'x') + "\nb: 1\n";
  editor_.show_text(large, "");
  editor_.grab();
  EXPECT_FALSE(area()->isVisible());
  EXPECT_EQ(editor_.text(), large);
  auto* state = editor_.findChild<EmptyState*>();
  ASSERT_TRUE(state->isVisible());
  EXPECT_EQ(state->findChildren<QLabel*>()[0]->text(),
            "Line 1 of the spec is too long to be shown");
  editor_.show_text("a: 1\n", "");
  EXPECT_TRUE(area()->isVisible());
  EXPECT_EQ(text(), "a: 1\n");
}

TEST_F(EditedSpec, TakesNoLineThatCannotBeShown) {
  QString why;
  QObject::connect(&editor_, &SpecEditor::refused, [&](const QString& text) { why = text; });
  show("a: 1\n");
  QApplication::clipboard()->setText(QString(1 << 20, 'x'));
  area()->paste();
  ASSERT_TRUE(wait_until([&] { return !why.isEmpty(); }));
  EXPECT_EQ(text(), "a: 1\n");
  EXPECT_THAT(why.toStdString(), HasSubstr("a line of more than 32768 bytes"));
  type("x");
  EXPECT_EQ(text(), "xa: 1\n");
}

class SpecPage : public testing::Test {
 protected:
  SpecPage() {
    page_.facts().take(small_facts());
    page_.show();
  }
  SpecEditor* editor() { return page_.editor(); }
  void open(const std::string& name, const std::string& text) {
    const QString path = QString::fromStdString(folder_.file(name));
    std::ofstream(folder_.file(name)) << text;
    page_.spec().open(path);
    ASSERT_TRUE(wait_until([&] { return page_.spec().path() == path; }));
  }

  LabFolder folder_;
  Messages messages_;
  LabModel lab_{messages_};
  Launcher launcher_{lab_};
  ActionList actions_;
  Navigator navigator_;
  ExperimentPage page_{{messages_, lab_, actions_, navigator_, launcher_}};
};

TEST_F(SpecPage, ShowsTheFileAndTakesTheEdits) {
  open("a.yaml", "a: 1\n");
  EXPECT_EQ(editor()->text(), "a: 1\n");
  editor()->go_to(1, 5);
  QTest::keyClicks(editor()->area(), "5");
  EXPECT_EQ(page_.spec().text(), "a: 15\n");
  EXPECT_TRUE(page_.spec().is_modified());
  editor()->area()->undo();
  EXPECT_FALSE(page_.spec().is_modified());
}

TEST_F(SpecPage, CanUndoWhatAnotherProgramChanged) {
  open("a.yaml", "a: 1\nb: 2\n");
  editor()->go_to(2, 3);
  std::ofstream(folder_.file("a.yaml")) << "a: 100\nb: 2\n";
  ASSERT_TRUE(wait_until([&] { return editor()->text() == "a: 100\nb: 2\n"; }));
  EXPECT_EQ(editor()->current_line(), 2);
  editor()->area()->undo();
  EXPECT_EQ(page_.spec().text(), "a: 1\nb: 2\n");
  EXPECT_TRUE(page_.spec().is_modified());
  open("b.yaml", "c: 1\n");
  editor()->area()->undo();
  EXPECT_EQ(page_.spec().text(), "c: 1\n");
}

TEST_F(SpecPage, ChecksUnderTheNameOfItsFile) {
  navigator_.spec_text("a: 1\n", "a run");
  ASSERT_TRUE(wait_until([&] { return editor()->check().rowCount() > 0; }));
  EXPECT_THAT(editor()->check().problems()[0].text, StartsWith("experiment.yaml:1:1: "));
  const std::string path = folder_.file("saved.yaml");
  page_.spec().save(QString::fromStdString(path));
  ASSERT_TRUE(wait_until([&] {
    return editor()->check().rowCount() > 0 &&
           editor()->check().problems()[0].text.starts_with(path);
  }));
}

}  // namespace
}  // namespace lea::gui
