#include "gui/view/spec_panel.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QMenu>
#include <QVBoxLayout>

#include "gui/model/look.h"
#include "gui/model/new_spec.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

// As what a text without a file is read. Its relative paths start at the current folder.
constexpr const char* kUnsavedName = "experiment.yaml";
constexpr int kTickMilliseconds = 1000;
constexpr double kShortWait = 2;  // seconds; a shorter wait needs no clock
constexpr size_t kErrorsShown = 8;

void colour(QLabel* label, bool wrong) {
  QPalette colours = label->parentWidget()->palette();
  if (wrong)
    colours.setColor(QPalette::WindowText,
                     is_dark(colours) ? QColor("#ff9d8a") : QColor("#a3260f"));
  label->setPalette(colours);
}

}  // namespace

SpecPanel::SpecPanel(const Context& context, QWidget* parent)
    : QWidget(parent),
      context_(context),
      facts_(context.lab),
      form_(facts_),
      preview_(context.lab, facts_),
      whole_(new QStackedWidget(this)),
      counts_(plain_label({}, this)),
      problem_(plain_label({}, this)),
      busy_(new QProgressBar(this)) {
  add_actions();
  build_empty();
  auto* box = new QWidget;
  counts_->setWordWrap(true);
  counts_->setAccessibleName("What a launch would do");
  problem_->setWordWrap(true);
  problem_->setAccessibleName("What is wrong with the spec");
  problem_->hide();
  busy_->setRange(0, 0);
  busy_->setTextVisible(false);
  busy_->setMaximumWidth(60);
  busy_->setMaximumHeight(10);
  busy_->setAccessibleName("The plan is being made");
  QSizePolicy keep = busy_->sizePolicy();
  keep.setRetainSizeWhenHidden(true);
  busy_->setSizePolicy(keep);
  busy_->hide();
  lists_ = new AxisLists(form_, facts_, box);
  view_ = new SpecFormView(form_, box);
  tabs_ = new QTabWidget(box);
  tabs_->setDocumentMode(true);
  tabs_->addTab(lists_, "Grid");
  tabs_->addTab(view_, "Parameters");
  tabs_->addTab(build_preview(), "Preview");
  auto* line = new QHBoxLayout;
  line->addWidget(counts_, 1);
  line->addWidget(busy_);
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->addLayout(line);
  column->addWidget(problem_);
  column->addWidget(tabs_, 1);
  whole_->addWidget(box);
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->addWidget(whole_);

  tick_.setInterval(kTickMilliseconds);
  connect(&tick_, &QTimer::timeout, this, &SpecPanel::update_counts);
  connect(&form_, &SpecForm::edited, this, &SpecPanel::edited);
  connect(&form_, &SpecForm::changed, this, &SpecPanel::update_problem);
  connect(&preview_, &PlanPreview::changed, this, &SpecPanel::update_counts);
  connect(&facts_, &SpecFacts::changed, this, &SpecPanel::update_empty);
  connect(&context_.lab, &LabModel::opened, this, &SpecPanel::update_empty);
  connect(lists_, &AxisLists::group_wanted, this, [this](const std::string& id) {
    tabs_->setCurrentWidget(view_);
    view_->show_group(id);
  });
  connect(lists_, &AxisLists::place_wanted, this, &SpecPanel::place_wanted);
  connect(view_, &SpecFormView::place_wanted, this, &SpecPanel::place_wanted);
  if (context_.lab.is_open() || !context_.lab.missing().empty()) facts_.read();
  update_empty();
  update_counts();
}

void SpecPanel::add_actions() {
  ActionList& actions = context_.actions;
  new_action_ = actions.add(
      "experiment.new", "Begin a new experiment",
      [this] {
        const std::vector<std::string>& names = facts_.now()->data_sets;
        names.empty() ? choose_interactions() : begin(names.front(), "");
      },
      QKeySequence::New);
  new_action_->setIconText("New");
  actions.add(
      "experiment.find_parameter", "Find a parameter of the experiment",
      [this] {
        Q_EMIT context_.navigator.page("experiment");
        tabs_->setCurrentWidget(view_);
        view_->search()->setFocus();
        view_->search()->selectAll();
      },
      QKeySequence("Ctrl+Shift+F"));
  actions.add(
      "experiment.preview", "Preview the launch of the experiment",
      [this] {
        Q_EMIT context_.navigator.page("experiment");
        tabs_->setCurrentIndex(2);
      },
      QKeySequence("Ctrl+Shift+P"));
}

void SpecPanel::build_empty() {
  empty_ = new EmptyState;
  new_ = empty_->add_button("New experiment", [this] { new_action_->trigger(); });
  new_->setMenu(new QMenu(new_));
  connect(new_->menu(), &QMenu::aboutToShow, this, &SpecPanel::fill_data_sets);
  import_ =
      empty_->add_button("Begin with a file of interactions…", [this] { choose_interactions(); });
  open_ = empty_->add_button("Open a spec…", [this] {
    if (QAction* open = context_.actions.action("experiment.open")) open->trigger();
  });
  make_lab_ =
      empty_->add_button("Make a lab here", [this] { context_.lab.make(context_.lab.missing()); });
  whole_->addWidget(empty_);
}

void SpecPanel::fill_data_sets() {
  QMenu* menu = new_->menu();
  menu->clear();
  for (const std::string& name : facts_.now()->data_sets)
    menu->addAction(plain_title("on the data set " + shown(name)), this,
                    [this, name] { begin(name, ""); });
}

