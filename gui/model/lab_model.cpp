#include "gui/model/lab_model.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/lab/collector.h"
#include "core/lab/lab_folder.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kTickMilliseconds = 1000;
constexpr int kIdleTicks = 3;  // without a live grid, every third tick looks
// New runs outside a grid, as a job of a cluster makes them, are collected so long after they came.
constexpr int kRefreshMilliseconds = 10000;

bool any_live(const std::vector<GridSummary>& grids) {
  return std::any_of(grids.begin(), grids.end(), [](const GridSummary& grid) { return grid.live; });
}

QString left_out_text(const std::vector<std::string>& left_out) {
  const size_t more = left_out.size() - 1;
  return "left out: " + shown(left_out.front()) +
         (more > 0 ? to_qt(" And " + std::to_string(more) + " more; `lealab db check` lists all.")
                   : QString());
}

}  // namespace

LabModel::LabModel(Messages& messages, QObject* parent)
    : QObject(parent), messages_(messages), index_(messages) {
  timer_.setInterval(kTickMilliseconds);
  connect(&timer_, &QTimer::timeout, this, &LabModel::tick);
  refresh_soon_.setInterval(kRefreshMilliseconds);
  refresh_soon_.setSingleShot(true);
  connect(&refresh_soon_, &QTimer::timeout, this, &LabModel::refresh);
  connect(&folders_, &QFileSystemWatcher::directoryChanged, this, [this](const QString& folder) {
    if (folder == to_qt(run::grids_folder(folder_))) return look_at_grids();
    // A grid collects its own runs.
    if (!any_live(grids_) && !refresh_soon_.isActive()) refresh_soon_.start();
  });
}

// The option may be missing(), which is cleared here, so it is taken by value.
void LabModel::open(std::string option) {
  version_ticket_.drop();
  grids_ticket_.drop();
  refresh_ticket_.drop();
  refreshing_ = looking_at_index_ = looking_at_grids_ = false;
  followed_.clear();
  grids_.clear();
  follower_.reset();
  folder_.clear();
  missing_.clear();
  version_ = -1;
  try {
    folder_ = lab::existing_lab(option);
    follower_ = std::make_shared<GridFollower>(folder_);
  } catch (const Error&) {
    missing_ = lab::lab_folder(option);
  }
  index_.open(folder_);
  Q_EMIT opened();
  watch_folders();
  if (!is_open()) return timer_.stop();
  timer_.start();
  look_at_grids();
  refresh();
}

void LabModel::watch_folders() {
  refresh_soon_.stop();
  if (!folders_.directories().isEmpty()) folders_.removePaths(folders_.directories());
  if (!is_open()) return;
  // Without a notice, as on some network file systems, the timer and the user look.
  folders_.addPaths({to_qt(run::grids_folder(folder_)), to_qt(run::runs_folder(folder_))});
}

void LabModel::make(std::string folder) {
  try {
    lab::open_lab(folder);
    messages_.resolve("lab");
    open(folder);
  } catch (const Error& error) {
    messages_.error("lab", to_qt(error.what()));
  }
}

void LabModel::follow(const std::string& grid) {
  followed_ = grid;
  ++follow_serial_;
  looking_at_grids_ = false;
  look_at_grids();
}

void LabModel::tick() {
  ++ticks_;
  if (!any_live(grids_) && ticks_ % kIdleTicks != 0) return;
  look_at_index();
  look_at_grids();
}

// Another process, or the lane that collects, may have changed the index.
void LabModel::look_at_index() {
  if (looking_at_index_ || index_.lane().waiting() > 0) return;
  looking_at_index_ = true;
  index_.ask(
      version_ticket_,
      [](const db::Store& store, const Lane::Cancelled&) { return store.version(); },
      [this](int64_t version) {
        looking_at_index_ = false;
        const bool changed = version_ >= 0 && version != version_;
        version_ = version;
        if (changed) Q_EMIT index_changed();
      },
      [this](const QString& text) {
        looking_at_index_ = false;
        messages_.error(Index::kSource, text);
      });
}

void LabModel::look_at_grids() {
  if (looking_at_grids_ || !is_open()) return;
  looking_at_grids_ = true;
  files_.ask(
      grids_ticket_,
      [follower = follower_, followed = followed_, serial = follow_serial_](
          const Lane::Cancelled&) { return follower->look(followed, serial); },
      [this](const GridNews& news) { take(news); },
      [this](const QString& text) {
        looking_at_grids_ = false;
        messages_.error("grids", text);
      });
}

void LabModel::take(const GridNews& news) {
  looking_at_grids_ = false;
  messages_.resolve("grids");
  const bool other = grids_ != news.grids;
  grids_ = news.grids;
  if (other) Q_EMIT grids_changed();
  if (news.followed == followed_ && !followed_.empty()) Q_EMIT grid_news(news);
  if (!news.read_all) look_at_grids();
  if (news.any_ended) refresh();
}

void LabModel::refresh() {
  if (refreshing_ || !is_open()) return;
  refreshing_ = true;
  Q_EMIT refreshing_changed();
  collecting_.ask(
      refresh_ticket_,
      [lab = folder_](const Lane::Cancelled&) {
        lab::CurrentIndex index = lab::current_index(lab);
        return std::pair{std::shared_ptr<db::Store>(std::move(index.store)),
                         std::move(index.left_out)};
      },
      [this](const auto& current) {
        refreshing_ = false;
        Q_EMIT refreshing_changed();
        current.second.empty()
            ? messages_.resolve("left out")
            : messages_.report(Severity::kWarning, "left out", left_out_text(current.second));
        messages_.resolve("collecting");
        index_.use(current.first);
        version_ = -1;
        Q_EMIT index_changed();
      },
      [this](const QString& text) {
        refreshing_ = false;
        Q_EMIT refreshing_changed();
        messages_.error("collecting", text);
      });
}

}  // namespace lea::gui
