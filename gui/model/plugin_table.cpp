#include "gui/model/plugin_table.h"

#include <QFileInfo>
#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "gui/model/plugin_facts.h"
#include "gui/model/text.h"

namespace lea::gui {
namespace {

constexpr int kSoonMilliseconds = 500;
constexpr size_t kShortHash = 12;  // digits, as `lealab plugins` shows them

report::FieldValue of_text(const std::string& text) { return {!text.empty(), text, std::nullopt}; }

QString first_line(const QString& text) { return text.section('\n', 0, 0); }

// Whether two lists offer the same plugins.
bool offer_the_same(const std::vector<lab::PluginRecord>& a,
                    const std::vector<lab::PluginRecord>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const lab::PluginRecord& x, const lab::PluginRecord& y) {
                      return x.file == y.file && x.state == y.state && x.sha256 == y.sha256 &&
                             x.reason == y.reason && x.plugins.size() == y.plugins.size();
                    });
}

}  // namespace

PluginTable::PluginTable(LabModel& lab, QObject* parent)
    : MemoryTable(parent),
      lab_(lab),
      columns_({{"state", "State"},
                {"id", "Id"},
                {"kind", "Kind"},
                {"version", "Version"},
                {"api", "API", false, true, "the version of the plugin API that it was built for"},
                {"built_with", "Built with"},
                {"file", "File"},
                {"sha256", "SHA-256", false, true, "the first digits"},
                {"trust", "Trust", false, true, "where its file comes from"},
                {"error", "Last error"}}) {
  soon_.setSingleShot(true);
  soon_.setInterval(kSoonMilliseconds);
  connect(&soon_, &QTimer::timeout, this, [this] { list(); });
  connect(&folders_, &QFileSystemWatcher::directoryChanged, &soon_, qOverload<>(&QTimer::start));
  rows_replaced();
}

void PluginTable::list(lab::ProbeCache cache) {
  soon_.stop();
  listing_ = true;
  Q_EMIT listing_changed();
  lane_.ask(
      list_ticket_,
      [dirs = lab_.plugin_dirs, cache](const Lane::Cancelled& cancelled) {
        return look(dirs, cache, cancelled);
      },
      [this](Listed listed) {
        listing_ = false;
        problem_.clear();
        lab_.messages().resolve("plugin list");
        take(std::move(listed));
        Q_EMIT listing_changed();
      },
      [this](const QString& text) {
        listing_ = false;
        problem_ = text;
        lab_.messages().error("plugin list", text);
        Q_EMIT listing_changed();
      });
}

void PluginTable::list_changed() {
  changed_here_ = true;
  list();
}

PluginTable::Listed PluginTable::look(const std::vector<std::string>& dirs, lab::ProbeCache cache,
                                      const Lane::Cancelled& cancelled) {
  Listed listed{lab::probe_plugins(lab::plugin_folders(dirs), cache, cancelled), {}};
  for (const lab::PluginRecord& record : listed.records)
    listed.places.push_back(lab::place_of(record.file));
  return listed;
}

void PluginTable::take(Listed listed) {
  const bool other = listed_ && !offer_the_same(listed.records, records_);
  const bool tell = other || changed_here_;
  listed_ = true;
  changed_here_ = false;
  begin_replacing();
  records_ = std::move(listed.records);
  places_ = std::move(listed.places);
  rows_.clear();
  for (size_t i = 0; i < records_.size(); ++i) add_rows(i);
  rows_replaced();
  watch();
  if (tell) Q_EMIT lab_.plugins_changed();
}

// As `lealab plugins` lists them: a row for each plugin, or for each name that the manifest has.
void PluginTable::add_rows(size_t index) {
  const lab::PluginRecord& record = records_[index];
  for (size_t i = 0; i < record.plugins.size(); ++i) {
    const spec::PluginInfo& plugin = record.plugins[i];
    rows_.push_back({index, static_cast<int>(i), plugin.kind, plugin.id, plugin.version});
  }
  if (!record.plugins.empty()) return;
  for (const spec::PluginName& name : record.provides)
    rows_.push_back({index, -1, name.kind, name.id, ""});
  if (record.provides.empty()) rows_.push_back({index, -1, "", "", ""});
}

