#include "gui/view/results_page.h"

#include <QVBoxLayout>
#include <algorithm>

namespace lea::gui {

ResultsPage::ResultsPage(const Context& context)
    : tabs_(new QTabWidget(this)),
      matrix_(new MatrixPanel(context)),
      plots_(new PlotsView(context)),
      compare_(new CompareView(context)),
      sql_(new SqlView(context)) {
  tabs_->setAccessibleName("Views of the results");
  tabs_->setDocumentMode(true);
  tabs_->addTab(matrix_, "Matrix");
  tabs_->addTab(plots_, "Plots");
  tabs_->addTab(compare_, "Compare");
  tabs_->addTab(sql_, "SQL");
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(2, 2, 2, 2);
  column->addWidget(tabs_);
  connect(&context.navigator, &Navigator::compare, this, [this, navigator = &context.navigator] {
    tabs_->setCurrentWidget(compare_);
    Q_EMIT navigator->page("results");
  });
}

// Calls `use(name, view)` for each tab. The names are those of its settings.
template <class Use>
void ResultsPage::each_view(const Use& use) const {
  use("matrix", matrix_);
  use("plots", plots_);
  use("compare", compare_);
  use("sql", sql_);
}

void ResultsPage::save(QSettings& settings) const {
  settings.setValue("tab", tabs_->currentIndex());
  each_view([&](const char* name, const auto* view) {
    settings.beginGroup(name);
    view->save(settings);
    settings.endGroup();
  });
}

void ResultsPage::restore(QSettings& settings) {
  tabs_->setCurrentIndex(std::clamp(settings.value("tab", 0).toInt(), 0, tabs_->count() - 1));
  each_view([&](const char* name, auto* view) {
    settings.beginGroup(name);
    view->restore(settings);
    settings.endGroup();
  });
}

}  // namespace lea::gui
