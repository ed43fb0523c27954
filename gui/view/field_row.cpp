#include "gui/view/field_row.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QStyle>

#include "core/spec/param_json.h"
#include "gui/model/look.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"
#include "gui/view/number_box.h"

namespace lea::gui {
namespace {

QHBoxLayout* line_of(QWidget* widget) {
  auto* line = new QHBoxLayout(widget);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(4);
  return line;
}

QString accessible_name(const FormField& field) { return shown(field.key); }

class CheckEditor : public FieldEditor {
 public:
  CheckEditor(const FormField& field, QWidget* parent)
      : FieldEditor(parent), box_(new QCheckBox(this)) {
    line_of(this)->addWidget(box_);
    box_->setAccessibleName(accessible_name(field));
    setFocusProxy(box_);
    connect(box_, &QCheckBox::clicked, this,
            [this](bool on) { Q_EMIT committed(on ? "true" : "false"); });
  }
  void show_value(const FormField& field) override {
    box_->setChecked(field.value == "true");
    box_->setText(field.value == "true" || field.value == "false" ? "" : shown(field.value));
  }

 private:
  QCheckBox* box_;
};

class NumberEditor : public FieldEditor {
 public:
  NumberEditor(const FormField& field, QWidget* parent)
      : FieldEditor(parent), box_(new NumberBox(field.info, this)) {
    line_of(this)->addWidget(box_);
    box_->setAccessibleName(accessible_name(field));
    setFocusProxy(box_);
    connect(box_, &NumberBox::committed, this, &FieldEditor::committed);
  }
  void show_value(const FormField& field) override { box_->set_text(to_qt(field.value)); }

 private:
  NumberBox* box_;
};

// A choice of what is declared, or of what is at hand, where any other text is allowed, too.
class ChoiceEditor : public FieldEditor {
 public:
  ChoiceEditor(const FormField& field, QWidget* parent)
      : FieldEditor(parent), box_(new QComboBox(this)) {
    line_of(this)->addWidget(box_);
    box_->setAccessibleName(accessible_name(field));
    box_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box_->setMinimumContentsLength(8);
    box_->setMaxVisibleItems(20);
    box_->setInsertPolicy(QComboBox::NoInsert);
    keep_from_wheel(box_);
    setFocusProxy(box_);
    if (field.info.type != ParamType::kChoice) {
      box_->setEditable(true);
      box_->lineEdit()->setAccessibleName(accessible_name(field));
      box_->completer()->setCaseSensitivity(Qt::CaseSensitive);
      connect(box_->lineEdit(), &QLineEdit::editingFinished, this,
              [this] { commit(box_->currentText().trimmed()); });
    }
    connect(box_, &QComboBox::textActivated, this, [this](const QString& text) { commit(text); });
  }
  void show_value(const FormField& field) override {
    const std::vector<std::string>& words =
        field.info.type == ParamType::kChoice ? field.info.choices : field.suggestions;
    QStringList texts;
    for (const std::string& word : words) texts << to_qt(word);
    const QString value = to_qt(field.value);
    if (!texts.contains(value) && !value.isEmpty()) texts.prepend(value);
    if (texts != texts_) {
      box_->clear();
      box_->addItems(texts);
      texts_ = texts;
    }
    value_ = value;
    box_->setCurrentIndex(static_cast<int>(texts.indexOf(value)));
    if (box_->isEditable()) box_->setEditText(value);
  }

 private:
  void commit(const QString& text) {
    if (text == value_) return;
    value_ = text;
    Q_EMIT committed(text);
  }

  QComboBox* box_;
  QStringList texts_;
  QString value_;
};

class TextEditor : public FieldEditor {
 public:
  TextEditor(const FormField& field, QWidget* parent)
      : FieldEditor(parent), line_(new QLineEdit(this)) {
    QHBoxLayout* layout = line_of(this);
    layout->addWidget(line_, 1);
    line_->setAccessibleName(accessible_name(field));
    setFocusProxy(line_);
    const ParamType type = field.info.type;
    if (type == ParamType::kIntegers || type == ParamType::kReals)
      line_->setPlaceholderText("values with commas between them");
    if (type == ParamType::kFile) layout->addWidget(browse_button(field));
    connect(line_, &QLineEdit::editingFinished, this, [this] {
      if (line_->text() == value_) return;
      value_ = line_->text();
      Q_EMIT committed(value_);
    });
  }
  void show_value(const FormField& field) override {
    const QString value = to_qt(field.value);
    if (value == value_ && line_->text() == value) return;
    value_ = value;
    line_->setText(value);
    line_->setCursorPosition(0);
  }

 private:
  QToolButton* browse_button(const FormField& field) {
    auto* button = new QToolButton(this);
    button->setText("…");
    button->setToolTip("Choose a file");
    button->setAccessibleName("Choose a file for " + accessible_name(field));
    connect(button, &QToolButton::clicked, this, [this] {
      const QString path = QFileDialog::getOpenFileName(this, "Choose a file");
      if (!path.isEmpty()) Q_EMIT committed(path);
    });
    return button;
  }

