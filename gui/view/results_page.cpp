#include "gui/view/results_page.h"

#include <QVBoxLayout>
#include <algorithm>

namespace lea::gui {

ResultsPage::ResultsPage(const Context& context)
    : tabs_(new QTabWidget(this)), matrix_(new MatrixPanel(context)) {
  tabs_->setAccessibleName("Views of the results");
  tabs_->setDocumentMode(true);
  tabs_->addTab(matrix_, "Matrix");
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(2, 2, 2, 2);
  column->addWidget(tabs_);
}

void ResultsPage::save(QSettings& settings) const {
  settings.setValue("tab", tabs_->currentIndex());
  settings.beginGroup("matrix");
  matrix_->save(settings);
  settings.endGroup();
}

void ResultsPage::restore(QSettings& settings) {
  tabs_->setCurrentIndex(std::clamp(settings.value("tab", 0).toInt(), 0, tabs_->count() - 1));
  settings.beginGroup("matrix");
  matrix_->restore(settings);
  settings.endGroup();
}

}  // namespace lea::gui
