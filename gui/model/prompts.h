// The prompts of a spec or of an artefact, as they are sent to a language model, with their ids. A
// worker makes them in a child process, which may take minutes.
#pragma once

#include <QObject>
#include <QString>

#include "core/lab/artefacts.h"
#include "gui/model/lab_model.h"

namespace lea::gui {

class Prompts : public QObject {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "prompts";
  static constexpr int64_t kExamples = 3;

  explicit Prompts(LabModel& lab, QObject* parent = nullptr);

  // Of a spec file as it was saved last, as `lealab artefacts prompts SPEC` prints them.
  void ask_spec(const std::string& path);
  // Of the plugin that made an artefact.
  void ask_artefact(const lab::ArtefactRow& row);
  void cancel();

  bool is_asking() const { return asking_; }
  const QString& text() const { return text_; }
  const QString& title() const { return title_; }  // what they belong to

 Q_SIGNALS:
  void changed();

 private:
  struct Answer {
    std::string text, problems;
  };
  template <class Work>
  void ask(const QString& title, Work work);

  LabModel& lab_;
  QString title_, text_;
  bool asking_ = false;
  Ticket ticket_;
  Lane lane_{"prompts"};
};

}  // namespace lea::gui
