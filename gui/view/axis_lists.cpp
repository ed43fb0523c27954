#include "gui/view/axis_lists.h"

#include <QCompleter>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QScrollBar>
#include <algorithm>
#include <map>

#include "core/base/letter_case.h"
#include "gui/model/look.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

enum Role {
  kAxis = Qt::UserRole,
  kYaml,
  kNode
};  // the axis of a row, its item, a name to stay open by

constexpr const char* kEnvironments = "environments";

QString title_of(const FormAxis& axis) {
  QString text = shown(axis.key);
  if (axis.kind == FormAxis::Kind::kSlot && !axis.on_grid && axis.checked() == 0) return text;
  if (axis.kind == FormAxis::Kind::kPresets && axis.checked() == 0) return text;
  return text + QString(" (%1)").arg(axis.checked());
}

QString note_of(const FormAxis& axis) {
  if (!axis.error.empty()) return shown(axis.error);
  if (axis.origin == Origin::kBelow) return "from " + shown(axis.from);
  return shown(axis.about);
}

QToolButton* button_of(QAction* action, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setDefaultAction(action);
  button->setAccessibleName(action->text());
  return button;
}

}  // namespace

AxisLists::AxisLists(SpecForm& form, const SpecFacts& facts, QWidget* parent)
    : QWidget(parent),
      form_(form),
      facts_(facts),
      tree_(new QTreeWidget(this)),
      refusal_(plain_label({}, this)),
      new_axis_(new QLineEdit(this)),
      new_value_(new QLineEdit(this)),
      candidates_(new QStringListModel(this)),
      new_environment_(new QToolButton(this)),
      parameters_(new QAction("Parameters", this)),
      again_(new QAction("Add again", this)),
      remove_(new QAction("Remove", this)),
      place_(new QAction("Show it in the text", this)) {
  tree_->setColumnCount(2);
  tree_->setHeaderHidden(true);
  tree_->setAccessibleName("Axes of the grid");
  tree_->header()->setAccessibleName("Columns of the axes");
  tree_->setUniformRowHeights(true);
  tree_->setContextMenuPolicy(Qt::CustomContextMenu);
  tree_->header()->setSectionResizeMode(0, QHeaderView::Interactive);
  tree_->header()->setStretchLastSection(true);
  tree_->header()->resizeSection(0, 240);
  tree_->setTextElideMode(Qt::ElideRight);
  refusal_->setWordWrap(true);
  refusal_->setAccessibleName("Why the last change was refused");
  refusal_->hide();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 6, 0, 0);
  column->addWidget(tree_, 1);
  column->addWidget(refusal_);
  build_bar(column);
  connect(tree_, &QTreeWidget::itemChanged, this, &AxisLists::changed);
  connect(tree_, &QTreeWidget::currentItemChanged, this, &AxisLists::update_actions);
  connect(tree_, &QTreeWidget::itemExpanded, this,
          [this](const QTreeWidgetItem* row) { open_.insert(row->data(0, kNode).toString()); });
  connect(tree_, &QTreeWidget::itemCollapsed, this,
          [this](const QTreeWidgetItem* row) { open_.erase(row->data(0, kNode).toString()); });
  connect(tree_, &QTreeWidget::customContextMenuRequested, this, &AxisLists::open_menu);
  connect(&form_, &SpecForm::changed, this, &AxisLists::update_lists);
  connect(&form_, &SpecForm::edited, refusal_, [this] { refusal_->hide(); });
  connect(&form_, &SpecForm::refused, this, [this](const QString& key, const QString& reason) {
    if (!form_.outline().axis(to_std(key)) && form_.outline().field(to_std(key))) return;
    refusal_->setText(reason);
    refusal_->show();
  });
  update_lists();
}

