#include "gui/view/sql_view.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QFontDatabase>
#include <QHeaderView>
#include <QRegularExpression>
#include <QShortcut>
#include <QTextBlock>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/model/look.h"
#include "gui/model/settings.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kHistoryShown = 30;
constexpr int kTitleCharacters = 90;

QToolButton* button_for(QAction* action, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setDefaultAction(action);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  button->setAccessibleName(action->text());
  return button;
}

// Where a problem says that the query is wrong ("query:2:7: ..."), as a cursor.
QTextCursor place_of(const QString& problem, QTextDocument* document) {
  static const QRegularExpression kPlace("^query:(\\d+):(\\d+): ");
  const QRegularExpressionMatch match = kPlace.match(problem);
  if (!match.hasMatch()) return {};
  const QTextBlock line = document->findBlockByNumber(match.captured(1).toInt() - 1);
  if (!line.isValid()) return {};
  // The place counts bytes.
  const QByteArray before = line.text().toUtf8().left(match.captured(2).toInt() - 1);
  QTextCursor cursor(document);
  cursor.setPosition(line.position() +
                     static_cast<int>(std::min(QString::fromUtf8(before).size(),
                                               static_cast<qsizetype>(line.length() - 1))));
  if (!cursor.movePosition(QTextCursor::EndOfWord, QTextCursor::KeepAnchor))
    cursor.movePosition(QTextCursor::StartOfWord, QTextCursor::KeepAnchor);
  return cursor;
}

}  // namespace

SqlView::SqlView(const Context& context, QWidget* parent)
    : QWidget(parent), context_(context), query_(context.lab) {
  add_actions();
  whole_ = new QSplitter(Qt::Horizontal, this);
  right_ = new QSplitter(Qt::Vertical, whole_);
  right_->addWidget(build_query());
  right_->addWidget(build_rows());
  right_->setChildrenCollapsible(false);
  right_->setStretchFactor(1, 1);
  whole_->addWidget(build_schema());
  whole_->addWidget(right_);
  whole_->setStretchFactor(1, 1);
  whole_->setSizes({280, 900});
  right_->setSizes({190, 400});
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 6, 6, 6);
  column->addWidget(whole_);
  connect(&query_, &SqlQuery::state_changed, this, &SqlView::update_state);
  connect(&query_, &TableModel::columns_changed, this, &SqlView::columns_changed);
  connect(&context_.lab, &LabModel::opened, this, &SqlView::update_state);
  connect(text_, &QPlainTextEdit::textChanged, this, [this] {
    text_->setExtraSelections({});
    update_state();
  });
  update_state();
}

void SqlView::add_actions() {
  ActionList& actions = context_.actions;
  run_ = actions.add(
      "sql.run", "Run the SQL query", [this] { run(); }, QKeySequence("F9"));
  run_->setIconText("Run");
  run_->setToolTip("Run the query. It can only read the index.");
  cancel_ = actions.add("sql.cancel", "Cancel the SQL query", [this] { query_.cancel(); });
  cancel_->setIconText("Cancel");
  save_all_ =
      actions.add("sql.save_all", "Save all rows of the SQL query…", [this] { save_all(); });
  save_all_->setIconText("Save all rows…");
  save_all_->setToolTip("Run the query again and write all of its rows as CSV");
}

QWidget* SqlView::build_schema() {
  schema_ = new QTreeView;
  auto* tree = schema_tree(schema_);
  schema_->setModel(tree);
  schema_->setAccessibleName("Tables and columns of the index");
  schema_->setToolTip("A click inserts the name into the query");
  schema_->setSelectionMode(QAbstractItemView::SingleSelection);
  schema_->setMinimumWidth(160);
  schema_->setUniformRowHeights(true);
  schema_->expand(tree->index(0, 0));
  schema_->header()->setStretchLastSection(true);
  schema_->header()->setAccessibleName("Names and meanings");
  schema_->setColumnWidth(0, 130);
  connect(schema_, &QTreeView::clicked, this, &SqlView::insert);
  auto* enter = new QShortcut(QKeySequence(Qt::Key_Return), schema_);
  enter->setContext(Qt::WidgetShortcut);
  connect(enter, &QShortcut::activated, this, [this] { insert(schema_->currentIndex()); });
  return schema_;
}

QWidget* SqlView::build_query() {
  auto* box = new QWidget;
  text_ = new QPlainTextEdit(box);
  text_->setAccessibleName("SQL query");
  text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  text_->setLineWrapMode(QPlainTextEdit::NoWrap);
  text_->setTabChangesFocus(true);
  text_->setPlaceholderText("SELECT experiment, state, count(*) AS runs FROM run GROUP BY 1, 2");
  problem_ = plain_label({}, box);
  problem_->setAccessibleName("What is wrong with the query");
  problem_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  problem_->setWordWrap(true);
  problem_->hide();
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  column->addWidget(text_, 1);
  column->addWidget(problem_);
  column->addWidget(build_bar());
  return box;
}

QWidget* SqlView::build_bar() {
  auto* bar = new QWidget;
  status_ = plain_label({}, bar);
  status_->setAccessibleName("What the query gave");
  seconds_ = new QComboBox(bar);
  for (const double seconds : {5.0, db::kMostQuerySeconds})
    seconds_->addItem(QString("At most %1 s").arg(seconds), seconds);
  seconds_->setAccessibleName("Time limit of the query");
  seconds_->setToolTip("Grids cannot record their results while a query runs, so it must end soon");
  auto* history = new QToolButton(bar);
  history->setText("History");
  history->setAccessibleName("History of queries");
  history->setToolTip("Queries that were run before, most recent first");
  history->setPopupMode(QToolButton::InstantPopup);
  history_ = new QMenu(history);
  history->setMenu(history_);
  connect(history_, &QMenu::aboutToShow, this, &SqlView::fill_history);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(button_for(run_, bar));
  row->addWidget(button_for(cancel_, bar));
  row->addWidget(seconds_);
  row->addWidget(history);
  row->addWidget(status_, 1);
  row->addWidget(button_for(save_all_, bar));
  // A long status must not widen the window.
  status_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  return bar;
}

