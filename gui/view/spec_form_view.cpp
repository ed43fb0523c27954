#include "gui/view/spec_form_view.h"

#include <QHBoxLayout>
#include <QTimer>
#include <algorithm>

#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr int kWidestName = 190;

int width_of_names(const FormGroup& group, const QFontMetrics& metrics) {
  int width = 80;
  for (const FormField& field : group.fields)
    width = std::max(width, metrics.horizontalAdvance(shown(field.name)) * 11 / 10 + 6);
  return std::min(width, kWidestName);
}

}  // namespace

GroupView::GroupView(QWidget* parent)
    : QWidget(parent), header_(new QToolButton(this)), error_(plain_label({}, this)) {
  header_->setCheckable(true);
  header_->setAutoRaise(true);
  header_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  header_->setArrowType(Qt::RightArrow);
  header_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
  QFont bold = header_->font();
  bold.setBold(true);
  header_->setFont(bold);
  error_->setWordWrap(true);
  error_->hide();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(header_);
  column->addWidget(error_);
  connect(header_, &QToolButton::toggled, this, &GroupView::open);
}

bool GroupView::same_fields(const FormGroup& group) const {
  return std::equal(group_.fields.begin(), group_.fields.end(), group.fields.begin(),
                    group.fields.end(), [](const FormField& a, const FormField& b) {
                      return a.key == b.key && a.info.type == b.info.type &&
                             a.info.range.min == b.info.range.min &&
                             a.info.range.max == b.info.range.max &&
                             a.suggestions.empty() == b.suggestions.empty();
                    });
}

void GroupView::show_group(const FormGroup& group) {
  const bool same = same_fields(group);
  group_ = group;
  update_header();
  error_->setText(shown(group.error));
  error_->setVisible(!group.error.empty());
  if (body_ && same) {
    for (size_t i = 0; i < rows_.size(); ++i) rows_[i]->show_field(group_.fields[i]);
  } else if (body_) {
    build();
  }
  filter(words_, only_different_);
}

void GroupView::update_header() {
  const auto own = std::count_if(group_.fields.begin(), group_.fields.end(),
                                 [](const FormField& field) { return field.differs(); });
  const bool wrong = !group_.error.empty() ||
                     std::any_of(group_.fields.begin(), group_.fields.end(),
                                 [](const FormField& field) { return !field.error.empty(); });
  QString text = shown(group_.title);
  if (own > 0) text += QString(" (%1 changed)").arg(own);
  if (wrong) text += " — has an error";
  header_->setText(plain_title(text));
  header_->setAccessibleName(text);
  header_->setToolTip(plain_tip(shown(group_.about)));
}

void GroupView::build() {
  delete body_;
  rows_.clear();
  body_ = new QWidget(this);
  auto* column = new QVBoxLayout(body_);
  column->setContentsMargins(18, 0, 4, 6);
  column->setSpacing(0);
  if (!group_.about.empty()) {
    auto* about = plain_label(shown(group_.about), body_);
    about->setWordWrap(true);
    about->setForegroundRole(QPalette::PlaceholderText);
    column->addWidget(about);
  }
  const int width = width_of_names(group_, fontMetrics());
  for (const FormField& field : group_.fields) {
    auto* row = new FieldRow(field, width, body_);
    column->addWidget(row);
    rows_.push_back(row);
    connect(row, &FieldRow::committed, this,
            [this, row](const QString& value) { Q_EMIT committed(row->field().key, value); });
    connect(row, &FieldRow::reset_wanted, this,
            [this, row] { Q_EMIT reset_wanted(row->field().key); });
    connect(row, &FieldRow::axis_wanted, this,
            [this, row] { Q_EMIT axis_wanted(row->field().axis); });
    connect(row, &FieldRow::place_wanted, this, &GroupView::place_wanted);
  }
  static_cast<QVBoxLayout*>(layout())->addWidget(body_);
  body_->setVisible(is_open() || filtered_);
}

void GroupView::open(bool open) {
  if (open && !body_) build();
  header_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
  if (body_) body_->setVisible(open || filtered_);
  filter(words_, only_different_);
}

void GroupView::filter(const QStringList& words, bool only_different) {
  words_ = words;
  only_different_ = only_different;
  filtered_ = !words.isEmpty() || only_different;
  if (!filtered_ && !body_) return setVisible(true);
  if (filtered_ && !body_) build();
  bool any = !filtered_;
  for (FieldRow* row : rows_) {
    const bool found = row->matches(words) && (!only_different || row->field().differs());
    row->setVisible(found);
    any = any || found;
  }
  body_->setVisible(filtered_ || is_open());
  setVisible(any);
}

FieldRow* GroupView::row(const std::string& key) {
  set_open(true);
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const FieldRow* row) { return row->field().key == key; });
  return found == rows_.end() ? nullptr : *found;
}

