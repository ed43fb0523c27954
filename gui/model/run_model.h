// The run that a page shows in detail: its curves and its log, which grow while it works.
#pragma once

#include <QObject>
#include <QTimer>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gui/model/lab_model.h"
#include "gui/model/run_files.h"

namespace lea::gui {

class RunModel : public QObject {
  Q_OBJECT

 public:
  struct Curve {
    std::vector<double> steps, values;  // in the order of steps
  };

  explicit RunModel(LabModel& lab, QObject* parent = nullptr);

  // Shows the run or artefact of this folder; none when its path is empty.
  void show(const run::Folder& folder, const QString& title);
  bool empty() const { return folder_.path.empty(); }
  const run::Folder& folder() const { return folder_; }
  const QString& title() const { return title_; }
  // Looks for news every second only while somebody looks at them.
  void set_watched(bool watched);

  const std::map<std::string, Curve>& curves() const { return curves_; }
  bool is_gone() const { return gone_; }

 Q_SIGNALS:
  void shown();  // another run
  void curves_changed();
  void lines_added(const QStringList& lines);
  void begun_anew();  // the curves before no longer count

 private:
  void look();
  void take(const RunFiles::News& news);

  LabModel& lab_;
  QTimer timer_;
  Ticket ticket_;
  run::Folder folder_;
  QString title_;
  std::shared_ptr<RunFiles> files_;  // used on the lane
  std::map<std::string, Curve> curves_;
  bool gone_ = false, looking_ = false;
};

}  // namespace lea::gui
