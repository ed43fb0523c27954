#include "gui/view/yaml_area.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "gui/model/look.h"
#include "gui/model/text.h"
#include "gui/model/yaml_words.h"
#include "gui/view/empty_state.h"
#include "gui/view/yaml_colours.h"

namespace lea::gui {
namespace {

enum Margin { kNumbers, kSigns, kFolds };
constexpr int kErrorSign = 1, kErrorLine = 8;
constexpr size_t kFoldedBytes = size_t{1} << 20;  // larger texts are not folded
constexpr int kLookAhead = 50;                    // lines without content that a fold looks beyond
constexpr size_t kDrawnMarks = 1000;

// The offsets at which two texts begin and end to differ; they do not cut a character of UTF-8.
struct Difference {
  size_t begin, old_end, new_end;
};
bool is_inside_character(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}
Difference difference(std::string_view before, std::string_view after) {
  const size_t least = std::min(before.size(), after.size());
  size_t begin = static_cast<size_t>(
      std::mismatch(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(least),
                    after.begin())
          .first -
      before.begin());
  while (begin > 0 && (is_inside_character(before, begin) || is_inside_character(after, begin)))
    --begin;
  size_t tail = 0;
  while (tail < least - begin && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  while (tail > 0 && is_inside_character(before, before.size() - tail)) --tail;
  return {begin, before.size() - tail, after.size() - tail};
}

}  // namespace

YamlArea::YamlArea(QWidget* parent)
    : QsciScintilla(parent), placeholder_(plain_label({}, viewport())) {
  setUtf8(true);
  setEolMode(EolUnix);
  setIndentationsUseTabs(false);
  setIndentationWidth(2);
  setTabWidth(2);
  setTabIndents(true);
  setBackspaceUnindents(true);
  setAutoIndent(true);
  setBraceMatching(SloppyBraceMatch);
  setCaretLineVisible(true);
  setScrollWidth(1);
  setScrollWidthTracking(true);
  setMarginType(kNumbers, NumberMargin);
  setMarginType(kSigns, SymbolMargin);
  setMarginMarkerMask(kNumbers, 0);
  setMarginMarkerMask(kSigns, 1 << kErrorSign);
  setFolding(PlainFoldStyle, kFolds);
  send(SCI_SETLAYOUTCACHE, SC_CACHE_PAGE);
  send(SCI_MARKERDEFINE, kErrorSign, SC_MARK_CHARACTER + '!');
  send(SCI_INDICSETSTYLE, kErrorLine, INDIC_SQUIGGLE);
  placeholder_->setAttribute(Qt::WA_TransparentForMouseEvents);
  placeholder_->setTextInteractionFlags(Qt::NoTextInteraction);
  placeholder_->setForegroundRole(QPalette::PlaceholderText);
  set_colours();
  connect(this, &QsciScintillaBase::SCN_STYLENEEDED, this, &YamlArea::colour_to);
  connect(this, &QsciScintilla::linesChanged, this, &YamlArea::adjust_margin);
  connect(this, &QsciScintilla::textChanged, this, [this] {
    placeholder_->setVisible(length() == 0);
    if (!changing_) Q_EMIT edited();
  });
  connect(this, &QsciScintillaBase::SCN_CHARADDED, this, [this](int character) {
    if (character == '\n') indent_new_line();
    Q_EMIT typed(character);
  });
}

long YamlArea::send(unsigned int message, size_t first, long second) const {
  return SendScintilla(message, static_cast<unsigned long>(first), second);
}

std::string_view YamlArea::bytes() const {
  const auto* text = static_cast<const char*>(SendScintillaPtrResult(SCI_GETCHARACTERPOINTER));
  return {text, static_cast<size_t>(length())};
}

void YamlArea::change_to(const std::string& after) {
  const std::string before(bytes());
  if (before == after) return;
  const Difference range = difference(before, after);
  const size_t at = cursor();
  const long top = send(SCI_GETFIRSTVISIBLELINE), left = send(SCI_GETXOFFSET);
  replace_range(range.begin, range.old_end,
                std::string_view(after).substr(range.begin, range.new_end - range.begin));
  // A cursor inside of what was replaced would be at its begin.
  if (at > range.begin && at < range.old_end)
    send(SCI_SETEMPTYSELECTION, send(SCI_POSITIONBEFORE, std::min(at, range.new_end) + 1));
  send(SCI_SETFIRSTVISIBLELINE, static_cast<size_t>(top));
  send(SCI_SETXOFFSET, static_cast<size_t>(left));
}

void YamlArea::replace_part(size_t begin, size_t end, const std::string& text, size_t cursor) {
  replace_range(begin, end, text);
  send(SCI_GOTOPOS, begin + cursor);
}

void YamlArea::replace_range(size_t begin, size_t end, std::string_view text) {
  changing_ = true;
  send(SCI_BEGINUNDOACTION);
  send(SCI_SETTARGETRANGE, begin, static_cast<long>(end));
  SendScintilla(SCI_REPLACETARGET, static_cast<unsigned long>(text.size()), text.data());
  send(SCI_ENDUNDOACTION);
  changing_ = false;
  Q_EMIT edited();
}

void YamlArea::forget_undo() { send(SCI_EMPTYUNDOBUFFER); }

size_t YamlArea::cursor() const { return static_cast<size_t>(send(SCI_GETCURRENTPOS)); }

int YamlArea::cursor_line() const {
  return static_cast<int>(send(SCI_LINEFROMPOSITION, cursor())) + 1;
}

void YamlArea::go_to(int line, int column) {
  const long index = std::clamp(static_cast<long>(line) - 1, 0L, send(SCI_GETLINECOUNT) - 1);
  const auto at = static_cast<size_t>(index);
  const long begin = send(SCI_POSITIONFROMLINE, at), end = send(SCI_GETLINEENDPOSITION, at);
  send(SCI_ENSUREVISIBLEENFORCEPOLICY, at);
  send(SCI_GOTOPOS, static_cast<size_t>(std::min(begin + std::max(column - 1, 0), end)));
  send(SCI_VERTICALCENTRECARET);
}

QRect YamlArea::cursor_rect() const {
  const auto at = static_cast<long>(cursor());
  return {static_cast<int>(send(SCI_POINTXFROMPOSITION, 0, at)),
          static_cast<int>(send(SCI_POINTYFROMPOSITION, 0, at)), 1,
          static_cast<int>(send(SCI_TEXTHEIGHT))};
}

void YamlArea::set_marks(std::vector<Mark> marks) {
  marks_ = std::move(marks);
  draw_marks();
}

void YamlArea::draw_marks() {
  send(SCI_MARKERDELETEALL, kErrorSign);
  send(SCI_SETINDICATORCURRENT, kErrorLine);
  send(SCI_INDICATORCLEARRANGE, 0, length());
  const std::string_view text = bytes();
  for (size_t i = 0; i < marks_.size() && i < kDrawnMarks; ++i) {
    const auto line = static_cast<size_t>(std::max(marks_[i].line - 1, 0));
    if (static_cast<long>(line) >= send(SCI_GETLINECOUNT)) continue;
    send(SCI_MARKERADD, line, kErrorSign);
    const auto begin = static_cast<size_t>(send(SCI_POSITIONFROMLINE, line));
    const auto end = static_cast<size_t>(send(SCI_GETLINEENDPOSITION, line));
    const size_t column =
        std::min(static_cast<size_t>(std::max(marks_[i].column - 1, 0)), end - begin);
    // The word that begins there; without one, the line.
    size_t from = begin, to = end;
    YamlState state;
    yaml_words(text.substr(begin, end - begin), state,
               [&](YamlWord sort, size_t first, size_t last) {
                 if (sort == YamlWord::kBlank || first > column || last <= column) return;
                 from = begin + first;
                 to = begin + last;
               });
    send(SCI_INDICATORFILLRANGE, from, static_cast<long>(std::max<size_t>(to - from, 1)));
  }
}

QString YamlArea::marked_at(int line) const {
  QStringList texts;
  for (const Mark& mark : marks_) {
    if (mark.line == line && texts.size() < 10) texts << mark.text;
  }
  return texts.join('\n');
}

void YamlArea::set_placeholder(const QString& text) {
  placeholder_->setText(text);
  placeholder_->setVisible(length() == 0);
  adjust_margin();
}

bool YamlArea::viewportEvent(QEvent* event) {
  if (event->type() != QEvent::ToolTip) return QsciScintilla::viewportEvent(event);
  const auto* help = static_cast<QHelpEvent*>(event);
  const long at =
      SendScintilla(SCI_POSITIONFROMPOINT, static_cast<unsigned long>(0), help->pos().y());
  const auto line = static_cast<int>(send(SCI_LINEFROMPOSITION, static_cast<size_t>(at))) + 1;
  QToolTip::showText(help->globalPos(), plain_tip(marked_at(line)), viewport());
  return true;
}

void YamlArea::changeEvent(QEvent* event) {
  QsciScintilla::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) set_colours();
}

void YamlArea::keyPressEvent(QKeyEvent* event) {
  const int key = event->key();
  const bool chooses = key == Qt::Key_Enter || key == Qt::Key_Return || key == Qt::Key_Tab ||
                       key == Qt::Key_Escape || key == Qt::Key_Backtab;
  if (chooses && chooser_ && chooser_->isVisible() && event->modifiers() == Qt::NoModifier) {
    event->ignore();
    return;
  }
  QsciScintilla::keyPressEvent(event);
}

// Files are for the window.
void YamlArea::dragEnterEvent(QDragEnterEvent* event) {
  event->mimeData()->hasUrls() ? event->ignore() : QsciScintilla::dragEnterEvent(event);
}
void YamlArea::dragMoveEvent(QDragMoveEvent* event) {
  event->mimeData()->hasUrls() ? event->ignore() : QsciScintilla::dragMoveEvent(event);
}
void YamlArea::dropEvent(QDropEvent* event) {
  event->mimeData()->hasUrls() ? event->ignore() : QsciScintilla::dropEvent(event);
}
bool YamlArea::canInsertFromMimeData(const QMimeData* source) const {
  return source->hasText() && QsciScintilla::canInsertFromMimeData(source);
}

void YamlArea::set_style(int style, const QColor& fore, const QColor& back) {
  SendScintilla(SCI_STYLESETFORE, static_cast<unsigned long>(style), fore);
  SendScintilla(SCI_STYLESETBACK, static_cast<unsigned long>(style), back);
}

void YamlArea::set_colours() {
  const QPalette colours = palette();
  const bool dark = is_dark(colours);
  const QColor base = colours.color(QPalette::Base), text = colours.color(QPalette::Text);
  const QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  SendScintilla(SCI_STYLESETFONT, static_cast<unsigned long>(STYLE_DEFAULT),
                font.family().toUtf8().constData());
  send(SCI_STYLESETSIZEFRACTIONAL, STYLE_DEFAULT,
       std::lround(QFontInfo(font).pointSizeF() * SC_FONT_SIZE_MULTIPLIER));
  set_style(STYLE_DEFAULT, text, base);
  send(SCI_STYLECLEARALL);
  for (int word = 0; word < kYamlWords; ++word) {
    const auto sort = static_cast<YamlWord>(word);
    set_style(word, yaml_colour(sort, colours), base);
    send(SCI_STYLESETITALIC, static_cast<size_t>(word), sort == YamlWord::kComment);
  }
  const QColor dim = colours.color(QPalette::PlaceholderText);
  const QColor error = look_colour(Look::kFailed, dark);
  set_style(STYLE_LINENUMBER, dim, colours.color(QPalette::AlternateBase));
  set_style(STYLE_BRACELIGHT, text, colours.color(QPalette::Mid));
  set_style(STYLE_BRACEBAD, error, base);
  set_style(STYLE_CONTROLCHAR, error, base);
  setMarginBackgroundColor(kSigns, base);
  setFoldMarginColors(base, base);
  SendScintilla(SCI_MARKERSETFORE, kErrorSign, error);
  SendScintilla(SCI_MARKERSETBACK, kErrorSign, base);
  SendScintilla(SCI_INDICSETFORE, kErrorLine, error);
  for (int marker = SC_MARKNUM_FOLDEREND; marker <= SC_MARKNUM_FOLDEROPEN; ++marker) {
    SendScintilla(SCI_MARKERSETFORE, static_cast<unsigned long>(marker), base);
    SendScintilla(SCI_MARKERSETBACK, static_cast<unsigned long>(marker), dim);
  }
  setCaretForegroundColor(text);
  setCaretLineBackgroundColor(colours.color(QPalette::AlternateBase));
  setSelectionBackgroundColor(colours.color(QPalette::Highlight));
  setSelectionForegroundColor(colours.color(QPalette::HighlightedText));
  placeholder_->setFont(font);
  adjust_margin();
}

void YamlArea::adjust_margin() {
  const size_t digits = std::max<size_t>(3, std::to_string(send(SCI_GETLINECOUNT)).size());
  setMarginWidth(kNumbers, QString(static_cast<qsizetype>(digits) + 1, '0'));
  setMarginWidth(kSigns, QString("0!"));
  setMarginWidth(kFolds, QString("00"));
  int left = 4;
  for (const int margin : {kNumbers, kSigns, kFolds}) left += marginWidth(margin);
  placeholder_->move(left, 2);
  placeholder_->adjustSize();
}

// Gives the lines from the last one that has its colours to `end` theirs.
void YamlArea::colour_to(int end) {
  auto line =
      static_cast<size_t>(send(SCI_LINEFROMPOSITION, static_cast<size_t>(send(SCI_GETENDSTYLED))));
  const auto last = static_cast<size_t>(send(SCI_LINEFROMPOSITION, static_cast<size_t>(end)));
  const size_t first = line;
  const auto begin = static_cast<size_t>(send(SCI_POSITIONFROMLINE, line));
  const std::string_view text = bytes();
  YamlState state;
  if (line > 0) state = YamlState::unpacked(static_cast<int>(send(SCI_GETLINESTATE, line - 1)));
  std::string styles;
  for (; line <= last; ++line) {
    const size_t at = begin + styles.size();
    const size_t stop = std::min(text.find('\n', at), text.size());
    yaml_words(text.substr(at, stop - at), state, [&](YamlWord word, size_t from, size_t to) {
      styles.append(to - from, static_cast<char>(word));
    });
    if (stop < text.size()) styles += static_cast<char>(YamlWord::kBlank);
    send(SCI_SETLINESTATE, line, state.packed());
  }
  send(SCI_STARTSTYLING, begin);
  SendScintilla(SCI_SETSTYLINGEX, static_cast<unsigned long>(styles.size()), styles.data());
  if (text.size() <= kFoldedBytes) fold(static_cast<int>(first), static_cast<int>(last));
}

int YamlArea::indent_of(int line) const {
  const auto at = static_cast<size_t>(line);
  const long begin = send(SCI_POSITIONFROMLINE, at);
  const long content = send(SCI_GETLINEINDENTPOSITION, at);
  return content >= send(SCI_GETLINEENDPOSITION, at) ? -1 : static_cast<int>(content - begin);
}

// A line heads the lines below it that are indented more.
void YamlArea::fold(int first, int last) {
  const auto lines = static_cast<int>(send(SCI_GETLINECOUNT));
  // An edit can make a head of the line before it.
  first = std::max(first - 1, 0);
  while (first > 0 && indent_of(first) < 0) --first;
  int before = 0;
  for (int line = first; line <= last; ++line) {
    const int indent = indent_of(line);
    const int depth = std::min(indent < 0 ? before : indent, SC_FOLDLEVELNUMBERMASK / 2);
    int level = SC_FOLDLEVELBASE + depth;
    if (indent < 0) {
      level |= SC_FOLDLEVELWHITEFLAG;
    } else {
      int next = line + 1;
      while (next < lines && next < line + kLookAhead && indent_of(next) < 0) ++next;
      if (next < lines && indent_of(next) > indent) level |= SC_FOLDLEVELHEADERFLAG;
      before = indent;
    }
    if (send(SCI_GETFOLDLEVEL, static_cast<size_t>(line)) != level)
      send(SCI_SETFOLDLEVEL, static_cast<size_t>(line), level);
  }
}

// What stands below a key without a value is indented more than the key.
void YamlArea::indent_new_line() {
  const int line = cursor_line() - 1;
  if (line < 1) return;
  const auto above = static_cast<size_t>(line - 1);
  const auto end = static_cast<size_t>(send(SCI_GETLINEENDPOSITION, above));
  if (end == 0 || bytes()[end - 1] != ':') return;
  const long indent = send(SCI_GETLINEINDENTATION, above) + 2;
  send(SCI_SETLINEINDENTATION, static_cast<size_t>(line), indent);
  send(SCI_GOTOPOS,
       static_cast<size_t>(send(SCI_GETLINEINDENTPOSITION, static_cast<size_t>(line))));
}

}  // namespace lea::gui
