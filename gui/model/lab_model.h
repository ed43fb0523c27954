// The open lab: its lanes, and the watch over its changes. Pages ask it, and are told what changed.
#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QString>
#include <QTimer>
#include <memory>
#include <string>
#include <vector>

#include "gui/model/grid_follower.h"
#include "gui/model/index.h"
#include "gui/model/lane.h"
#include "gui/model/messages.h"

namespace lea::gui {

class LabModel : public QObject {
  Q_OBJECT

 public:
  explicit LabModel(Messages& messages, QObject* parent = nullptr);

  // Further folders with plugins, as --plugin-dir names them.
  std::vector<std::string> plugin_dirs;

  // Opens a lab as `lealab --lab OPTION` finds it. Where there is none, nothing is open, and
  // missing() is where it was looked for.
  void open(std::string option);
  // Makes the folders of a lab and opens it.
  void make(std::string folder);
  bool is_open() const { return !folder_.empty(); }
  const std::string& folder() const { return folder_; }
  const std::string& missing() const { return missing_; }

  Messages& messages() { return messages_; }
  Index& index() { return index_; }
  // Reads of files, quick each. Long work with files has a lane of its own.
  Lane& files() { return files_; }

  // Brings the index up to date with the run folders, in the background.
  void refresh();
  bool is_refreshing() const { return refreshing_; }

  // The grid whose tasks are followed; empty for none.
  void follow(const std::string& grid);
  const std::vector<GridSummary>& grids() const { return grids_; }  // newest first

 Q_SIGNALS:
  void opened();         // another lab, or none
  void index_changed();  // runs may have come, gone or ended
  void grids_changed();
  void grid_news(const lea::gui::GridNews& news);  // of the followed grid
  void refreshing_changed();
  void plugins_changed();  // other plugins can be used now: whoever has a catalogue makes it again

 private:
  void tick();
  void watch_folders();
  void look_at_index();
  void look_at_grids();
  void take(const GridNews& news);

  Messages& messages_;
  Index index_;
  Lane files_{"files"}, collecting_{"collecting"};
  Ticket version_ticket_, grids_ticket_, refresh_ticket_;
  QTimer timer_, refresh_soon_;
  QFileSystemWatcher folders_;
  std::string folder_, missing_, followed_;
  std::shared_ptr<GridFollower> follower_;  // used on the lane `files`
  std::vector<GridSummary> grids_;
  int64_t version_ = -1, follow_serial_ = 0;
  bool refreshing_ = false, looking_at_index_ = false, looking_at_grids_ = false;
  int ticks_ = 0;
};

}  // namespace lea::gui