void AxisLists::build_bar(QVBoxLayout* column) {
  parameters_->setToolTip("Show the parameters of the plugin");
  again_->setToolTip("Add the same plugin once more, to give it other parameters");
  connect(parameters_, &QAction::triggered, this, [this] {
    const QTreeWidgetItem* row = tree_->currentItem();
    if (const AxisItem* item = current_item()) {
      Q_EMIT group_wanted(item->group);
    } else if (row) {
      Q_EMIT group_wanted("environments." + to_std(row->data(0, kYaml).toString()));
    }
  });
  connect(again_, &QAction::triggered, this, [this] {
    const AxisItem* item = current_item();
    if (item) form_.add_again(current_axis()->key, item->yaml);
  });
  connect(remove_, &QAction::triggered, this, [this] {
    const QTreeWidgetItem* row = tree_->currentItem();
    if (!row) return;
    if (row->data(0, kAxis).toString() == kEnvironments) {
      form_.remove_environment(to_std(row->data(0, kYaml).toString()));
    } else {
      form_.remove_axis(to_std(row->data(0, kAxis).toString()));
    }
  });
  connect(place_, &QAction::triggered, this, [this] {
    const AxisItem* item = current_item();
    if (item) {
      Q_EMIT place_wanted(item->at.line);
    } else if (const FormAxis* axis = current_axis()) {
      Q_EMIT place_wanted(axis->at.line);
    }
  });
  new_value_->setAccessibleName("New value of the chosen axis");
  connect(new_value_, &QLineEdit::returnPressed, this, [this] {
    const FormAxis* axis = current_axis();
    const QString text = new_value_->text().trimmed();
    if (!axis || text.isEmpty()) return;
    form_.add_value(axis->key, to_std(text));
    new_value_->clear();
  });
  new_axis_->setPlaceholderText("Add an axis: type a setting, such as train.learning_rate");
  new_axis_->setAccessibleName("New axis");
  new_axis_->setClearButtonEnabled(true);
  auto* completer = new QCompleter(candidates_, new_axis_);
  completer->setFilterMode(Qt::MatchContains);
  completer->setCaseSensitivity(Qt::CaseInsensitive);
  completer->setMaxVisibleItems(14);
  new_axis_->setCompleter(completer);
  const auto add_axis = [this](const QString& text) {
    const std::string key = to_std(text.trimmed());
    if (key.empty()) return;
    open_.insert(text.trimmed());
    form_.add_axis(key);
    new_axis_->clear();
  };
  connect(new_axis_, &QLineEdit::returnPressed, this,
          [this, add_axis] { add_axis(new_axis_->text()); });
  new_environment_->setText("Add an environment");
  new_environment_->setAccessibleName("Add an environment");
  new_environment_->setToolTip("Declare an environment, which slots and bundles can then name");
  new_environment_->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(this);
  new_environment_->setMenu(menu);
  connect(menu, &QMenu::aboutToShow, this, &AxisLists::fill_environment_menu);
  auto* bar = new QHBoxLayout;
  bar->addWidget(new_value_, 1);
  bar->addWidget(button_of(parameters_, this));
  bar->addWidget(button_of(again_, this));
  bar->addWidget(button_of(remove_, this));
  auto* lower = new QHBoxLayout;
  lower->addWidget(new_axis_, 1);
  lower->addWidget(new_environment_);
  column->addLayout(bar);
  column->addLayout(lower);
}

void AxisLists::fill_environment_menu() {
  QMenu* menu = new_environment_->menu();
  menu->clear();
  for (const spec::PluginInfo& plugin : facts_.now()->plugins.all()) {
    if (plugin.kind != "environment") continue;
    const std::string name = short_name(facts_.now()->plugins, plugin);
    QAction* action = menu->addAction(plain_title(shown(name)));
    action->setToolTip(plain_tip(shown(plugin.summary)));
    connect(action, &QAction::triggered, this, [this, name] {
      const std::vector<std::string>& taken = form_.outline().environments;
      std::string own = name;
      for (int n = 2; std::find(taken.begin(), taken.end(), own) != taken.end(); ++n)
        own = name + "_" + std::to_string(n);
      open_.insert(kEnvironments);
      form_.add_environment(own, name);
    });
  }
  menu->setToolTipsVisible(true);
}

