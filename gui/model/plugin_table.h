// The plugin files of this installation as a table, with a row for each plugin of a file, and what can
// be done with a file. They are read, probed and changed on a lane. No plugin is loaded here.
#pragma once

#include <QFileSystemWatcher>
#include <QTimer>
#include <deque>

#include "core/lab/plugin_store.h"
#include "core/lab/plugins.h"
#include "gui/model/lab_model.h"
#include "gui/model/memory_table.h"

namespace lea::gui {

class PluginTable : public MemoryTable {
  Q_OBJECT

 public:
  // The source of its messages.
  static constexpr const char* kSource = "plugins";

  explicit PluginTable(LabModel& lab, QObject* parent = nullptr);

  const std::vector<TableColumn>& columns() const override { return columns_; }

  // Reads the list in the background. With kIgnore every file is probed again. From the first call on
  // it is read again whenever a file comes or goes.
  void list(lab::ProbeCache cache = lab::ProbeCache::kUse);
  // The list has been changed by the window: says so, even if it looks the same.
  void list_changed();
  bool is_listing() const { return listing_; }
  bool was_listed() const { return listed_; }
  // Why there is no list; "" when there is one.
  const QString& problem() const { return problem_; }

  const std::vector<lab::PluginRecord>& records() const { return records_; }
  const lab::PluginRecord& record(const QModelIndex& index) const;
  lab::PluginPlace place(const QModelIndex& index) const;
  // Null for a file whose plugins are unknown.
  const spec::PluginInfo* plugin(const QModelIndex& index) const;

  void set_disabled(const std::vector<std::string>& files, bool disabled);
  void remove(const std::string& file);
  // Probes a file again and says how that ended.
  void self_test(const std::string& file);

 Q_SIGNALS:
  void listing_changed();

 protected:
  size_t size() const override { return rows_.size(); }
  report::FieldValue value(size_t row, const std::string& field) const override;
  QVariant show(size_t row, int column, int role) const override;

 private:
  struct Row {
    size_t record = 0;
    int plugin = -1;  // of record.plugins; -1: only its name is known, if that
    std::string kind, id, version;
  };

  // Does work on the lane, then reads the list.
  void change(const std::function<void()>& work);
  struct Listed {
    std::vector<lab::PluginRecord> records;
    std::vector<lab::PluginPlace> places;  // of their files
  };
  static Listed look(const std::vector<std::string>& dirs, lab::ProbeCache cache,
                     const Lane::Cancelled& cancelled);
  void take(Listed listed);
  void add_rows(size_t record);
  void watch();

  LabModel& lab_;
  const std::vector<TableColumn> columns_;
  std::vector<lab::PluginRecord> records_;
  std::vector<lab::PluginPlace> places_;
  std::vector<Row> rows_;
  QFileSystemWatcher folders_;
  QTimer soon_;
  QString problem_;
  bool listing_ = false, listed_ = false, changed_here_ = false;
  Ticket list_ticket_;
  std::deque<Ticket> tickets_;  // one for each change, none of which may be forgotten
  Lane lane_{"plugins"};        // its thread ends before anything above is destroyed
};

}  // namespace lea::gui
