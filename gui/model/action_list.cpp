#include "gui/model/action_list.h"

#include <QRegularExpression>
#include <algorithm>

namespace lea::gui {
namespace {

constexpr const char* kBuiltIn = "built_in_shortcut";
constexpr const char* kGroup = "shortcuts";

// How well a text matches; 0: not.
int score(const QString& text, const QStringList& words) {
  int sum = 1;
  for (const QString& word : words) {
    const qsizetype at = text.indexOf(word, 0, Qt::CaseInsensitive);
    if (at < 0) return 0;
    const bool begins = at == 0 || !text[at - 1].isLetterOrNumber();
    sum += at == 0 ? 4 : begins ? 3 : 1;
  }
  return sum;
}

}  // namespace

QAction* ActionList::add(const QString& id, const QString& text, const std::function<void()>& run,
                         const QKeySequence& shortcut) {
  auto* action = new QAction(text, this);
  action->setObjectName(id);
  action->setShortcut(shortcut);
  action->setProperty(kBuiltIn, shortcut.toString());
  connect(action, &QAction::triggered, this, run);
  actions_.push_back(action);
  return action;
}

QAction* ActionList::action(const QString& id) const {
  const auto found = std::find_if(actions_.begin(), actions_.end(),
                                  [&](QAction* action) { return action->objectName() == id; });
  return found == actions_.end() ? nullptr : *found;
}

QAction* ActionList::conflict(const QAction* action, const QKeySequence& shortcut) const {
  if (shortcut.isEmpty()) return nullptr;
  const auto found = std::find_if(actions_.begin(), actions_.end(), [&](QAction* other) {
    return other != action && other->shortcut() == shortcut;
  });
  return found == actions_.end() ? nullptr : *found;
}

void ActionList::set_shortcut(QAction* action, const QKeySequence& shortcut) {
  action->setShortcut(shortcut);
}

void ActionList::save(QSettings& settings) const {
  settings.remove(kGroup);
  settings.beginGroup(kGroup);
  for (const QAction* action : actions_) {
    const QString shortcut = action->shortcut().toString();
    if (shortcut != action->property(kBuiltIn).toString())
      settings.setValue(action->objectName(), shortcut);
  }
  settings.endGroup();
}

void ActionList::restore(QSettings& settings) {
  settings.beginGroup(kGroup);
  for (QAction* action : actions_) {
    const QVariant shortcut = settings.value(action->objectName());
    action->setShortcut(shortcut.isValid() ? shortcut.toString()
                                           : action->property(kBuiltIn).toString());
  }
  settings.endGroup();
}

std::vector<QAction*> ActionList::matching(const QString& typed) const {
  const QStringList words = typed.split(QRegularExpression("\\s+"), Qt::SkipEmptyParts);
  std::vector<std::pair<int, QAction*>> found;
  for (QAction* action : actions_) {
    if (!action->isEnabled() || !action->isVisible()) continue;
    const int points = score(action->text().remove('&'), words);
    if (points > 0) found.emplace_back(points, action);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<QAction*> actions;
  for (const auto& [points, action] : found) actions.push_back(action);
  return actions;
}

}  // namespace lea::gui