// The rows are made anew; what was open, chosen and scrolled to stays.
void AxisLists::update_lists() {
  const QTreeWidgetItem* current = tree_->currentItem();
  const QString axis = current ? current->data(0, kAxis).toString() : QString();
  const QString yaml = current ? current->data(0, kYaml).toString() : QString();
  const int scrolled = tree_->verticalScrollBar()->value();
  if (!shown_before_ && !form_.outline().axes.empty()) {
    shown_before_ = true;
    for (const char* key : {"backbone", "framework", "seeds"}) open_.insert(key);
    for (const FormAxis& list : form_.outline().axes) {
      if (list.on_grid) open_.insert(to_qt(list.key));
    }
  }
  updating_ = true;
  tree_->clear();
  for (const FormAxis& list : form_.outline().axes) add_axis_row(list);
  add_environments();
  QTreeWidgetItem* again = nullptr;
  for (QTreeWidgetItemIterator it(tree_); *it; ++it) {
    (*it)->setExpanded(open_.count((*it)->data(0, kNode).toString()) > 0);
    if (current && (*it)->data(0, kAxis).toString() == axis &&
        (*it)->data(0, kYaml).toString() == yaml)
      again = *it;
  }
  if (again) tree_->setCurrentItem(again);
  tree_->verticalScrollBar()->setValue(scrolled);
  updating_ = false;
  tree_->setEnabled(form_.problem().isEmpty());
  QStringList keys;
  for (const FormGroup& group : form_.outline().groups) {
    for (const FormField& field : group.fields) {
      if (!field.axis.empty() && !form_.outline().axis(field.axis)) keys << to_qt(field.axis);
    }
  }
  candidates_->setStringList(keys);
  update_actions();
}

void AxisLists::add_axis_row(const FormAxis& axis) {
  auto* row = new QTreeWidgetItem(tree_, {title_of(axis), note_of(axis)});
  row->setData(0, kAxis, to_qt(axis.key));
  row->setData(0, kNode, to_qt(axis.key));
  row->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
  QFont font = tree_->font();
  font.setBold(axis.on_grid);
  row->setFont(0, font);
  const QBrush pale = palette().brush(QPalette::PlaceholderText);
  const QColor red = is_dark(palette()) ? QColor("#ff9d8a") : QColor("#a3260f");
  row->setForeground(1, axis.error.empty() ? pale : QBrush(red));
  row->setToolTip(1, plain_tip(note_of(axis)));
  row->setToolTip(0, plain_tip(axis.fixed.empty() ? note_of(axis) : to_qt(axis.fixed)));
  std::map<std::string, QTreeWidgetItem*> files;  // of bundles that are offered
  for (const AxisItem& item : axis.items) {
    QTreeWidgetItem* parent = row;
    if (!item.from.empty()) {
      QTreeWidgetItem*& file = files[item.from];
      if (!file) {
        file = new QTreeWidgetItem(row, {"from " + shown(item.from), ""});
        file->setData(0, kNode, to_qt(axis.key + "/" + item.from));
        file->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
      }
      parent = file;
    }
    add_item_row(parent, axis, item);
  }
}

QTreeWidgetItem* AxisLists::add_item_row(QTreeWidgetItem* parent, const FormAxis& axis,
                                         const AxisItem& item) {
  auto* row = new QTreeWidgetItem(parent, {shown(item.text), shown(item.about)});
  row->setData(0, kAxis, to_qt(axis.key));
  row->setData(0, kYaml, to_qt(item.yaml));
  row->setCheckState(0, item.checked ? Qt::Checked : Qt::Unchecked);
  row->setForeground(1, palette().brush(QPalette::PlaceholderText));
  row->setToolTip(0, plain_tip(shown(item.yaml)));
  row->setToolTip(1, plain_tip(shown(item.about)));
  Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren;
  if (axis.fixed.empty()) flags |= Qt::ItemIsUserCheckable;
  row->setFlags(flags);
  return row;
}

