#include "gui/view/table_pane.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QLocale>
#include <QSaveFile>
#include <QScrollBar>
#include <algorithm>

#include "gui/model/settings.h"
#include "gui/model/text.h"
#include "gui/view/cell_delegate.h"
#include "gui/view/empty_state.h"
#include "gui/view/field_completer.h"

namespace lea::gui {
namespace {

constexpr int kTypingMilliseconds = 250;
constexpr int kBusyMilliseconds = 400;  // a shorter query needs no way to end it
constexpr int kWidest = 260;

QToolButton* bar_button(const QString& text, const QString& tip, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(text);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  return button;
}

}  // namespace

TablePane::TablePane(const QString& name, TableModel& model, Messages& messages, QWidget* parent)
    : QWidget(parent),
      name_(name),
      model_(model),
      messages_(messages),
      expression_(new QLineEdit(this)),
      count_(plain_label({}, this)),
      filters_(bar_button("Filters", "A filter below each header", this)),
      columns_(bar_button("Columns", "Which columns are shown", this)),
      more_(bar_button("Export", "Copy or save the rows", this)),
      cancel_(bar_button("Cancel", "End the query", this)),
      column_menu_(new QMenu(this)),
      view_(new QTableView(this)),
      header_(new FilterHeader(view_)),
      problem_(plain_label({}, this)),
      fields_(new QStringListModel(this)) {
  view_->setAccessibleName(name);
  view_->setHorizontalHeader(header_);
  view_->setModel(&model);
  view_->setItemDelegate(new CellDelegate(view_));
  view_->setSelectionBehavior(QAbstractItemView::SelectRows);
  view_->setAlternatingRowColors(true);
  view_->setShowGrid(false);
  view_->setWordWrap(false);
  view_->setTabKeyNavigation(false);
  view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  view_->verticalHeader()->hide();
  view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 6);
  view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  view_->setContextMenuPolicy(Qt::CustomContextMenu);
  header_->setSortIndicator(-1, Qt::AscendingOrder);
  view_->setSortingEnabled(true);
  problem_->hide();
  problem_->setFont(QFont("monospace"));
  problem_->setAccessibleName("What is wrong with the filter");
  auto* bar = new QHBoxLayout;
  build_bar(bar);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  column->addLayout(bar);
  column->addWidget(problem_);
  column->addWidget(view_, 1);

  typing_.setSingleShot(true);
  typing_.setInterval(kTypingMilliseconds);
  connect(&typing_, &QTimer::timeout, this, &TablePane::apply_filters);
  connect(expression_, &QLineEdit::textChanged, &typing_, qOverload<>(&QTimer::start));
  connect(header_, &FilterHeader::typed_changed, &typing_, qOverload<>(&QTimer::start));
  connect(&model, &TableModel::filter_checked, this, &TablePane::show_problem);
  connect(&model, &TableModel::columns_changed, this, &TablePane::columns_changed);
  connect(&model, &TableModel::counted, this, [this](qint64 shown, qint64 all) {
    count_->setText(shown == all ? QLocale().toString(all)
                                 : QLocale().toString(shown) + " of " + QLocale().toString(all));
  });
  busy_.setSingleShot(true);
  busy_.setInterval(kBusyMilliseconds);
  connect(&busy_, &QTimer::timeout, this, [this] { cancel_->setVisible(model_.is_busy()); });
  connect(&model, &TableModel::busy_changed, this, [this] {
    if (!model_.is_busy()) cancel_->hide();
    model_.is_busy() ? busy_.start() : busy_.stop();
  });
  connect(&model, &QAbstractItemModel::modelAboutToBeReset, this, &TablePane::remember);
  connect(&model, &QAbstractItemModel::modelReset, this, &TablePane::recall);
  connect(view_, &QTableView::activated, this,
          [this](const QModelIndex& index) { Q_EMIT row_activated(index.row()); });
  connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          &TablePane::selection_changed);
  connect(view_, &QTableView::customContextMenuRequested, this, &TablePane::open_row_menu);
  connect(view_->horizontalScrollBar(), &QScrollBar::valueChanged, header_, &FilterHeader::place);
  columns_changed();
}

