#include "gui/view/cell_panel.h"

#include <QDesktopServices>
#include <QHBoxLayout>
#include <QUrl>
#include <QVBoxLayout>

#include "core/base/files.h"
#include "core/run/folder.h"
#include "gui/model/text.h"
#include "gui/view/empty_state.h"

namespace lea::gui {
namespace {

constexpr size_t kSpecBytes = size_t{16} << 20;

}  // namespace

CellPanel::CellPanel(const Context& context, MatrixModel& model, QWidget* parent)
    : QWidget(parent),
      context_(context),
      model_(model),
      title_(plain_label({}, this)),
      pane_(new TablePane("Runs of the cell", model.runs(), context.messages, this)) {
  title_->setWordWrap(true);
  title_->setAccessibleName("The chosen cell");
  title_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  pane_->expression()->setPlaceholderText("Filter, e.g. state=failed");
  ActionList& actions = context_.actions;
  list_ = actions.add("results.runs", "List the runs of the chosen cell on the page Runs",
                      [this] { list_runs(); });
  list_->setIconText("Runs");
  curves_ = actions.add("results.curves", "Show the curves of the chosen run of the matrix",
                        [this] { Q_EMIT context_.navigator.run(to_qt(run()->uuid)); });
  curves_->setIconText("Curves");
  spec_ = actions.add("results.spec", "Open the spec of the chosen run of the matrix",
                      [this] { open_spec(); });
  spec_->setIconText("Spec");
  folder_ = actions.add("results.folder", "Open the folder of the chosen run of the matrix",
                        [this] { open_folder(); });
  folder_->setIconText("Folder");
  auto* bar = new QHBoxLayout;
  for (QAction* action : {list_, curves_, spec_, folder_}) {
    auto* button = new QToolButton(this);
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    button->setAccessibleName(action->text());
    bar->addWidget(button);
  }
  bar->addStretch();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(4, 0, 0, 0);
  column->addWidget(title_);
  column->addLayout(bar);
  column->addWidget(pane_, 1);
  connect(&model_, &MatrixModel::runs_changed, this, &CellPanel::update);
  connect(&model_, &MatrixModel::changed, this, &CellPanel::update);
  connect(pane_, &TablePane::selection_changed, this, &CellPanel::update_actions);
  connect(pane_, &TablePane::row_activated, this, [this] {
    if (curves_->isEnabled()) curves_->trigger();
  });
  connect(pane_, &TablePane::row_menu, this, [this](QMenu* menu) {
    for (QAction* action : {curves_, spec_, folder_}) {
      if (action->isEnabled()) menu->addAction(action);
    }
  });
  update();
}

void CellPanel::update() {
  const QString title = model_.cell_title();
  title_->setText(title.isEmpty()
                      ? "Choose a cell to see its runs. Enter, or a double click, lists "
                        "them on the page Runs."
                      : title);
  update_actions();
}

const CellRun* CellPanel::run() const {
  const std::vector<int> rows = pane_->selected_rows();
  if (!rows.empty()) {
    const CellRun& chosen = model_.runs().run(model_.runs().index(rows.front(), 0));
    return chosen.uuid.empty() ? nullptr : &chosen;
  }
  for (const CellRun& run : model_.runs().runs()) {
    if (!run.uuid.empty()) return &run;
  }
  return nullptr;
}

void CellPanel::update_actions() {
  list_->setEnabled(!filter_of(model_.runs().runs()).isEmpty());
  for (QAction* action : {curves_, spec_, folder_}) action->setEnabled(run() != nullptr);
}

void CellPanel::list_runs() {
  const QString filter = filter_of(model_.runs().runs());
  if (!filter.isEmpty()) Q_EMIT context_.navigator.runs(filter);
}

void CellPanel::open_spec() {
  const std::string folder = run()->folder, uuid = run()->uuid;
  context_.lab.files().ask(
      spec_ticket_,
      [folder](const Lane::Cancelled&) {
        return to_qt(read_input(run::Folder{folder}.file(run::kSpecFile), kSpecBytes));
      },
      [this, uuid](const QString& text) {
        context_.messages.resolve("spec of a run");
        Q_EMIT context_.navigator.spec_text(text, "run " + to_qt(uuid.substr(0, 8)));
        Q_EMIT context_.navigator.page("experiment");
      },
      [this](const QString& text) { context_.messages.error("spec of a run", text); });
}

void CellPanel::open_folder() {
  const std::string path = run()->folder;
  if (!QDesktopServices::openUrl(QUrl::fromLocalFile(to_qt(path))))
    context_.messages.error("folder", "No program opens folders here. It is " + shown(path));
}

}  // namespace lea::gui
