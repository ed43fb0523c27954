// The sizes of a splitter's parts, as settings keep them. A splitter that was never shown has no sizes
// of its own yet, so it keeps those that were read.
#pragma once

#include <QObject>
#include <QSplitter>
#include <QTimer>
#include <vector>

#include "gui/model/settings.h"

namespace lea::gui {

class KeptSizes {
 public:
  KeptSizes(QSplitter* splitter, std::vector<int> first)
      : splitter_(splitter), first_(std::move(first)), kept_(first_) {}

  QString text() const {
    if (!was_shown_) return number_list(kept_);
    const QList<int> sizes = splitter_->sizes();
    return number_list({sizes.begin(), sizes.end()});
  }
  void restore(const QString& text) {
    const std::vector<int> sizes = numbers_in(text);
    kept_ = sizes.size() == first_.size() ? sizes : first_;
    if (was_shown_) apply();
  }
  // To be called whenever the page of the splitter is shown.
  void shown() {
    if (was_shown_) return;
    was_shown_ = true;
    apply();
    // The page gets its size only after this event.
    QTimer::singleShot(0, splitter_, [this] { apply(); });
  }

 private:
  void apply() { splitter_->setSizes(QList<int>(kept_.begin(), kept_.end())); }

  QSplitter* splitter_;
  const std::vector<int> first_;
  std::vector<int> kept_;
  bool was_shown_ = false;
};

}  // namespace lea::gui
