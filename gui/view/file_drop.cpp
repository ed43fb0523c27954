#include "gui/view/file_drop.h"

#include <QApplication>
#include <QFileInfo>
#include <QMimeData>
#include <QUrl>
#include <algorithm>

#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr const char* kWhatCanBeDropped =
    "A plugin (.so) or a spec (.yaml) can be dropped on the window.";

bool is_spec(const QString& path) { return path.endsWith(".yaml") || path.endsWith(".yml"); }
bool is_plugin(const QString& path) { return path.endsWith(".so"); }

// Archives of runs and of artefacts, which commands add to a lab.
bool is_archive(const QString& path) {
  return path.endsWith(".tar") || path.endsWith(".tar.xz") || path.endsWith(".tar.gz");
}

QString name_of(const QString& path) { return shown(to_std(QFileInfo(path).fileName())); }

QString names_of(const QStringList& paths) {
  constexpr qsizetype kNamed = 5;
  QStringList names;
  for (const QString& path : paths.mid(0, kNamed)) names << name_of(path);
  return names.join(", ") +
         (paths.size() > kNamed ? QString(" and %1 more").arg(paths.size() - kNamed) : QString());
}

// Why these files are not taken.
QString refusal_of(const QStringList& paths) {
  if (paths.size() > 1) return names_of(paths) + ": no plugins and no specs. " + kWhatCanBeDropped;
  const QString& path = paths.front();
  if (is_archive(path)) {
    return name_of(path) + ": an archive. `lealab import " + shown(to_std(path)) +
           "` adds the runs of a pack to the lab, and `lealab artefacts import` artefacts.";
  }
  return name_of(path) + ": no plugin and no spec. " + kWhatCanBeDropped;
}

}  // namespace

FileDrop::FileDrop(QWidget* window, Navigator& navigator, Messages& messages)
    : QObject(window), window_(window), navigator_(navigator), messages_(messages) {
  window->setAcceptDrops(true);
  // An editor below the mouse would take the file as text, so the events are seen before it.
  qApp->installEventFilter(this);
}

bool FileDrop::is_of_window(QObject* object) const {
  for (auto* widget = qobject_cast<QWidget*>(object); widget != nullptr;
       widget = widget->parentWidget()) {
    if (widget == window_) return true;
  }
  return false;
}

bool FileDrop::eventFilter(QObject* watched, QEvent* event) {
  const QEvent::Type type = event->type();
  if (type != QEvent::DragEnter && type != QEvent::DragMove && type != QEvent::Drop) return false;
  auto* dropped = static_cast<QDropEvent*>(event);
  if (!dropped->mimeData()->hasUrls() || !is_of_window(watched)) return false;
  dropped->setDropAction(Qt::CopyAction);
  dropped->accept();
  if (type == QEvent::Drop) drop(*dropped);
  return true;
}

void FileDrop::drop(const QDropEvent& event) {
  QStringList paths;
  for (const QUrl& url : event.mimeData()->urls()) {
    if (url.isLocalFile()) {
      paths << url.toLocalFile();
    } else {
      messages_.error(kSource, shown(to_std(url.toDisplayString())) +
                                   ": is not on this machine. Download it first.");
    }
  }
  if (!paths.isEmpty()) take(paths);
}

void FileDrop::take(const QStringList& paths) {
  QStringList specs, others;
  for (const QString& path : paths) (is_spec(path) ? specs : others) << path;
  messages_.resolve(kSource);
  if (specs.size() > 1) {
    messages_.error(kSource, names_of(specs.mid(1)) +
                                 ": one spec is opened at a time, and that is " +
                                 name_of(specs.front()) + ".");
  }
  // Among plugins, each file gets an answer of its own.
  if (std::any_of(others.begin(), others.end(), is_plugin)) {
    Q_EMIT navigator_.plugin_files(others);
  } else if (!others.isEmpty()) {
    messages_.error(kSource, refusal_of(others));
  }
  if (specs.isEmpty()) return;
  Q_EMIT navigator_.spec_file(specs.front());
  Q_EMIT navigator_.page("experiment");
}

}  // namespace lea::gui
