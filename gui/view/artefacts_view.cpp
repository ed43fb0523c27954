#include "gui/view/artefacts_view.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QVBoxLayout>

#include "core/base/shell.h"
#include "core/base/text.h"
#include "core/lab/disk.h"
#include "gui/model/text.h"
#include "gui/view/action_buttons.h"
#include "gui/view/open_folder.h"

namespace lea::gui {
namespace {

QPlainTextEdit* text_view(const QString& name, QWidget* parent) {
  auto* text = new QPlainTextEdit(parent);
  text->setReadOnly(true);
  text->setAccessibleName(name);
  text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  return text;
}

}  // namespace

ArtefactsView::ArtefactsView(const Context& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      artefacts_(context.lab),
      prompts_(context.lab),
      consent_(new ConsentBar(this)),
      whole_(new QStackedWidget),
      empty_(new EmptyState),
      columns_(new QSplitter(Qt::Horizontal)),
      sizes_(columns_, {820, 420}) {
  add_actions();
  pane_ = new TablePane("Artefacts", artefacts_, context_.messages);
  pane_->expression()->setPlaceholderText("Filter, e.g. users=0 and bytes>1000000");
  empty_->add_button("Go to Experiment", [this] { Q_EMIT context_.navigator.page("experiment"); });
  whole_->addWidget(empty_);
  whole_->addWidget(pane_);
  columns_->addWidget(whole_);
  columns_->addWidget(build_details());
  columns_->setStretchFactor(0, 1);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 4, 0, 0);
  column->setSpacing(4);
  column->addWidget(build_bar());
  column->addWidget(consent_);
  column->addWidget(columns_, 1);
  connect(pane_, &TablePane::selection_changed, this, &ArtefactsView::show_artefact);
  connect(pane_, &TablePane::row_menu, this, [this](QMenu* menu) {
    for (QAction* action : {verify_, runs_, prompts_of_, folder_, remove_}) {
      if (action->isEnabled()) menu->addAction(action);
    }
    fill_commands(menu->addMenu("Copy as command"));
  });
  connect(&artefacts_, &ArtefactTable::listing_changed, this, &ArtefactsView::update_state);
  connect(&artefacts_, &ArtefactTable::prune_planned, this, [this](const QString& question) {
    if (!question.isEmpty()) consent_->ask(question, "Remove", [this] { artefacts_.prune(); });
  });
  connect(&prompts_, &Prompts::changed, this, &ArtefactsView::show_prompts);
  connect(&context_.navigator, &Navigator::spec_shown, this, [this](const QString& path) {
    spec_ = path;
    update_actions();
  });
  show_prompts();
  update_state();
}

void ArtefactsView::add_actions() {
  ActionList& actions = context_.actions;
  const auto add = [&](const char* id, const QString& text, const QString& short_text,
                       const QString& tip, const std::function<void()>& run) {
    QAction* action = actions.add(QString("artefacts.") + id, text, run);
    action->setIconText(short_text);
    action->setToolTip(tip);
    return action;
  };
  const auto key = [this] { return artefacts_.row(chosen()).folder.uuid(); };
  verify_ =
      add("verify", "Verify the files of the chosen artefact", "Verify",
          "Compare its files with their checksums", [this, key] { artefacts_.verify(key()); });
  verify_all_ = add("verify_all", "Verify the files of all artefacts", "Verify all",
                    "Compare the files of all artefacts with their checksums",
                    [this] { artefacts_.verify(""); });
  remove_ = add("remove", "Remove the chosen artefact…", "Remove…",
                "Runs that used it stay; a run that needs it again makes it again",
                [this] { ask_to_remove(); });
  prune_ = add("prune", "Remove the artefacts that nothing needs any more…", "Prune…",
               "Find what no run and no plan needs any more, and ask before it is removed",
               [this] { artefacts_.plan_prune(); });
  runs_ = add("runs", "Show the runs of the experiments that use the artefact", "Runs",
              "Show the runs of the experiments that use it",
              [this] { Q_EMIT context_.navigator.runs(artefacts_.runs_filter(chosen())); });
  folder_ = add("folder", "Open the folder of the chosen artefact", "Folder", "Open its folder",
                [this] { open_folder(artefacts_.row(chosen()).folder.path, context_.messages); });
  prompts_of_ = add("prompts", "Show the prompts of the chosen artefact", "Prompts",
                    "A few prompts as they are sent to its language model, with their ids", [this] {
                      details_->setCurrentIndex(2);
                      prompts_.ask_artefact(artefacts_.row(chosen()));
                    });
  prompts_spec_ =
      add("prompts_spec", "Show the prompts of the spec that is open", "Prompts of the spec",
          "A few prompts of the spec on the page Experiment, as it was saved last", [this] {
            Q_EMIT context_.navigator.page("plugins");
            details_->setCurrentIndex(2);
            prompts_.ask_spec(to_std(spec_));
          });
  cancel_ = add("cancel_prompts", "End the making of prompts", "Cancel",
                "End the process that makes the prompts", [this] { prompts_.cancel(); });
  copy_ = add("copy_command", "Copy the command that shows the chosen artefact", "Copy as command",
              "What does the same in a terminal", [this] {
                const QStringList all = commands();
                if (!all.isEmpty()) QApplication::clipboard()->setText(all.front());
              });
}

QWidget* ArtefactsView::build_bar() {
  auto* bar = new QWidget(this);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  for (QAction* action :
       {verify_, verify_all_, remove_, prune_, runs_, folder_, prompts_of_, prompts_spec_})
    row->addWidget(action_button(action, bar));
  auto* copy = action_button(copy_, bar);
  auto* menu = new QMenu(copy);
  connect(menu, &QMenu::aboutToShow, this, [this, menu] {
    menu->clear();
    fill_commands(menu);
  });
  copy->setMenu(menu);
  copy->setPopupMode(QToolButton::MenuButtonPopup);
  row->addWidget(copy);
  row->addStretch();
  total_ = plain_label({}, bar);
  total_->setAccessibleName("Size of all artefacts");
  row->addWidget(total_);
  return bar;
}

QWidget* ArtefactsView::build_details() {
  details_ = new QTabWidget;
  details_->setAccessibleName("Details of the artefact");
  details_->setMinimumWidth(220);
  facts_ = new FactsPanel("Artefact");
  json_ = text_view("All that is known of the artefact, as JSON", details_);
  json_->setLineWrapMode(QPlainTextEdit::NoWrap);
  json_->setPlaceholderText("Choose an artefact to see all that is known of it.");
  details_->addTab(facts_, "Facts");
  details_->addTab(json_, "JSON");
  details_->addTab(build_prompts(), "Prompts");
  return details_;
}

QWidget* ArtefactsView::build_prompts() {
  auto* box = new QWidget;
  prompts_title_ = plain_label({}, box);
  prompts_title_->setWordWrap(true);
  prompts_title_->setAccessibleName("What the prompts belong to");
  prompts_text_ = text_view("Prompts", box);
  auto* head = new QHBoxLayout;
  head->addWidget(prompts_title_, 1);
  head->addWidget(action_button(cancel_, box));
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 4, 0, 0);
  column->addLayout(head);
  column->addWidget(prompts_text_, 1);
  return box;
}