void TablePane::build_bar(QHBoxLayout* bar) {
  expression_->setPlaceholderText("Filter, e.g. framework=snqn and ndcg@10>0.07");
  expression_->setAccessibleName("Filter of " + name_);
  expression_->setClearButtonEnabled(true);
  new FieldCompleter(expression_, fields_);
  count_->setAccessibleName("Number of rows");
  filters_->setCheckable(true);
  filters_->setChecked(true);
  connect(filters_, &QToolButton::toggled, header_, &FilterHeader::set_filters_shown);
  columns_->setMenu(column_menu_);
  columns_->setPopupMode(QToolButton::InstantPopup);
  connect(column_menu_, &QMenu::aboutToShow, this, &TablePane::fill_columns);
  auto* menu = new QMenu(this);
  for (const auto& [format, title] :
       {std::pair{"csv", "CSV"}, {"markdown", "Markdown"}, {"json", "JSON"}}) {
    menu->addAction(QString("Copy all rows as ") + title, this,
                    [this, format = format] { copy(format, /*all=*/true); });
  }
  menu->addSeparator();
  menu->addAction("Save all rows…", this, &TablePane::export_file);
  more_->setMenu(menu);
  more_->setPopupMode(QToolButton::InstantPopup);
  cancel_->hide();
  connect(cancel_, &QToolButton::clicked, &model_, [this] { model_.cancel(); });
  bar->addWidget(expression_, 1);
  for (QWidget* widget : {static_cast<QWidget*>(count_), static_cast<QWidget*>(cancel_),
                          static_cast<QWidget*>(filters_), static_cast<QWidget*>(columns_),
                          static_cast<QWidget*>(more_)})
    bar->addWidget(widget);
}

void TablePane::remember() {
  remembered_.clear();
  for (const int row : selected_rows())
    remembered_ << model_.index(row, 0).data(kIdRole).toString();
  scrolled_ = view_->verticalScrollBar()->value();
}

// A table that is read again keeps what was selected and where it was scrolled to.
void TablePane::recall() {
  QItemSelection selection;
  for (const QString& id : remembered_) {
    const int row = id.isEmpty() ? -1 : model_.row_of_id(id);
    if (row >= 0)
      selection.select(model_.index(row, 0), model_.index(row, model_.columnCount() - 1));
  }
  if (!selection.isEmpty()) {
    view_->selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect);
    QTimer::singleShot(0, this, [this] { view_->verticalScrollBar()->setValue(scrolled_); });
  }
  remembered_.clear();
}

void TablePane::apply_filters() {
  std::vector<std::string> conditions = {to_std(expression_->text().trimmed())};
  for (int column = 0; column < model_.columnCount(); ++column) {
    conditions.push_back(column_condition(model_.columns()[static_cast<size_t>(column)].field,
                                          header_->typed(column)));
  }
  // A lone expression goes as it was typed, so that errors point into it.
  const bool lone = std::all_of(conditions.begin() + 1, conditions.end(),
                                [](const std::string& condition) { return condition.empty(); });
  model_.set_filter(lone ? conditions.front() : all_conditions(conditions));
}

void TablePane::show_problem(const QString& problem) {
  problem_->setText(problem);
  problem_->setVisible(!problem.isEmpty());
  QPalette colours = QApplication::palette();
  const QString typed = expression_->text().trimmed();
  if (!problem.isEmpty())
    colours.setColor(QPalette::Base, colours.color(QPalette::Base).lightness() < 128
                                         ? QColor(0x5a, 0x2a, 0x1c)
                                         : QColor(0xfb, 0xe1, 0xd6));
  if (problem.isEmpty() && !typed.isEmpty())
    colours.setColor(QPalette::Base, colours.color(QPalette::Base).lightness() < 128
                                         ? QColor(0x18, 0x3d, 0x31)
                                         : QColor(0xdf, 0xf3, 0xeb));
  expression_->setPalette(colours);
  QStringList names;
  for (const std::string& field : model_.fields()) names << to_qt(field);
  if (names != fields_->stringList()) fields_->setStringList(names);
}

void TablePane::columns_changed() {
  std::vector<QString> titles;
  for (const TableColumn& column : model_.columns()) titles.push_back(column.title);
  header_->set_fields(titles);
  for (int column = 0; column < model_.columnCount(); ++column) {
    const TableColumn& about = model_.columns()[static_cast<size_t>(column)];
    if (!known_.insert(about.field).second) continue;
    view_->setColumnHidden(column, !about.shown);
    const int wide =
        std::max(view_->fontMetrics().horizontalAdvance(about.title) + 32, about.number ? 70 : 92);
    view_->setColumnWidth(column, std::min(wide, kWidest));
  }
}

void TablePane::set_add_column(const std::function<void(const std::string&)>& add_column) {
  add_column_ = add_column;
}

void TablePane::fill_columns() {
  column_menu_->clear();
  for (int column = 0; column < model_.columnCount(); ++column) {
    QAction* action = column_menu_->addAction(model_.columns()[static_cast<size_t>(column)].title);
    action->setCheckable(true);
    action->setChecked(!view_->isColumnHidden(column));
    connect(action, &QAction::toggled, this, [this, column](bool shown) {
      view_->setColumnHidden(column, !shown);
      header_->set_filters_shown(header_->filters_shown());
    });
  }
  if (!add_column_) return;
  column_menu_->addSeparator();
  column_menu_->addAction("Add a column…", this, [this] {
    QStringList names;
    for (const std::string& field : model_.fields()) {
      if (model_.column_of(field) < 0) names << to_qt(field);
    }
    bool chosen = false;
    const QString name = QInputDialog::getItem(this, "Add a column", "Field:", names, 0,
                                               /*editable=*/true, &chosen);
    if (chosen && names.contains(name)) add_column_(to_std(name));
  });
}

