#include "gui/model/run_model.h"

#include <QStringList>

#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kLookMilliseconds = 1000;

}  // namespace

RunModel::RunModel(LabModel& lab, QObject* parent) : QObject(parent), lab_(lab) {
  timer_.setInterval(kLookMilliseconds);
  connect(&timer_, &QTimer::timeout, this, &RunModel::look);
  connect(&lab, &LabModel::opened, this, [this] { show({}, ""); });
}

void RunModel::show(const run::Folder& folder, const QString& title) {
  if (folder.path == folder_.path) return;
  ticket_.drop();
  looking_ = gone_ = false;
  folder_ = folder;
  title_ = title;
  curves_.clear();
  files_ = folder.path.empty() ? nullptr : std::make_shared<RunFiles>(folder);
  Q_EMIT shown();
  look();
}

void RunModel::set_watched(bool watched) {
  watched ? timer_.start() : timer_.stop();
  if (watched) look();
}

void RunModel::look() {
  if (!files_ || looking_ || gone_) return;
  looking_ = true;
  lab_.files().ask(
      ticket_, [files = files_](const Lane::Cancelled&) { return files->look(); },
      [this](const RunFiles::News& news) { take(news); },
      [this](const QString& text) {
        looking_ = false;
        gone_ = true;  // a damaged file is read no further
        lab_.messages().error("run", text);
      });
}

void RunModel::take(const RunFiles::News& news) {
  looking_ = false;
  if (news.gone) {
    gone_ = true;
    lab_.messages().error("run", to_qt(printable(folder_.path)) +
                                     ": the folder of the run has gone. Was it moved or removed?");
    return;
  }
  if (news.begins_anew) {
    curves_.clear();
    Q_EMIT begun_anew();
  }
  for (const db::CurvePoint& point : news.points) {
    Curve& curve = curves_[point.metric];
    const auto step = static_cast<double>(point.step);
    // A resumed run may have written a step twice. The later record counts.
    while (!curve.steps.empty() && curve.steps.back() >= step) {
      curve.steps.pop_back();
      curve.values.pop_back();
    }
    curve.steps.push_back(step);
    curve.values.push_back(point.value);
  }
  if (!news.points.empty() || news.begins_anew) Q_EMIT curves_changed();
  if (news.lines.empty()) return;
  QStringList lines;
  for (const std::string& line : news.lines) lines.push_back(gui::shown(line));
  Q_EMIT lines_added(lines);
}

}  // namespace lea::gui
