// What a spec can name on this machine: the installed plugins, and the data sets, models, presets and
// bundles that are at hand. It is read on a lane, and again when its folders change.
#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/lab/plugins.h"
#include "gui/model/lab_model.h"

namespace lea::gui {

// A bundle that a spec at hand has on its axis `variant`.
struct LibraryBundle {
  std::string name;
  std::string yaml;  // {NAME: {...}} on one line, with aliases written out
  std::string file;  // the name of the spec, without its folder
  // The environments that it names, as its spec declares them, each on one line.
  std::map<std::string, std::string> environments = {};
};

struct Facts {
  std::vector<lab::PluginRecord> records;
  spec::PluginCatalogue plugins;  // the enabled ones of `records`
  std::vector<std::string> data_sets, models, presets;
  std::vector<LibraryBundle> bundles;
  std::string models_folder;
};

// The bundles of a spec. Empty when it cannot be read, because it is only offered.
std::vector<LibraryBundle> bundles_in(const std::string& path);

// The shortest name that means the plugin: the last part of its id, or all of it.
std::string short_name(const spec::PluginCatalogue& plugins, const spec::PluginInfo& plugin);

// The plugin that a spec means by this name; null for an unknown or ambiguous one.
const spec::PluginInfo* find_plugin(const spec::PluginCatalogue& plugins, const std::string& kind,
                                    const std::string& name);

class SpecFacts : public QObject {
  Q_OBJECT

 public:
  explicit SpecFacts(LabModel& lab, QObject* parent = nullptr);

  // Empty until the first reading has ended; never null.
  std::shared_ptr<const Facts> now() const { return facts_; }
  bool is_read() const { return read_; }
  void read();

  // For tests and for who has the facts already.
  void take(Facts facts);

 Q_SIGNALS:
  void changed();

 private:
  void watch(const std::vector<std::string>& folders);

  LabModel& lab_;
  Lane lane_{"facts of specs"};
  Ticket ticket_;
  QFileSystemWatcher folders_;
  QTimer soon_;
  std::shared_ptr<const Facts> facts_ = std::make_shared<const Facts>();
  bool read_ = false;
};

}  // namespace lea::gui
