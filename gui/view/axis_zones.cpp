#include "gui/view/axis_zones.h"

#include <QContextMenuEvent>
#include <QGridLayout>
#include <QKeyEvent>
#include <algorithm>

#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr int kMostLabels = 40;  // in a menu
constexpr int kNameRole = Qt::UserRole;

std::string axis_of(const QListWidgetItem* item) {
  return to_std(item->data(kNameRole).toString());
}

}  // namespace

AxisList::AxisList(const QString& name, QWidget* parent) : QListWidget(parent) {
  setAccessibleName("Axes in the " + name);
  setFlow(QListView::LeftToRight);
  setWrapping(true);
  setResizeMode(QListView::Adjust);
  setSpacing(2);
  setDragDropMode(QAbstractItemView::DragDrop);
  setDefaultDropAction(Qt::MoveAction);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setToolTip("Drag axes between rows, columns and filters; click one for its menu");
  connect(this, &QListWidget::itemClicked, this, &AxisList::menu_wanted);
}

QSize AxisList::sizeHint() const {
  // As high as the axes need at this width, at most three lines.
  int lines = 1, used = 0;
  for (int i = 0; i < count(); ++i) {
    const int wide = fontMetrics().horizontalAdvance(item(i)->text()) + 18;
    if (used > 0 && used + wide > viewport()->width()) {
      ++lines;
      used = 0;
    }
    used += wide;
  }
  return {200, std::min(lines, 3) * (fontMetrics().height() + 8) + 8};
}

void AxisList::resizeEvent(QResizeEvent* event) {
  QListWidget::resizeEvent(event);
  if (event->size().width() != event->oldSize().width()) updateGeometry();
}

// Returns when the drag has ended, and the axis has left this list where it was dropped on another.
void AxisList::startDrag(Qt::DropActions actions) {
  QListWidget::startDrag(actions);
  Q_EMIT dragged();
}

void AxisList::keyPressEvent(QKeyEvent* event) {
  const bool opens = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter ||
                     event->key() == Qt::Key_Space;
  if (opens && currentItem() != nullptr) return Q_EMIT menu_wanted(currentItem());
  QListWidget::keyPressEvent(event);
}

void AxisList::contextMenuEvent(QContextMenuEvent* event) {
  QListWidgetItem* item =
      event->reason() == QContextMenuEvent::Mouse ? itemAt(event->pos()) : currentItem();
  if (item != nullptr) Q_EMIT menu_wanted(item);
}

AxisZones::AxisZones(QWidget* parent) : QWidget(parent) {
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(6);
  grid->setVerticalSpacing(3);
  const auto add = [&](Zone zone, const QString& title, int row, int column, int span) {
    auto* list = new AxisList(title.toLower(), this);
    lists_[zone] = list;
    auto* label = plain_label(title, this);
    label->setBuddy(list);
    grid->addWidget(label, row, column, Qt::AlignTop);
    grid->addWidget(list, row, column + 1, 1, span, Qt::AlignTop);
    connect(list, &AxisList::menu_wanted, this, &AxisZones::open_menu);
    connect(list, &AxisList::dragged, this, &AxisZones::take_drop);
  };
  add(Zone::kRows, "Rows", 0, 0, 1);
  add(Zone::kColumns, "Columns", 0, 2, 1);
  add(Zone::kFilters, "Filters", 1, 0, 3);
  grid->setColumnStretch(1, 1);
  grid->setColumnStretch(3, 1);
}

QString AxisZones::text_of(const Axis& axis) const {
  if (zone_of(view_, axis.name) != Zone::kFilters) return shown(axis.name);
  const auto filter = view_.filters.find(axis.name);
  if (filter != view_.filters.end()) {
    const QString label = shown(report::shown_label(axis.name, filter->second));
    // A label that names its axis needs no name before it.
    return label.startsWith(shown(axis.name)) ? label + " ▾"
                                              : shown(axis.name) + ": " + label + " ▾";
  }
  if (axis.labels.size() == 1)
    return shown(axis.name) + ": " + shown(report::shown_label(axis.name, axis.labels[0]));
  return shown(axis.name) + ": all ▾";
}

