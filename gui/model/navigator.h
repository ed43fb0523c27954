// How one page leads to another. A page connects to what it can show; who asks knows no page.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>

namespace lea::gui {

class Navigator : public QObject {
  Q_OBJECT

 public:
  using QObject::QObject;

 Q_SIGNALS:
  // A page is to come to the front, by its id ("experiment", "runs", "results", "plugins").
  void page(const QString& id);
  // A spec file is to be opened.
  void spec_file(const QString& path);
  // A text is to be opened as a spec that has no file yet. `origin` says where it comes from.
  void spec_text(const QString& text, const QString& origin);
  void run(const QString& uuid);
  void grid(const QString& id);
  // Runs are to be listed that match a filter (core/report/filter.h).
  void runs(const QString& filter);
  // Two runs are to be laid side by side.
  void compare(const QStringList& uuids);
  // Files are to be looked at and maybe installed as plugins.
  void plugin_files(const QStringList& paths);
  // This spec file is shown now; empty: none that has a file.
  void spec_shown(const QString& path);
};

}  // namespace lea::gui
