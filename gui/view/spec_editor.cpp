#include "gui/view/spec_editor.h"

#include <QVBoxLayout>
#include <algorithm>

#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kProblemLines = 4;  // that the list has room for at first

// The first line that is longer than what can be shown, from 1; 0 for none.
int long_line(std::string_view text) {
  int line = 1;
  for (size_t begin = 0; begin <= text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > YamlArea::kLineBytes) return line;
    begin = end + 1;
  }
  return 0;
}

}  // namespace

SpecEditor::SpecEditor(SpecFacts& facts, QWidget* parent)
    : QWidget(parent),
      facts_(facts),
      check_(facts),
      area_(new YamlArea),
      suggestions_(new CompletionList(completion_, area_)),
      problems_(new QListView),
      help_(plain_label({}, this)),
      whole_(new QStackedWidget(this)),
      not_shown_(new EmptyState(this)) {
  build();
  setFocusProxy(area_);
  completion_.set_facts(facts_.now());
  connect(&facts_, &SpecFacts::changed, this, [this] { completion_.set_facts(facts_.now()); });
  connect(area_, &YamlArea::edited, this, &SpecEditor::take_edit);
  connect(area_, &YamlArea::typed, this, &SpecEditor::take_typed);
  connect(area_, &QsciScintilla::cursorPositionChanged, this, &SpecEditor::update_help);
  connect(&check_, &SpecCheck::checked, this, &SpecEditor::take_problems);
  connect(problems_, &QListView::activated, this, &SpecEditor::show_problem);
  connect(problems_, &QListView::clicked, this, &SpecEditor::show_problem);
  connect(suggestions_, &CompletionList::chosen, this, &SpecEditor::insert);
}

