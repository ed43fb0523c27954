// The manager of plugins: the list of all files, what is known of each, and the files that were dropped
// on the window or chosen, which can be installed.
#pragma once

#include <QSplitter>
#include <QStackedWidget>

#include "gui/model/param_table.h"
#include "gui/model/plugin_drop.h"
#include "gui/model/plugin_table.h"
#include "gui/view/consent_bar.h"
#include "gui/view/empty_state.h"
#include "gui/view/facts_panel.h"
#include "gui/view/kept_sizes.h"
#include "gui/view/page.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class PluginsView : public QWidget {
  Q_OBJECT

 public:
  explicit PluginsView(const Context& context, QWidget* parent = nullptr);

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // For tests.
  PluginTable& plugins() { return plugins_; }
  PluginDrop& dropped() { return dropped_; }
  TablePane* pane() const { return pane_; }
  TablePane* drop_pane() const { return drop_pane_; }
  FactsPanel* facts() const { return facts_; }
  ConsentBar* consent() const { return consent_; }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void add_actions();
  QWidget* build_bar();
  QWidget* build_dropped();
  QWidget* build_details();
  void build_empty();

  void choose_files();
  void take_files(const QStringList& paths);
  void dropped_changed();
  void choose_in(TablePane* list);
  void show_chosen();
  void show_plugin(const QModelIndex& index);
  void show_dropped(const QModelIndex& index);
  void update_state();
  void update_actions();
  void set_disabled(bool disabled);
  void ask_to_remove();
  // The files of the selected rows, each once.
  std::vector<std::string> chosen_files() const;
  std::vector<QModelIndex> chosen_drops() const;
  // `lealab plugins ...` for what is selected, the most useful first.
  QStringList commands() const;
  void fill_commands(QMenu* menu) const;

  const Context context_;
  PluginTable plugins_;
  PluginDrop dropped_;
  ParamTable params_;
  QAction *add_ = nullptr, *enable_ = nullptr, *disable_ = nullptr, *again_ = nullptr,
          *test_ = nullptr, *folder_ = nullptr, *remove_ = nullptr, *copy_ = nullptr,
          *install_ = nullptr, *skip_ = nullptr, *clear_ = nullptr;
  ConsentBar* consent_;
  QStackedWidget* lists_;  // the empty state, or the table
  EmptyState* empty_;
  QSplitter *columns_, *middle_;
  KeptSizes sizes_;
  QWidget* drop_box_ = nullptr;
  TablePane *pane_ = nullptr, *drop_pane_ = nullptr, *params_pane_ = nullptr;
  FactsPanel* facts_ = nullptr;
  bool choosing_ = false;
};

}  // namespace lea::gui