QWidget* SqlView::build_rows() {
  below_ = new QStackedWidget;
  empty_ = new EmptyState;
  empty_->set_text(
      "Ask the index in SQL",
      "Every result of the lab can be read here, and nothing can be changed. Write a "
      "query above, click names on the left to insert them, or begin with an example.");
  for (const QueryExample& example : query_examples()) {
    empty_->add_button(example.title, [this, sql = example.sql] {
      text_->setPlainText(sql);
      run();
    });
  }
  rows_ = new TablePane("Rows of the query", query_, context_.messages);
  rows_->expression()->setPlaceholderText("Filter these rows, e.g. seed=1 and runs>3");
  below_->addWidget(empty_);
  below_->addWidget(rows_);
  return below_;
}

void SqlView::run() {
  if (visibleRegion().isEmpty()) Q_EMIT context_.navigator.page("results");
  query_.run(text_->toPlainText(), seconds_->currentData().toDouble());
}

void SqlView::save_all() {
  const QString path =
      QFileDialog::getSaveFileName(this, "Save all rows", "query.csv", "CSV (*.csv)");
  if (!path.isEmpty()) query_.save_all(path);
}

void SqlView::insert(const QModelIndex& item) {
  if (!item.isValid()) return;
  const QString name = item.siblingAtColumn(0).data().toString();
  const bool table = !item.parent().isValid();
  if (table && text_->toPlainText().trimmed().isEmpty()) {
    text_->setPlainText("SELECT * FROM " + name + " LIMIT 100");
  } else {
    QTextCursor cursor = text_->textCursor();
    const int at = cursor.selectionStart();
    const QChar before = at > 0 ? text_->document()->characterAt(at - 1) : QChar(' ');
    const bool joined = before.isLetterOrNumber() || before == '_' || before == ',';
    cursor.insertText((joined ? " " : "") + name);
    text_->setTextCursor(cursor);
  }
  text_->setFocus();
}

void SqlView::fill_history() {
  history_->clear();
  const QStringList queries = query_.history();
  if (queries.isEmpty()) history_->addAction("No query was run yet")->setEnabled(false);
  for (const QString& sql : queries.mid(0, kHistoryShown)) {
    QString title = shown(to_std(sql.simplified()));
    if (title.size() > kTitleCharacters) title = title.left(kTitleCharacters) + "…";
    history_->addAction(plain_title(title), this, [this, sql] {
      text_->setPlainText(sql);
      text_->setFocus();
    });
  }
}

void SqlView::update_state() {
  const bool some = !text_->document()->isEmpty();
  run_->setEnabled(some && context_.lab.is_open());
  cancel_->setEnabled(query_.is_busy());
  save_all_->setEnabled(query_.has_rows() && !query_.is_busy());
  problem_->setText(query_.problem());
  problem_->setVisible(!query_.problem().isEmpty());
  status_->setText(query_.status());
  status_->setToolTip(plain_tip(query_.status()));
  if (query_.has_rows()) below_->setCurrentWidget(rows_);
  if (!query_.problem().isEmpty() && text_->extraSelections().isEmpty()) mark_problem();
}

void SqlView::mark_problem() {
  QTextEdit::ExtraSelection wrong;
  wrong.cursor = place_of(query_.problem(), text_->document());
  if (wrong.cursor.isNull()) return;
  wrong.format.setUnderlineStyle(QTextCharFormat::WaveUnderline);
  wrong.format.setUnderlineColor(look_colour(Look::kFailed, is_dark(palette())));
  // The mark is no change of the text, but of the look alone.
  text_->setExtraSelections({wrong});
}

// The filters of a query with other columns mean nothing for this one.
void SqlView::columns_changed() {
  std::vector<std::string> fields;
  for (const TableColumn& column : query_.columns()) fields.push_back(column.field);
  if (fields == fields_) return;
  fields_ = fields;
  rows_->header()->clear();
  rows_->expression()->clear();
  rows_->view()->sortByColumn(-1, Qt::AscendingOrder);
}

void SqlView::save(QSettings& settings) const {
  settings.setValue("text", text_->toPlainText());
  settings.setValue("seconds", seconds_->currentIndex());
  const auto sizes = [](const QSplitter* splitter) {
    const QList<int> list = splitter->sizes();
    return number_list({list.begin(), list.end()});
  };
  settings.setValue("widths", sizes(whole_));
  settings.setValue("heights", sizes(right_));
}

void SqlView::restore(QSettings& settings) {
  text_->setPlainText(settings.value("text").toString());
  seconds_->setCurrentIndex(
      std::clamp(settings.value("seconds").toInt(), 0, seconds_->count() - 1));
  for (const auto& [splitter, key] : {std::pair{whole_, "widths"}, {right_, "heights"}}) {
    const std::vector<int> sizes = numbers_in(settings.value(key).toString());
    if (sizes.size() == 2) splitter->setSizes({sizes[0], sizes[1]});
  }
  query_.keep_history_in(QFileInfo(settings.fileName()).absolutePath() + "/queries.json");
}

}  // namespace lea::gui
