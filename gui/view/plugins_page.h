// The page Plugins and artefacts.
#pragma once

#include <QTabWidget>

#include "gui/view/artefacts_view.h"
#include "gui/view/page.h"
#include "gui/view/plugins_view.h"

namespace lea::gui {

class PluginsPage : public Page {
  Q_OBJECT

 public:
  explicit PluginsPage(const Context& context);

  void save(QSettings& settings) const override;
  void restore(QSettings& settings) override;

  // For tests.
  PluginsView* plugins() const { return plugins_; }
  ArtefactsView* artefacts() const { return artefacts_; }
  QTabWidget* tabs() const { return tabs_; }

 private:
  QTabWidget* tabs_;
  PluginsView* plugins_;
  ArtefactsView* artefacts_;
};

}  // namespace lea::gui