void AxisZones::show_view(const report::MatrixSource* source, const report::MatrixView& view) {
  std::vector<Axis> axes;
  if (source != nullptr) {
    for (const report::MatrixSource::Axis* axis : source->axes())
      axes.push_back({axis->name, axis->labels});
  }
  // What is shown already stays, so that news of the runs disturb nobody who is dragging.
  if (!dragged_ && axes == axes_ && view == view_) return;
  dragged_ = false;
  axes_ = std::move(axes);
  view_ = view;
  const auto named = [&](const std::string& name) {
    return std::find_if(axes_.begin(), axes_.end(),
                        [&](const Axis& axis) { return axis.name == name; });
  };
  std::map<Zone, std::vector<std::string>> names = {{Zone::kRows, view.rows},
                                                    {Zone::kColumns, view.columns}};
  for (const Axis& axis : axes_) {
    if (zone_of(view, axis.name) == Zone::kFilters) names[Zone::kFilters].push_back(axis.name);
  }
  for (const auto& [zone, list] : lists_) {
    const QString current = list->currentItem() == nullptr
                                ? QString()
                                : list->currentItem()->data(kNameRole).toString();
    list->clear();
    for (const std::string& name : names[zone]) {
      const auto axis = named(name);
      if (axis == axes_.end()) continue;
      auto* item = new QListWidgetItem(text_of(*axis), list);
      item->setData(kNameRole, to_qt(name));
      item->setBackground(palette().color(QPalette::Button));
      item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled);
      if (to_qt(name) == current) list->setCurrentItem(item);
    }
    list->updateGeometry();
  }
}

void AxisZones::ask(const std::function<void(report::MatrixView*)>& change) {
  report::MatrixView view = view_;
  change(&view);
  if (view != view_) Q_EMIT view_wanted(view);
}

// What the lists have after an axis was dropped is the view.
void AxisZones::take_drop() {
  dragged_ = true;
  report::MatrixView view = view_;
  view.rows.clear();
  view.columns.clear();
  for (int i = 0; i < lists_[Zone::kRows]->count(); ++i)
    view.rows.push_back(axis_of(lists_[Zone::kRows]->item(i)));
  for (int i = 0; i < lists_[Zone::kColumns]->count(); ++i)
    view.columns.push_back(axis_of(lists_[Zone::kColumns]->item(i)));
  std::erase_if(view.filters,
                [&](const auto& filter) { return zone_of(view, filter.first) != Zone::kFilters; });
  Q_EMIT view_wanted(view);
}

void AxisZones::fill_menu(QMenu* menu, const std::string& name) {
  const auto axis =
      std::find_if(axes_.begin(), axes_.end(), [&](const Axis& one) { return one.name == name; });
  if (axis == axes_.end()) return;
  const Zone zone = zone_of(view_, name);
  const auto move = [&](const QString& text, Zone to) {
    if (to == zone) return;
    menu->addAction(text, this,
                    [this, name, to] { ask([&](auto* view) { move_axis(view, name, to); }); });
  };
  move("Move to the rows", Zone::kRows);
  move("Move to the columns", Zone::kColumns);
  move("Move to the filters", Zone::kFilters);
  if (zone != Zone::kFilters) {
    const auto& side = zone == Zone::kRows ? view_.rows : view_.columns;
    const auto place = static_cast<int>(std::find(side.begin(), side.end(), name) - side.begin());
    const auto shift = [&](const QString& text, int to) {
      QAction* action = menu->addAction(text, this, [this, name, zone, to] {
        ask([&](auto* view) { move_axis(view, name, zone, to); });
      });
      action->setEnabled(to >= 0 && to < static_cast<int>(side.size()));
    };
    shift("Move before the other", place - 1);
    shift("Move behind the other", place + 1);
  }
  menu->addSeparator();
  // A metric or a part has no mean with another one, so one of them is always chosen.
  const bool may_be_all = name != report::kMetricAxis && name != report::kPartAxis;
  const auto filter = view_.filters.find(name);
  const auto choose = [&](const QString& text, const std::optional<std::string>& label) {
    QAction* action = menu->addAction(plain_title(text), this, [this, name, label] {
      ask([&](auto* view) {
        move_axis(view, name, Zone::kFilters);
        if (label) view->filters[name] = *label;
      });
    });
    action->setCheckable(true);
    action->setChecked(zone == Zone::kFilters &&
                       (label ? filter != view_.filters.end() && filter->second == *label
                              : filter == view_.filters.end()));
  };
  if (axis->labels.size() < 2) return;
  if (may_be_all && zone == Zone::kFilters) choose("All", std::nullopt);
  for (size_t i = 0; i < axis->labels.size() && i < static_cast<size_t>(kMostLabels); ++i)
    choose("Only " + shown(report::shown_label(name, axis->labels[i])), axis->labels[i]);
}

void AxisZones::open_menu(QListWidgetItem* item) {
  const std::string name = axis_of(item);
  QListWidget* list = item->listWidget();
  QMenu menu(this);
  fill_menu(&menu, name);
  // The menu may replace the item.
  menu.exec(list->viewport()->mapToGlobal(list->visualItemRect(item).bottomLeft()));
}

}  // namespace lea::gui