void SpecEditor::build() {
  area_->setAccessibleName("Text of the spec");
  area_->set_chooser(suggestions_->popup());
  area_->set_placeholder(
      "Open a spec, or write one here. It states what differs from the "
      "defaults:\n\nname: mine\ndata: {name: ml-100k}\ngrid:\n  backbone: "
      "[gru4rec]\n  framework: [supervised, snqn]\nseeds: [1, 2, 3]");
  problems_->setAccessibleName("Problems of the spec");
  problems_->setModel(&check_);
  problems_->setWordWrap(true);
  problems_->setResizeMode(QListView::Adjust);
  problems_->setTextElideMode(Qt::ElideNone);
  problems_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  problems_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  problems_->hide();
  help_->setAccessibleName("Help about what the cursor is in");
  help_->setWordWrap(true);
  help_->setMinimumHeight(help_->fontMetrics().lineSpacing() * 2);
  help_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  auto* lines = new QSplitter(Qt::Vertical);
  lines->addWidget(area_);
  lines->addWidget(problems_);
  lines->setStretchFactor(0, 1);
  lines->setSizes({1000, fontMetrics().lineSpacing() * kProblemLines});
  lines->setChildrenCollapsible(false);
  whole_->addWidget(lines);
  whole_->addWidget(not_shown_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  column->addWidget(whole_, 1);
  column->addWidget(help_);
}

QString SpecEditor::text() const {
  if (!kept_.isEmpty()) return kept_;
  const std::string_view bytes = area_->bytes();
  return QString::fromUtf8(bytes.data(), static_cast<qsizetype>(bytes.size()));
}

// A text with a line that would block the window for seconds is kept, but not shown.
bool SpecEditor::cannot_show(const std::string& bytes) {
  const int line = long_line(bytes);
  whole_->setCurrentIndex(line > 0 ? 1 : 0);
  help_->setVisible(line == 0);
  if (line == 0) return false;
  not_shown_->set_text("Line " + QString::number(line) + " of the spec is too long to be shown",
                       "It has more than " + QString::number(YamlArea::kLineBytes) +
                           " bytes. Break it into several lines in another program. The file is "
                           "read again then; it is not changed here.");
  return true;
}

void SpecEditor::replace_text(const QString& text) {
  const std::string bytes = to_std(text);
  if (cannot_show(bytes)) {
    const bool other = kept_ != text;
    kept_ = text;
    check_.set_text(text, path_);
    if (other) Q_EMIT text_edited();
    return;
  }
  kept_.clear();
  edited_by_hand_ = false;
  area_->change_to(bytes);
  edited_by_hand_ = true;
}

void SpecEditor::show_text(const QString& text, const QString& path) {
  path_ = path;
  const bool other = text != this->text();
  replace_text(text);
  if (!other) check_.set_text(text, path_);
  area_->forget_undo();
  area_->go_to(1, 1);
}

void SpecEditor::set_path(const QString& path) {
  if (path == path_) return;
  path_ = path;
  check_.set_text(text(), path_);
}

void SpecEditor::take_edit() {
  if (edited_by_hand_ && long_line(area_->bytes()) > 0) return take_back();
  const QString now = text();
  check_.set_text(now, path_);
  Q_EMIT text_edited();
  update_help();
  if (!edited_by_hand_) suggestions_->hide();
}

// An edit cannot be undone while it is being made.
void SpecEditor::take_back() {
  if (!area_->updatesEnabled()) return;
  area_->setUpdatesEnabled(false);
  QMetaObject::invokeMethod(
      this,
      [this] {
        area_->undo();
        area_->setUpdatesEnabled(true);
        Q_EMIT refused("The text was not inserted: it has a line of more than " +
                       QString::number(YamlArea::kLineBytes) +
                       " bytes. Break it into several lines first.");
      },
      Qt::QueuedConnection);
}

// Suggests while a word is typed, and where the next thing is wanted.
void SpecEditor::take_typed(int character) {
  if (suggestions_->is_open()) {
    suggest();
    if (!completion_.has_word()) suggestions_->hide();
    return;
  }
  const bool word =
      (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
  if (word) return suggest();
  if (character != ' ' && character != '{' && character != '[') return;
  completion_.look(area_->bytes(), area_->cursor());
  const bool wanted =
      completion_.place().wants == SpecPlace::Wants::kValue || completion_.place().in_brackets;
  if (wanted) suggestions_->show_at(area_->cursor_rect());
}

void SpecEditor::suggest() {
  completion_.look(area_->bytes(), area_->cursor());
  const std::vector<Suggestion>& found = completion_.suggestions();
  const SpecPlace& place = completion_.place();
  // What is written in full needs no suggestion.
  const bool whole = found.size() == 1 && completion_.has_word() &&
                     area_->bytes().substr(place.begin, place.end - place.begin) == found[0].text;
  whole ? suggestions_->hide() : suggestions_->show_at(area_->cursor_rect());
}

void SpecEditor::insert(int row) {
  if (row < 0 || row >= completion_.rowCount()) return;
  const Completion made = completion_.completion(row);
  area_->replace_part(made.begin, made.end, made.text, made.cursor);
  if (made.goes_on) suggest();
}

void SpecEditor::take_problems() {
  completion_.set_outline(check_.outline());
  std::vector<YamlArea::Mark> marks;
  for (const spec::Diagnostic& problem : check_.problems()) {
    if (check_.is_here(problem))
      marks.push_back({problem.location.line, problem.location.column, shown(problem.text)});
  }
  area_->set_marks(std::move(marks));
  problems_->setVisible(check_.rowCount() > 0);
  update_help();
}

void SpecEditor::show_problem(const QModelIndex& index) {
  const auto row = static_cast<size_t>(index.row());
  if (!index.isValid() || row >= check_.problems().size()) return;
  const spec::Diagnostic& problem = check_.problems()[row];
  if (!check_.is_here(problem)) {
    Q_EMIT other_file(to_qt(problem.location.source->name));
    return;
  }
  go_to(problem.location.line, problem.location.column);
  area_->setFocus();
}

void SpecEditor::go_to_next_problem() {
  const spec::Diagnostic* first = nullptr;
  for (const spec::Diagnostic& problem : check_.problems()) {
    if (!check_.is_here(problem)) continue;
    if (!first) first = &problem;
    if (problem.location.line <= current_line()) continue;
    first = &problem;
    break;
  }
  if (first) go_to(first->location.line, first->location.column);
}

int SpecEditor::current_line() const { return area_->cursor_line(); }

void SpecEditor::go_to(int line, int column) { area_->go_to(line, column); }

void SpecEditor::update_help() {
  help_->setText(completion_.help(area_->bytes(), area_->cursor()));
}

}  // namespace lea::gui