void PluginTable::watch() {
  QStringList wanted;
  for (const std::string& folder : lab::plugin_folders(lab_.plugin_dirs)) wanted << to_qt(folder);
  wanted << QFileInfo(to_qt(disabled_plugins_file())).absolutePath();
  for (const QString& folder : wanted) {
    if (!folder.isEmpty() && !folders_.directories().contains(folder)) folders_.addPath(folder);
  }
}

const lab::PluginRecord& PluginTable::record(const QModelIndex& index) const {
  return records_.at(rows_.at(source_row(index)).record);
}

lab::PluginPlace PluginTable::place(const QModelIndex& index) const {
  return places_.at(rows_.at(source_row(index)).record);
}

const spec::PluginInfo* PluginTable::plugin(const QModelIndex& index) const {
  const Row& row = rows_.at(source_row(index));
  return row.plugin < 0 ? nullptr
                        : &records_.at(row.record).plugins.at(static_cast<size_t>(row.plugin));
}

void PluginTable::change(const std::function<void()>& work) {
  lane_.ask(
      tickets_.emplace_back(),
      [work](const Lane::Cancelled&) {
        work();
        return true;
      },
      [this](bool) {
        lab_.messages().resolve(kSource);
        list_changed();
      },
      [this](const QString& text) {
        lab_.messages().error(kSource, text);
        list();
      });
}

void PluginTable::set_disabled(const std::vector<std::string>& files, bool disabled) {
  change([files, disabled] {
    for (const std::string& file : files) set_plugin_disabled(file, disabled);
  });
}

void PluginTable::remove(const std::string& file) {
  change([file] { lab::remove_plugin(file); });
}

void PluginTable::self_test(const std::string& file) {
  lane_.ask(
      tickets_.emplace_back(),
      [file](const Lane::Cancelled& cancelled) { return lab::probe_again(file, cancelled); },
      [this](const lab::PluginRecord& record) {
        if (record.state == lab::PluginState::kEnabled) {
          lab_.messages().note(kSource, shown(record.file) + ": passed its self-test. " +
                                            to_qt(lea::counted(record.plugins.size(), "plugin")) +
                                            (record.plugins.size() == 1 ? " was" : " were") +
                                            " made with default parameters and tried on toy data.");
        } else {
          lab_.messages().error(kSource, to_qt(record.reason));
        }
        list();
      },
      [this](const QString& text) { lab_.messages().error(kSource, text); });
}

report::FieldValue PluginTable::value(size_t index, const std::string& field) const {
  const Row& row = rows_[index];
  const lab::PluginRecord& record = records_[row.record];
  if (field == "state") return of_text(to_string(record.state));
  if (field == "id") return of_text(row.id);
  if (field == "kind") return of_text(row.kind);
  if (field == "version") return of_text(row.version);
  if (field == "api") return of_text(api_part(record));
  if (field == "built_with") return of_text(compiler_part(record));
  if (field == "file") return of_text(record.file);
  if (field == "sha256") return of_text(record.sha256);
  if (field == "trust") return of_text(to_string(places_[row.record]));
  return of_text(record.state == lab::PluginState::kDisabled ? "" : record.reason);
}

QVariant PluginTable::show(size_t row, int column, int role) const {
  const std::string& field = columns_[static_cast<size_t>(column)].field;
  const lab::PluginRecord& record = records_[rows_[row].record];
  if (role == kIdRole) return to_qt(record.file + "\n" + rows_[row].kind + "\n" + rows_[row].id);
  if (role == kLookRole && field == "state") return static_cast<int>(plugin_look(record.state));
  if (role == Qt::DisplayRole && field == "sha256")
    return shown(record.sha256.substr(0, kShortHash));
  if (role == Qt::DisplayRole && field == "file")
    return shown(std::filesystem::path(record.file).filename().string());
  if (role == Qt::DisplayRole && field == "error")
    return first_line(MemoryTable::show(row, column, role).toString());
  return MemoryTable::show(row, column, role);
}

}  // namespace lea::gui
