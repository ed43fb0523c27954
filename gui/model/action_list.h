// All actions of the window, by name: what the menus, the shortcuts and the command palette offer.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QSettings>
#include <QString>
#include <functional>
#include <vector>

namespace lea::gui {

class ActionList : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  // Adds an action. `id` is stable ("runs.stop"): settings keep its shortcut by it. `text` begins with
  // a verb and needs no context, because the palette shows it alone.
  QAction* add(const QString& id, const QString& text, const std::function<void()>& run,
               const QKeySequence& shortcut = {});
  const std::vector<QAction*>& actions() const { return actions_; }
  QAction* action(const QString& id) const;  // nullptr when there is none

  // Another action that has this shortcut; nullptr for none.
  QAction* conflict(const QAction* action, const QKeySequence& shortcut) const;
  void set_shortcut(QAction* action, const QKeySequence& shortcut);

  // Only shortcuts that differ from the built-in ones are kept.
  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // Those that can be done now and match what was typed, best first. Each word must be found in the
  // text; a match at the begin of a word is better.
  std::vector<QAction*> matching(const QString& typed) const;

 private:
  std::vector<QAction*> actions_;
};

}  // namespace lea::gui
