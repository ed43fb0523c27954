// The end of a run's log, as it grows.
#pragma once

#include <QPlainTextEdit>
#include <QWidget>

#include "gui/model/run_model.h"

namespace lea::gui {

class LogView : public QWidget {
  Q_OBJECT

 public:
  explicit LogView(RunModel& run, QWidget* parent = nullptr);

  QPlainTextEdit* text() const { return text_; }

 private:
  void add(const QStringList& lines);

  RunModel& run_;
  QPlainTextEdit* text_;
};

}  // namespace lea::gui