QWidget* SpecPanel::build_preview() {
  auto* box = new QWidget;
  plan_ = plain_label({}, box);
  plan_->setWordWrap(true);
  plan_->setAccessibleName("What the work takes");
  cells_ = new TablePane("Cells of the plan", preview_.cells(), context_.messages, box);
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 6, 0, 0);
  column->addWidget(plan_);
  column->addWidget(cells_, 1);
  return box;
}

void SpecPanel::begin(const std::string& data_set, const std::string& path) {
  Q_EMIT context_.navigator.page("experiment");
  Q_EMIT context_.navigator.spec_text(to_qt(new_spec(*facts_.now(), data_set, path)), "");
}

void SpecPanel::choose_interactions() {
  const QString path = QFileDialog::getOpenFileName(
      this, "Choose a file of interactions", {},
      "Interactions (*.tsv *.inter *.tsv.gz *.inter.gz *.gz);;All files (*)");
  if (!path.isEmpty()) begin(data_set_name(to_std(path)), to_std(path));
}

void SpecPanel::show_text(const QString& text, const QString& path) {
  const QString name = path.isEmpty() ? QString(kUnsavedName) : path;
  form_.show(text, name);
  preview_.show(text, name);
  update_empty();
}

void SpecPanel::update_empty() {
  const LabModel& lab = context_.lab;
  const bool has_data = !facts_.now()->data_sets.empty();
  whole_->setCurrentIndex(form_.has_text() ? 1 : 0);
  new_->setVisible(lab.is_open() && has_data);
  import_->setVisible(lab.is_open());
  make_lab_->setVisible(!lab.is_open() && !lab.missing().empty());
  if (!lab.is_open()) {
    empty_->set_text("No lab is open",
                     "A lab is the folder with your data sets, runs and results. Make one, or open "
                     "one by the menu Lab. A spec can be opened and edited without it.");
  } else if (!facts_.is_read()) {
    empty_->set_text("No experiment is open", "Looking for plugins and data sets…");
  } else if (!has_data) {
    empty_->set_text(
        "This lab has no data set yet",
        "Begin with a file of your own: user, item and time in columns, tab-separated, or a file "
        "of RecBole. The launch imports it. `lealab data import NAME FILE` reads other layouts, "
        "and `tools/demo --quick` fetches MovieLens-100K.");
  } else {
    empty_->set_text("No experiment is open",
                     "A new experiment is a small grid on one of the lab's data sets: a baseline, "
                     "a supervised framework and one that learns from rewards. Change it by the "
                     "form or in the text, then launch it.");
  }
}

void SpecPanel::update_counts() {
  busy_->setVisible(preview_.is_working());
  preview_.is_working() ? tick_.start() : tick_.stop();
  QString text;
  bool wrong = false;
  switch (preview_.state()) {
    case PlanPreview::State::kEmpty:
      break;
    case PlanPreview::State::kPlanned:
      text = counts_line(preview_.summary());
      break;
    case PlanPreview::State::kRefused: {
      const QStringList lines = preview_.problem().split('\n', Qt::SkipEmptyParts);
      text = lines.size() > 1 ? QString("%1 errors: nothing can be launched yet").arg(lines.size())
                              : "Nothing can be launched yet: " + shown(to_std(lines.value(0)));
      wrong = true;
      break;
    }
  }
  QStringList plan;
  if (wrong) plan = preview_.problem().split('\n');
  for (const std::string& line : preview_.summary().lines) plan << shown(line);
  if (preview_.is_working()) {
    const double seconds = preview_.seconds_working();
    QString working = preview_.wait().isEmpty() ? QString("planning…") : preview_.wait() + "…";
    if (seconds >= kShortWait) working += QString(" (%1 s)").arg(static_cast<int>(seconds));
    text = text.isEmpty() ? working : text + " · " + working;
    wrong = false;
  }
  counts_->setText(text);
  colour(counts_, wrong);
  plan_->setText(plan.join('\n'));
  plan_->setVisible(!plan.isEmpty());
  cells_->setVisible(preview_.state() == PlanPreview::State::kPlanned);
}

void SpecPanel::update_problem() {
  QStringList lines;
  if (!form_.problem().isEmpty()) {
    lines << "The text cannot be read, so the form shows what it read last: " + form_.problem();
  } else {
    std::vector<std::string> errors = form_.other_errors();
    const size_t all = errors.size();
    if (all > kErrorsShown) errors.resize(kErrorsShown);
    for (const std::string& error : errors) lines << shown(error);
    if (all > kErrorsShown) lines << QString("and %1 more").arg(all - kErrorsShown);
  }
  problem_->setText(lines.join('\n'));
  problem_->setVisible(!lines.isEmpty());
  colour(problem_, true);
  update_empty();
}

void SpecPanel::save(QSettings& settings) const {
  settings.setValue("form_tab", tabs_->currentIndex());
  QStringList open;
  for (const std::string& id : view_->open_groups()) open << to_qt(id.empty() ? "experiment" : id);
  settings.setValue("form_open", open.join(' '));
  settings.beginGroup("cells");
  cells_->save(settings);
  settings.endGroup();
}

void SpecPanel::restore(QSettings& settings) {
  tabs_->setCurrentIndex(settings.value("form_tab", 0).toInt());
  std::vector<std::string> open;
  for (const QString& id :
       settings.value("form_open", "experiment data train").toString().split(' '))
    open.push_back(id == "experiment" ? "" : to_std(id));
  view_->set_open_groups(open);
  settings.beginGroup("cells");
  cells_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
