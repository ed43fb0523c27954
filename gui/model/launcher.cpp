#include "gui/model/launcher.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <nlohmann/json.hpp>

#include "core/base/shell.h"
#include "core/lab/grid_watch.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr double kAnswerSeconds = 5;

// The grid's id in the last line of `lealab run --detach --json`; empty when nothing was to do.
QString grid_in(const QByteArray& out) {
  for (const QByteArray& line : out.split('\n')) {
    const auto event = nlohmann::json::parse(line.toStdString(), nullptr, false);
    if (!event.is_object()) continue;
    const auto kind = event.find("event"), grid = event.find("grid");
    if (kind != event.end() && *kind == "detached" && grid != event.end() && grid->is_string())
      return to_qt(grid->get<std::string>());
  }
  return "";
}

}  // namespace

QString lealab_path() {
  return QFileInfo(QCoreApplication::applicationDirPath() + "/lealab").absoluteFilePath();
}

Launcher::Launcher(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {}

QStringList Launcher::command(const Launch& launch) const {
  QStringList words = {lealab_path(), "--lab", to_qt(lab_.folder())};
  for (const std::string& folder : lab_.plugin_dirs) words << "--plugin-dir" << to_qt(folder);
  words << "run" << to_qt(launch.spec) << "--detach";
  for (const std::string& set : launch.set) words << "--set" << to_qt(set);
  if (launch.jobs > 0) words << "--jobs" << QString::number(launch.jobs);
  if (launch.redo_stale) words << "--redo-stale";
  return words;
}

QString Launcher::command_line(const Launch& launch) const {
  QStringList words = command(launch);
  words[0] = "lealab";
  std::vector<std::string> line;
  for (const QString& word : words) line.push_back(to_std(word));
  return to_qt(shell_line(line));
}

void Launcher::start(const Launch& launch) {
  QStringList words = command(launch) << "--json";
  const QString program = words.takeFirst();
  auto* process = new QProcess(this);
  process->setProgram(program);
  process->setArguments(words);
  process->setStandardInputFile(QProcess::nullDevice());
  ++starting_;
  Q_EMIT starting_changed();
  connect(process, &QProcess::finished, this,
          [this, process, spec = launch.spec] { finished(process, spec); });
  connect(process, &QProcess::errorOccurred, this, [this, process](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;
    --starting_;
    Q_EMIT starting_changed();
    lab_.messages().error(
        "launch", "Cannot start " + process->program() + ": " + process->errorString() + ".");
    process->deleteLater();
  });
  process->start();
}

void Launcher::finished(QProcess* process, const std::string& spec) {
  --starting_;
  Q_EMIT starting_changed();
  const QString grid = grid_in(process->readAllStandardOutput());
  const QString problem = QString::fromUtf8(process->readAllStandardError()).trimmed();
  const bool sound = process->exitStatus() == QProcess::NormalExit && process->exitCode() == 0;
  process->deleteLater();
  if (!sound) {
    lab_.messages().error("launch",
                          problem.isEmpty() ? "`lealab run` ended without a message." : problem);
    return;
  }
  lab_.messages().note("launch", grid.isEmpty()
                                     ? "Nothing to do: all runs of " + shown(spec) + " are done."
                                     : "Grid " + grid + " works in the background.");
  Q_EMIT started(grid);
}

void Launcher::ask(const std::string& grid, const std::string& hash, const std::string& named,
                   run::Request::Action action) {
  const lab::Target target = {{run::grids_folder(lab_.folder()) + "/" + grid}, hash, named};
  tickets_.push_back(std::make_unique<Ticket>());
  requests_.ask(
      *tickets_.back(),
      [target, action](const Lane::Cancelled&) { return lab::ask(target, action, kAnswerSeconds); },
      [this, target](const std::string& answer) {
        lab_.messages().note("request", answer.empty() ? shown("asked " + target.named +
                                                               ", which has not answered yet")
                                                       : shown(answer));
      },
      [this](const QString& text) { lab_.messages().error("request", text); });
}

}  // namespace lea::gui