void AxisLists::add_environments() {
  const std::vector<std::string>& names = form_.outline().environments;
  if (names.empty()) return;
  auto* top = new QTreeWidgetItem(tree_, {QString("%1 (%2)").arg(kEnvironments).arg(names.size()),
                                          "declared by a name, for slots, bundles and each other"});
  top->setData(0, kNode, kEnvironments);
  top->setForeground(1, palette().brush(QPalette::PlaceholderText));
  top->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
  for (const std::string& name : names) {
    const FormField* plugin = form_.outline().field("environments." + name);
    auto* row = new QTreeWidgetItem(top, {shown(name), plugin ? shown(plugin->value) : QString()});
    row->setData(0, kAxis, kEnvironments);
    row->setData(0, kYaml, to_qt(name));
    row->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemNeverHasChildren);
  }
}

void AxisLists::changed(QTreeWidgetItem* row, int column) {
  if (updating_ || column != 0 || row->data(0, kYaml).isNull()) return;
  form_.check_item(to_std(row->data(0, kAxis).toString()), to_std(row->data(0, kYaml).toString()),
                   row->checkState(0) == Qt::Checked);
}

QTreeWidgetItem* AxisLists::row_of(const std::string& axis) const {
  for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
    if (tree_->topLevelItem(i)->data(0, kAxis).toString() == to_qt(axis))
      return tree_->topLevelItem(i);
  }
  return nullptr;
}

QTreeWidgetItem* AxisLists::row_of(const std::string& axis, const std::string& text) const {
  for (QTreeWidgetItemIterator it(tree_); *it; ++it) {
    const bool item =
        !(*it)->data(0, kYaml).isNull() && (*it)->data(0, kAxis).toString() == to_qt(axis);
    if (item && (*it)->text(0) == shown(text)) return *it;
  }
  return nullptr;
}

const FormAxis* AxisLists::current_axis() const {
  const QTreeWidgetItem* row = tree_->currentItem();
  return row ? form_.outline().axis(to_std(row->data(0, kAxis).toString())) : nullptr;
}

const AxisItem* AxisLists::current_item() const {
  const FormAxis* axis = current_axis();
  if (!axis) return nullptr;
  const std::string yaml = to_std(tree_->currentItem()->data(0, kYaml).toString());
  const auto found = std::find_if(axis->items.begin(), axis->items.end(),
                                  [&](const AxisItem& item) { return item.yaml == yaml; });
  return found == axis->items.end() ? nullptr : &*found;
}

void AxisLists::update_actions() {
  const FormAxis* axis = current_axis();
  const AxisItem* item = current_item();
  const QTreeWidgetItem* row = tree_->currentItem();
  const bool environment = row && row->data(0, kAxis).toString() == kEnvironments;
  const bool free = axis && axis->fixed.empty() && form_.problem().isEmpty();
  parameters_->setEnabled((item && item->checked && !item->group.empty()) || environment);
  again_->setEnabled(free && item && item->checked && axis->kind == FormAxis::Kind::kSlot);
  remove_->setEnabled((free && axis->on_grid && !item) || environment);
  remove_->setToolTip(environment ? "Remove the environment" : "Remove the chosen axis");
  place_->setEnabled((item && item->checked) || (axis && axis->at.source));
  new_value_->setEnabled(free);
  QString hint = "Choose an axis to add a value";
  if (free) {
    hint = axis->kind == FormAxis::Kind::kVariant   ? QString("Name of a new bundle")
           : axis->kind == FormAxis::Kind::kPresets ? QString("Preset, or path of a file")
                                                    : "New value of " + shown(axis->key);
  }
  new_value_->setPlaceholderText(hint);
}

void AxisLists::open_menu(const QPoint& at) {
  QMenu menu(this);
  for (QAction* action : {parameters_, again_, remove_, place_}) menu.addAction(action);
  menu.exec(tree_->viewport()->mapToGlobal(at));
}

}  // namespace lea::gui