QModelIndex ArtefactsView::chosen() const {
  const auto rows = pane_->selected_rows();
  return rows.empty() ? QModelIndex() : artefacts_.index(rows.front(), 0);
}

void ArtefactsView::show_artefact() {
  const QModelIndex index = chosen();
  if (index.isValid()) {
    const lab::ArtefactRow& row = artefacts_.row(index);
    facts_->show_facts(row.header ? shown(row.header->needed.name()) : QString("Damaged artefact"),
                       artefacts_.facts(index), artefacts_.problem(index));
    json_->setPlainText(artefacts_.details(index));
  } else {
    facts_->show_advice("Choose an artefact to see what is known of it.");
    json_->clear();
  }
  update_actions();
}

void ArtefactsView::show_prompts() {
  const bool asked = !prompts_.title().isEmpty();
  prompts_title_->setText(prompts_.is_asking() ? "Making prompts of " + prompts_.title() + "…"
                          : asked              ? "Prompts of " + prompts_.title()
                                               : QString());
  prompts_text_->setPlaceholderText(
      prompts_.is_asking() ? "A worker reads the language model, which can take minutes."
      : asked              ? "There are none."
                           : "Choose an artefact, or open a spec, and press Prompts to see a few "
                             "prompts as they are sent to the language model.");
  prompts_text_->setPlainText(prompts_.text());
  update_actions();
}

