// What the window has to say to its user: one message for each source, in one bar. Nothing that
// happens in the background opens a dialog.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <map>
#include <vector>

namespace lea::gui {

enum class Severity { kNote, kWarning, kError };

struct Message {
  Severity severity = Severity::kNote;
  QString source;  // what it is about, such as "index": a newer message replaces that of its source
  QString text;    // plain text, never markup
  QDateTime at;
};

class Messages : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

  // A message that its source shows already, or that the user has dismissed, is not shown again
  // until its source was resolved.
  void report(Severity severity, const QString& source, const QString& text);
  void error(const QString& source, const QString& text) { report(Severity::kError, source, text); }
  void note(const QString& source, const QString& text) { report(Severity::kNote, source, text); }
  // The cause of the source's message has gone.
  void resolve(const QString& source);
  // The user has read it.
  void dismiss(const QString& source);

  // Oldest first.
  const std::vector<Message>& current() const { return current_; }

 Q_SIGNALS:
  void changed();

 private:
  bool remove(const QString& source);

  std::vector<Message> current_;
  std::map<QString, QString> dismissed_;  // source -> text
};

}  // namespace lea::gui
