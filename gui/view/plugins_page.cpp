#include "gui/view/plugins_page.h"

#include <QVBoxLayout>
#include <algorithm>

namespace lea::gui {

PluginsPage::PluginsPage(const Context& context)
    : tabs_(new QTabWidget(this)),
      plugins_(new PluginsView(context)),
      artefacts_(new ArtefactsView(context)) {
  tabs_->setAccessibleName("Plugins or artefacts");
  tabs_->addTab(plugins_, "Plugins");
  tabs_->addTab(artefacts_, "Artefacts");
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 6, 6, 6);
  column->addWidget(tabs_);
  context.actions.add("plugins.show", "Go to the plugins", [this, &navigator = context.navigator] {
    tabs_->setCurrentWidget(plugins_);
    Q_EMIT navigator.page("plugins");
  });
  context.actions.add("artefacts.show", "Go to the artefacts",
                      [this, &navigator = context.navigator] {
                        tabs_->setCurrentWidget(artefacts_);
                        Q_EMIT navigator.page("plugins");
                      });
  connect(&context.navigator, &Navigator::plugin_files, this,
          [this] { tabs_->setCurrentWidget(plugins_); });
  connect(context.actions.action("artefacts.prompts_spec"), &QAction::triggered, this,
          [this] { tabs_->setCurrentWidget(artefacts_); });
}

void PluginsPage::save(QSettings& settings) const {
  settings.setValue("tab", tabs_->currentIndex());
  settings.beginGroup("plugins");
  plugins_->save(settings);
  settings.endGroup();
  settings.beginGroup("artefacts");
  artefacts_->save(settings);
  settings.endGroup();
}

void PluginsPage::restore(QSettings& settings) {
  tabs_->setCurrentIndex(std::clamp(settings.value("tab", 0).toInt(), 0, 1));
  settings.beginGroup("plugins");
  plugins_->restore(settings);
  settings.endGroup();
  settings.beginGroup("artefacts");
  artefacts_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
