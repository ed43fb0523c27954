// The frame of the window: the pages as docks, the menus, the message bar, the theme, the layout.
#pragma once

#include <QActionGroup>
#include <QDockWidget>
#include <QLabel>
#include <QMainWindow>
#include <map>

#include "gui/model/look.h"
#include "gui/view/command_palette.h"
#include "gui/view/message_bar.h"
#include "gui/view/page.h"
#include "gui/view/pages.h"

namespace lea::gui {

class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  // Everything that is passed must outlive the window. `settings` keeps how it looks.
  MainWindow(const Context& context, const std::vector<PageEntry>& pages, QSettings& settings);

  void show_page(const QString& id);
  Page* page(const QString& id) const { return pages_.at(id); }
  QDockWidget* dock(const QString& id) const { return docks_.at(id); }
  CommandPalette* palette_list() const { return palette_list_; }

  // The theme that the user chose. The program shows it.
  Theme theme() const { return theme_; }

  void save_layout();
  void reset_layout();

 Q_SIGNALS:
  void theme_changed(lea::gui::Theme theme);

 protected:
  void closeEvent(QCloseEvent* event) override;

 private:
  void build_pages(const std::vector<PageEntry>& pages);
  void build_menus();
  void build_theme_menu(QMenu* menu);
  void build_status();
  void set_theme(Theme theme);
  void restore_layout();
  void arrange_docks();
  void lab_opened();
  void choose_lab();
  void show_about();

  const Context context_;
  QSettings& settings_;
  QMainWindow* area_;  // holds the docks, above the message bar
  std::vector<QString> order_;
  std::map<QString, Page*> pages_;
  std::map<QString, QDockWidget*> docks_;
  CommandPalette* palette_list_;
  QLabel *lab_label_, *busy_label_;
  Theme theme_ = Theme::kSystem;
  std::map<Theme, QAction*> theme_actions_;
};

}  // namespace lea::gui