  QLineEdit* line_;
  QString value_;
};

}  // namespace

FieldEditor* make_editor(const FormField& field, QWidget* parent) {
  switch (field.info.type) {
    case ParamType::kBool:
      return new CheckEditor(field, parent);
    case ParamType::kInteger:
    case ParamType::kReal:
      return new NumberEditor(field, parent);
    case ParamType::kChoice:
    case ParamType::kModel:
    case ParamType::kEnvironment:
      return new ChoiceEditor(field, parent);
    default:
      break;
  }
  if (!field.suggestions.empty()) return new ChoiceEditor(field, parent);
  return new TextEditor(field, parent);
}

FieldRow::FieldRow(const FormField& field, int name_width, QWidget* parent)
    : QWidget(parent),
      name_(plain_label(shown(field.name), this)),
      below_(plain_label({}, this)),
      editor_(make_editor(field, this)),
      reset_(new QToolButton(this)) {
  name_->setFixedWidth(name_width);
  name_->setWordWrap(true);
  name_->setBuddy(editor_);
  name_->setTextInteractionFlags(Qt::NoTextInteraction);
  below_->setWordWrap(true);
  below_->setAccessibleName("About " + shown(field.key));
  reset_->setText("Reset");
  reset_->setAutoRaise(true);
  reset_->setAccessibleName("Reset " + shown(field.key));
  QSizePolicy keep = reset_->sizePolicy();
  keep.setRetainSizeWhenHidden(true);
  reset_->setSizePolicy(keep);
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 1, 0, 1);
  grid->setHorizontalSpacing(6);
  grid->setVerticalSpacing(0);
  grid->addWidget(name_, 0, 0);
  grid->addWidget(editor_, 0, 1);
  grid->addWidget(reset_, 0, 2);
  grid->addWidget(below_, 1, 1, 1, 2);
  grid->setColumnStretch(1, 1);
  connect(editor_, &FieldEditor::committed, this, &FieldRow::committed);
  connect(reset_, &QToolButton::clicked, this, &FieldRow::reset_wanted);
  show_field(field);
}

QString FieldRow::tip() const {
  const ParamInfo& info = field_.info;
  QStringList lines = {shown(field_.key), shown(info.meaning)};
  if (field_.place.kind != FieldPlace::Kind::kPlugin) {
    lines << shown(spec::expected(info));
    const std::string otherwise = default_text(info);
    lines << (info.required       ? QString("It has no default.")
              : otherwise.empty() ? QString("By default it is empty.")
                                  : "Default: " + shown(otherwise));
  }
  if (field_.origin == Origin::kBelow) lines << "Stated in " + shown(field_.from);
  if (field_.origin == Origin::kHere && field_.otherwise != default_text(info))
    lines << "Without this spec's own value: " + shown(field_.otherwise);
  lines.removeAll("");
  return plain_tip(lines.join('\n'));
}

void FieldRow::show_field(const FormField& field) {
  if (field.value != field_.value || field.error != field_.error) refusal_.clear();
  field_ = field;
  QFont font = name_->font();
  font.setBold(field.differs());
  font.setItalic(field.origin == Origin::kBelow);
  name_->setFont(font);
  const QString about = tip();
  for (QWidget* widget : {static_cast<QWidget*>(name_), static_cast<QWidget*>(editor_)})
    widget->setToolTip(about);
  reset_->setVisible(field.origin == Origin::kHere);
  reset_->setToolTip(plain_tip(
      "Take this spec's own value away, so that " +
      (field.otherwise.empty() ? QString("there is none") : shown(field.otherwise) + " holds")));
  editor_->show_value(field);
  show_below();
}

void FieldRow::show_refusal(const QString& reason) {
  refusal_ = reason;
  show_below();
}

void FieldRow::show_below() {
  const QString error = refusal_.isEmpty() ? shown(field_.error) : refusal_;
  QStringList lines;
  if (!error.isEmpty()) lines << error;
  if (field_.origin == Origin::kBelow) lines << "from " + shown(field_.from);
  for (const QString& line : to_qt(field_.note).split('\n', Qt::SkipEmptyParts))
    lines << shown(to_std(line));
  below_->setText(lines.join('\n'));
  below_->setVisible(!lines.isEmpty());
  QPalette colours = palette();
  colours.setColor(QPalette::WindowText, error.isEmpty() ? colours.color(QPalette::PlaceholderText)
                                         : is_dark(colours) ? QColor("#ff9d8a")
                                                            : QColor("#a3260f"));
  below_->setPalette(colours);
}

bool FieldRow::matches(const QStringList& words) const {
  const QString text = shown(field_.key) + " " + shown(field_.info.meaning);
  for (const QString& word : words) {
    if (!text.contains(word, Qt::CaseInsensitive)) return false;
  }
  return true;
}

void FieldRow::contextMenuEvent(QContextMenuEvent* event) {
  QMenu menu(this);
  menu.addAction("Reset to what holds without it", this, &FieldRow::reset_wanted)
      ->setEnabled(field_.origin == Origin::kHere);
  menu.addAction("Make it an axis of the grid", this, &FieldRow::axis_wanted)
      ->setEnabled(!field_.axis.empty());
  menu.addAction("Show it in the text", this, [this] { Q_EMIT place_wanted(field_.at.line); })
      ->setEnabled(field_.origin == Origin::kHere);
  menu.exec(event->globalPos());
}

}  // namespace lea::gui