std::vector<int> TablePane::selected_rows() const {
  std::vector<int> rows;
  for (const QModelIndex& index : view_->selectionModel()->selectedRows())
    rows.push_back(index.row());
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<int> TablePane::shown_columns() const {
  std::vector<int> columns;
  for (int place = 0; place < header_->count(); ++place) {
    const int column = header_->logicalIndex(place);
    if (!view_->isColumnHidden(column)) columns.push_back(column);
  }
  return columns;
}

void TablePane::write(const QString& format, bool all,
                      const std::function<void(const QString&)>& done) {
  const std::vector<int> columns = shown_columns();
  std::vector<QString> titles;
  for (const int column : columns)
    titles.push_back(to_qt(model_.columns()[static_cast<size_t>(column)].field));
  const auto take = [format, titles, done](const TableModel::Rows& rows) {
    done(write_rows(format, titles, rows));
  };
  if (all) return model_.all_rows(columns, take);
  TableModel::Rows rows;
  for (const int row : selected_rows()) {
    rows.emplace_back();
    for (const int column : columns)
      rows.back().push_back(model_.index(row, column).data().toString());
  }
  take(rows);
}

void TablePane::copy(const QString& format, bool all) {
  write(format, all, [](const QString& text) { QApplication::clipboard()->setText(text); });
}

void TablePane::export_file() {
  const QString path = QFileDialog::getSaveFileName(this, "Save the rows", name_.toLower() + ".csv",
                                                    "CSV (*.csv);;Markdown (*.md);;JSON (*.json)");
  if (path.isEmpty()) return;
  const QString format = path.endsWith(".json") ? "json"
                         : path.endsWith(".md") ? "markdown"
                                                : "csv";
  write(format, /*all=*/true, [this, path](const QString& text) {
    QSaveFile file(path);
    const QByteArray bytes = text.toUtf8();
    if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size() && file.commit()) {
      messages_.note("export", "The rows are in " + path + ".");
    } else {
      messages_.error("export", path + ": cannot be written: " + file.errorString() + ".");
    }
  });
}

void TablePane::set_condition(const QModelIndex& index, const char* op) {
  const TableColumn& column = model_.columns()[static_cast<size_t>(index.column())];
  const QString text = index.data().toString();
  const std::string condition = column_condition(column.field, op + text);
  const QString before = expression_->text().trimmed();
  expression_->setText(before.isEmpty() ? to_qt(condition)
                                        : "(" + before + ") and " + to_qt(condition));
}

void TablePane::open_row_menu(const QPoint& at) {
  const QModelIndex index = view_->indexAt(at);
  if (!index.isValid()) return;
  QMenu menu(this);
  Q_EMIT row_menu(&menu);
  if (!menu.isEmpty()) menu.addSeparator();
  menu.addAction("Show only rows with this value", this, [&] { set_condition(index, "="); });
  menu.addAction("Leave out rows with this value", this, [&] { set_condition(index, "!="); });
  menu.addSeparator();
  menu.addAction("Copy the cell", this,
                 [&] { QApplication::clipboard()->setText(index.data().toString()); });
  menu.addAction("Copy the selected rows as CSV", this, [&] { copy("csv", false); });
  menu.addAction("Copy the selected rows as Markdown", this, [&] { copy("markdown", false); });
  menu.addAction("Copy the selected rows as JSON", this, [&] { copy("json", false); });
  menu.exec(view_->viewport()->mapToGlobal(at));
}

void TablePane::save(QSettings& settings) const {
  QStringList shown, hidden;
  for (int place = 0; place < header_->count(); ++place) {
    const int column = header_->logicalIndex(place);
    const QString field = to_qt(model_.columns()[static_cast<size_t>(column)].field);
    if (view_->isColumnHidden(column)) {
      hidden << field;
    } else {
      shown << field + "=" + QString::number(view_->columnWidth(column));
    }
  }
  settings.setValue("columns", shown.join(", "));
  settings.setValue("hidden", hidden.join(", "));
  settings.setValue("filters", filters_->isChecked());
}

void TablePane::restore(QSettings& settings) {
  filters_->setChecked(settings.value("filters", true).toBool());
  int place = 0;
  for (const QString& entry : settings.value("columns").toString().split(", ")) {
    const QStringList parts = entry.split('=');
    if (parts.size() != 2) continue;
    const std::string field = to_std(parts[0]);
    if (model_.column_of(field) < 0 && add_column_) add_column_(field);
    const int column = model_.column_of(field);
    if (column < 0) continue;
    known_.insert(field);
    view_->setColumnHidden(column, false);
    view_->setColumnWidth(column, std::clamp(parts[1].toInt(), 20, 2000));
    header_->moveSection(header_->visualIndex(column), place++);
  }
  for (const QString& field : settings.value("hidden").toString().split(", ")) {
    const int column = model_.column_of(to_std(field));
    if (column < 0) continue;
    known_.insert(to_std(field));
    view_->setColumnHidden(column, true);
  }
}

}  // namespace lea::gui