SpecFormView::SpecFormView(SpecForm& form, QWidget* parent)
    : QWidget(parent),
      form_(form),
      search_(new QLineEdit(this)),
      only_different_(new QToolButton(this)),
      scroll_(new QScrollArea(this)),
      content_(new QWidget),
      column_(new QVBoxLayout(content_)),
      none_(plain_label("No setting has these words. Search for a part of its name or meaning.",
                        content_)) {
  search_->setPlaceholderText("Find a parameter");
  search_->setAccessibleName("Find a parameter");
  search_->setClearButtonEnabled(true);
  only_different_->setText("Changed only");
  only_different_->setCheckable(true);
  only_different_->setToolTip("Show only what differs from the defaults");
  only_different_->setAccessibleName("Changed only");
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setAccessibleName("Settings of the spec");
  scroll_->setWidget(content_);
  none_->setWordWrap(true);
  none_->hide();
  column_->setContentsMargins(0, 0, 6, 0);
  column_->setSpacing(2);
  column_->addWidget(none_);
  column_->addStretch();
  auto* bar = new QHBoxLayout;
  bar->addWidget(search_, 1);
  bar->addWidget(only_different_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 6, 0, 0);
  column->addLayout(bar);
  column->addWidget(scroll_, 1);
  connect(search_, &QLineEdit::textChanged, this, &SpecFormView::filter);
  connect(only_different_, &QToolButton::toggled, this, &SpecFormView::filter);
  connect(&form_, &SpecForm::changed, this, &SpecFormView::update_form);
  connect(&form_, &SpecForm::refused, this, &SpecFormView::show_refusal);
  update_form();
}

GroupView* SpecFormView::make_group() {
  auto* view = new GroupView(content_);
  connect(view, &GroupView::committed, this, [this](const std::string& key, const QString& value) {
    form_.set_field(key, to_std(value));
  });
  connect(view, &GroupView::reset_wanted, &form_, &SpecForm::reset_field);
  connect(view, &GroupView::axis_wanted, &form_, &SpecForm::add_axis);
  connect(view, &GroupView::place_wanted, this, &SpecFormView::place_wanted);
  return view;
}

void SpecFormView::update_form() {
  content_->setEnabled(form_.problem().isEmpty());
  open_ = open_groups();
  std::map<std::string, GroupView*> before = std::move(groups_);
  groups_.clear();
  int place = 1;  // behind the label
  for (const FormGroup& group : form_.outline().groups) {
    const auto known = before.find(group.id);
    GroupView* view = known == before.end() ? make_group() : known->second;
    if (known != before.end()) before.erase(known);
    view->show_group(group);
    if (column_->indexOf(view) != place) column_->insertWidget(place, view);
    ++place;
    groups_[group.id] = view;
    const bool opens = std::find(open_.begin(), open_.end(), group.id) != open_.end();
    if (opens && !view->is_open()) view->set_open(true);
  }
  for (const auto& [id, view] : before) {
    column_->removeWidget(view);
    view->hide();
    view->deleteLater();
  }
  filter();
}

void SpecFormView::filter() {
  const QStringList words = search_->text().split(' ', Qt::SkipEmptyParts);
  bool any = groups_.empty();
  for (const auto& [id, view] : groups_) {
    view->filter(words, only_different_->isChecked());
    any = any || !view->isHidden();
  }
  none_->setVisible(!any);
}

void SpecFormView::show_refusal(const QString& key, const QString& reason) {
  for (const auto& [id, view] : groups_) {
    for (const FormField& field : view->group().fields) {
      if (field.key != to_std(key)) continue;
      // The form is shown again right after this, with the value that holds.
      QTimer::singleShot(0, view, [view, key, reason] {
        if (FieldRow* row = view->row(to_std(key))) row->show_refusal(reason);
      });
    }
  }
}

GroupView* SpecFormView::group(const std::string& id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : found->second;
}

void SpecFormView::show_group(const std::string& id) {
  GroupView* view = group(id);
  if (!view) return;
  search_->clear();
  only_different_->setChecked(false);
  view->set_open(true);
  QTimer::singleShot(0, view, [this, view] {
    scroll_->ensureWidgetVisible(view, 0, 0);
    view->header()->setFocus(Qt::OtherFocusReason);
  });
}

std::vector<std::string> SpecFormView::open_groups() const {
  std::vector<std::string> ids;
  for (const auto& [id, view] : groups_) {
    if (view->is_open()) ids.push_back(id);
  }
  return groups_.empty() ? open_ : ids;
}

void SpecFormView::set_open_groups(const std::vector<std::string>& ids) {
  open_ = ids;
  for (const auto& [id, view] : groups_)
    view->set_open(std::find(ids.begin(), ids.end(), id) != ids.end());
}

}  // namespace lea::gui
