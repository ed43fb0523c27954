// Plugin files that the user gave to the window, a row for each: copied, read and probed on lanes, in
// child processes, then installed if the user agrees. What is wrong with one concerns its row alone.
#pragma once

#include <deque>
#include <memory>

#include "core/lab/plugin_store.h"
#include "gui/model/plugin_facts.h"
#include "gui/model/plugin_table.h"

namespace lea::gui {

class PluginDrop : public MemoryTable {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "dropped files";

  enum class Stage {
    kWaiting,     // for a lane
    kFound,       // is being copied
    kRead,        // its manifest was read
    kCompatible,  // it was built for this host, and its code runs now
    kProbed,      // it can be installed
    kInstalling,
    kInstalled,
    kFailed,
    kSkipped,  // by the user
  };

  // The list of installed plugins is read again after an installation.
  PluginDrop(LabModel& lab, PluginTable& installed, QObject* parent = nullptr);

  const std::vector<TableColumn>& columns() const override { return columns_; }

  // Begins with these files. An older answer about one of them goes. Returns the kIdRole of the first.
  int add(const QStringList& paths);
  // Installs those that were probed.
  void install(const std::vector<QModelIndex>& indexes);
  // Ends the work on those on which there is any.
  void skip(const std::vector<QModelIndex>& indexes);
  // Removes the rows on which there is no work, and the copies of their files.
  void clear();

  Stage stage(const QModelIndex& index) const { return row(index).stage; }
  bool is_working(const QModelIndex& index) const { return works(row(index).stage); }
  // All that has been said about the file: what it is, or why it cannot be installed.
  const QString& answer(const QModelIndex& index) const { return row(index).answer; }
  Facts facts(const QModelIndex& index) const;
  // Null before it was probed.
  const lab::PluginRecord* record(const QModelIndex& index) const;
  std::string path(const QModelIndex& index) const { return row(index).path; }
  size_t rows() const { return rows_.size(); }
  bool is_working() const;

  // How long a plugin may take.
  void set_probe_seconds(double seconds) { probe_seconds_ = seconds; }

 Q_SIGNALS:
  void stage_changed();

 protected:
  size_t size() const override { return rows_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  struct Row {
    std::string path;
    int number = 0;
    Stage stage = Stage::kWaiting;
    QString answer;
    std::shared_ptr<lab::StagedPlugin> staged;  // while it may be installed
    lab::PluginRecord record;
    lab::InstallPlan plan;
    Lane* lane = nullptr;  // that works on it
    Ticket ticket;
  };
  // What a lane finds out about a file.
  struct Answer {
    std::shared_ptr<lab::StagedPlugin> staged;
    lab::PluginRecord record;
    lab::InstallPlan plan;
  };
  using Held = std::shared_ptr<Row>;

  static bool works(Stage stage) { return stage < Stage::kProbed || stage == Stage::kInstalling; }
  const Row& row(const QModelIndex& index) const { return *rows_.at(source_row(index)); }
  // The rows stay what they are when a change gives them other places in the table.
  std::vector<Held> held(const std::vector<QModelIndex>& indexes) const;
  void install(const Held& row);
  void start_next();
  void start(const Held& row, Lane& lane);
  // What a lane needs to know.
  struct Question {
    std::string path;
    int number = 0;
    double seconds = lab::kProbeSeconds;
    std::vector<std::string> plugin_dirs;
  };
  Answer examine(const Question& question, const Lane::Cancelled& cancelled);
  void take(const Held& row, Answer answer);
  void take_news(int number, Stage stage, const QString& answer);
  void end(const Held& row, Stage stage, const QString& answer);
  void set(const Held& row, Stage stage, const QString& answer);
  void drop_copy(const Held& row);
  Held twin(const Held& row) const;
  void say_how_it_ended();

  LabModel& lab_;
  PluginTable& installed_;
  const std::vector<TableColumn> columns_;
  std::vector<Held> rows_;
  double probe_seconds_ = lab::kProbeSeconds;
  int count_ = 0;
  bool said_ = true;
  std::deque<Ticket> tickets_;
  // Two, so that a plugin that hangs does not stop the others. The last one installs and removes.
  Lane first_{"probe 1"}, second_{"probe 2"}, store_{"install"};
};

// "found", "read", "compatible", "probed" ...
QString stage_text(PluginDrop::Stage stage);

}  // namespace lea::gui
