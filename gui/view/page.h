// A place of the window. A page is a class in files of its own, and one line in pages.cpp.
#pragma once

#include <QSettings>
#include <QWidget>

#include "gui/model/action_list.h"
#include "gui/model/lab_model.h"
#include "gui/model/launcher.h"
#include "gui/model/messages.h"
#include "gui/model/navigator.h"

namespace lea::gui {

// What a page works with. All of it outlives the page.
struct Context {
  Messages& messages;
  LabModel& lab;
  ActionList& actions;
  Navigator& navigator;
  Launcher& launcher;
};

class Page : public QWidget {
  Q_OBJECT

 public:
  using QWidget::QWidget;

  // Keeps and takes up how the page looks, in its group of the settings. Nothing is shown before
  // `restore`. Without settings, `restore` gives the page its first look.
  virtual void save(QSettings& settings) const = 0;
  virtual void restore(QSettings& settings) = 0;
};

}  // namespace lea::gui
