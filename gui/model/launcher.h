// Starts grids and sends requests to them. A grid is started by the program `lealab` beside this one,
// with `run --detach`, so it is a process of its own that outlives the window.
#pragma once

#include <QObject>
#include <QProcess>
#include <QStringList>
#include <string>
#include <vector>

#include "core/run/request.h"
#include "gui/model/lab_model.h"

namespace lea::gui {

struct Launch {
  std::string spec;                   // a file
  std::vector<std::string> set = {};  // overrides
  int64_t jobs = 0;                   // 0: as `lealab run` chooses
  bool redo_stale = false;
};

class Launcher : public QObject {
  Q_OBJECT

 public:
  explicit Launcher(LabModel& lab, QObject* parent = nullptr);

  // `lealab --lab LAB run SPEC --detach`, with its path.
  QStringList command(const Launch& launch) const;
  // The same as a line for a shell.
  QString command_line(const Launch& launch) const;
  // What fails becomes a message with the words of `lealab`. Any number of grids may be started at
  // once.
  void start(const Launch& launch);
  bool is_starting() const { return starting_ > 0; }

  // Asks a live grid for something; the answer becomes a note. `hash`: of a task; empty: the whole
  // grid. `named`: for messages.
  void ask(const std::string& grid, const std::string& hash, const std::string& named,
           run::Request::Action action);

 Q_SIGNALS:
  void starting_changed();
  void started(const QString& grid);

 private:
  void finished(QProcess* process, const std::string& spec);

  LabModel& lab_;
  Lane requests_{"requests"};
  int starting_ = 0;
  std::vector<std::unique_ptr<Ticket>> tickets_;
};

// The program `lealab`, which lies beside this one. It may be missing.
QString lealab_path();

}  // namespace lea::gui