void ArtefactsView::update_state() {
  const LabModel& lab = context_.lab;
  if (!lab.is_open()) {
    empty_->set_text("No lab is open", "Choose or make a lab on the page Runs.");
  } else if (!artefacts_.was_listed()) {
    empty_->set_text("Looking for artefacts…", "");
  } else {
    empty_->set_text(
        "This lab has no artefacts yet",
        "Artefacts are what plugins make once for many runs, such as the rewards of a language "
        "model. They appear here when a grid whose environment needs them is launched.");
  }
  whole_->setCurrentWidget(artefacts_.rows() == 0 ? static_cast<QWidget*>(empty_) : pane_);
  total_->setText(artefacts_.rows() == 0 ? QString()
                                         : to_qt(counted(artefacts_.rows(), "artefact") + ", " +
                                                 lab::size_text(artefacts_.bytes())));
  show_artefact();
}

void ArtefactsView::update_actions() {
  const QModelIndex index = chosen();
  const bool one = index.isValid(), open = context_.lab.is_open();
  const bool known = one && artefacts_.row(index).header.has_value();
  verify_->setEnabled(one);
  verify_all_->setEnabled(artefacts_.rows() > 0);
  remove_->setEnabled(one);
  prune_->setEnabled(artefacts_.rows() > 0);
  runs_->setEnabled(one && !artefacts_.runs_filter(index).isEmpty());
  folder_->setEnabled(one);
  prompts_of_->setEnabled(known && !prompts_.is_asking());
  prompts_spec_->setEnabled(open && !spec_.isEmpty() && !prompts_.is_asking());
  cancel_->setEnabled(prompts_.is_asking());
  copy_->setEnabled(!commands().isEmpty());
}

void ArtefactsView::ask_to_remove() {
  const QModelIndex index = chosen();
  if (!index.isValid()) return;
  const std::string key = artefacts_.row(index).folder.uuid();
  consent_->ask(artefacts_.question_before_removing(index), "Remove",
                [this, key] { artefacts_.remove(key); });
}

QStringList ArtefactsView::commands() const {
  QStringList lines;
  const auto add = [&](std::vector<std::string> words) {
    std::vector<std::string> line = {"lealab", "--lab", context_.lab.folder()};
    for (const std::string& folder : context_.lab.plugin_dirs)
      line.insert(line.end(), {"--plugin-dir", folder});
    line.push_back("artefacts");
    line.insert(line.end(), words.begin(), words.end());
    lines << to_qt(shell_line(line));
  };
  if (!context_.lab.is_open()) return lines;
  const QModelIndex index = chosen();
  if (index.isValid()) {
    const std::string key = artefacts_.row(index).folder.uuid();
    for (const char* verb : {"show", "verify", "remove", "export"}) add({verb, key});
  }
  add({"list"});
  add({"verify"});
  add({"prune", "--dry-run"});
  if (!spec_.isEmpty()) add({"prompts", to_std(spec_)});
  return lines;
}

void ArtefactsView::fill_commands(QMenu* menu) const {
  for (const QString& line : commands()) {
    menu->addAction(plain_title(line), menu, [line] { QApplication::clipboard()->setText(line); });
  }
}

void ArtefactsView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  sizes_.shown();
  artefacts_.set_watched(true);
}

void ArtefactsView::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  artefacts_.set_watched(false);
}

void ArtefactsView::save(QSettings& settings) const {
  settings.setValue("columns", sizes_.text());
  settings.beginGroup("artefacts");
  pane_->save(settings);
  settings.endGroup();
}

void ArtefactsView::restore(QSettings& settings) {
  sizes_.restore(settings.value("columns").toString());
  settings.beginGroup("artefacts");
  pane_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
