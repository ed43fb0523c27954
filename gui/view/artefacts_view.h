// The artefacts of the lab: the table of them, what is known of one, and prompts as they are sent.
#pragma once

#include <QPlainTextEdit>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>

#include "gui/model/artefact_table.h"
#include "gui/model/prompts.h"
#include "gui/view/consent_bar.h"
#include "gui/view/empty_state.h"
#include "gui/view/facts_panel.h"
#include "gui/view/kept_sizes.h"
#include "gui/view/page.h"
#include "gui/view/table_pane.h"

namespace lea::gui {

class ArtefactsView : public QWidget {
  Q_OBJECT

 public:
  explicit ArtefactsView(const Context& context, QWidget* parent = nullptr);

  void save(QSettings& settings) const;
  void restore(QSettings& settings);

  // For tests.
  ArtefactTable& artefacts() { return artefacts_; }
  Prompts& prompts() { return prompts_; }
  TablePane* pane() const { return pane_; }
  FactsPanel* facts() const { return facts_; }
  ConsentBar* consent() const { return consent_; }
  QPlainTextEdit* prompts_text() const { return prompts_text_; }

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void add_actions();
  QWidget* build_bar();
  QWidget* build_details();
  QWidget* build_prompts();

  void show_artefact();
  void show_prompts();
  void update_state();
  void update_actions();
  void ask_to_remove();
  // The artefact that is selected; not valid without one.
  QModelIndex chosen() const;
  QStringList commands() const;
  void fill_commands(QMenu* menu) const;

  const Context context_;
  ArtefactTable artefacts_;
  Prompts prompts_;
  QString spec_;  // the file that the page Experiment shows
  QAction *verify_ = nullptr, *verify_all_ = nullptr, *remove_ = nullptr, *prune_ = nullptr,
          *runs_ = nullptr, *folder_ = nullptr, *prompts_of_ = nullptr, *prompts_spec_ = nullptr,
          *cancel_ = nullptr, *copy_ = nullptr;
  ConsentBar* consent_;
  QStackedWidget* whole_;
  EmptyState* empty_;
  QSplitter* columns_;
  KeptSizes sizes_;
  QTabWidget* details_ = nullptr;
  TablePane* pane_ = nullptr;
  FactsPanel* facts_ = nullptr;
  QPlainTextEdit *json_ = nullptr, *prompts_text_ = nullptr;
  QLabel *total_ = nullptr, *prompts_title_ = nullptr;
};

}  // namespace lea::gui
