// From the settings of one cell to a run: every value checked against its declaration, every plugin
// found, every default spelt out.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/spec/plugin_info.h"
#include "core/spec/run_spec.h"
#include "core/spec/settings.h"

namespace lea::spec {

struct Resolved {
  RunSpec run;
  std::set<std::string> reads;              // slots and sections that the framework reads
  std::set<std::string> used_environments;  // declared names that the run contains
};

class Resolver {
 public:
  // `root` is where a setting that is missing altogether is reported.
  Resolver(const PluginCatalogue& catalogue, Location root, Errors& errors)
      : catalogue_(catalogue), root_(std::move(root)), errors_(errors) {}

  // Meaningful only while the errors are empty; whatever is wrong is added to them.
  Resolved resolve(const Settings& settings);

  // Null with a reason in the errors.
  const PluginInfo* plugin(const std::string& kind, const std::string& name, const Location& at,
                           const std::string& key);
  // The same, where `kind` is environment also the declared ones: the id of what fills a slot.
  std::string id_of(const Settings& settings, const std::string& kind, const std::string& name,
                    const Location& at, const std::string& key);

 private:
  // What is known of a cell while it is being resolved.
  struct Cell {
    const Settings& settings;
    Resolved out;
    std::vector<std::string> chain;  // declared environments being resolved, outermost first
  };
  enum class Files { kPath, kSum };  // a file as its path, or with the sum of what it holds

  template <class Section>
  Section section(Cell& cell, const std::string& name, const std::vector<Entry>& entries);
  nlohmann::json values(Cell& cell, const std::vector<ParamInfo>& infos,
                        const std::vector<Entry>& entries, const std::string& key,
                        const std::string& owner, const Location& at, Files files);
  nlohmann::json value(Cell& cell, const ParamInfo& info, const Node& node, const std::string& key,
                       Files files);
  PluginUse slot_use(Cell& cell, const std::string& slot);
  PluginUse plugin_use(Cell& cell, const std::string& kind, const UseSetting& setting,
                       const std::string& key);
  PluginUse environment(Cell& cell, const UseSetting& setting, const std::string& key);
  bool has_slot(const Settings& settings, const std::string& slot, const std::string& why);
  void sections(Cell& cell);
  void slots(Cell& cell, const PluginInfo& framework);
  void default_reward(Cell& cell, const PluginInfo& framework);
  void state_and_augment(Cell& cell);
  void split_file(Cell& cell);
  std::string file_sum(const std::string& path, const Location& at, const std::string& key);
  // Where a setting is stated, to report what is wrong with it together with others.
  const Location& place(const Cell& cell, const std::string& section,
                        const std::string& name) const;
  void check_data(const Cell& cell);
  void check_one_content(const Cell& cell);
  void check_split(const Cell& cell);
  void check_train(const Cell& cell);
  void check_evaluate(const Cell& cell);

  const PluginCatalogue& catalogue_;
  Location root_;
  Errors& errors_;
  std::map<std::string, DataSection> imports_;  // by data set: how the first cell imports it
  std::map<std::string, std::string> sums_;     // sha256 by path: many cells name one file
};

// Checked JSON of one located value; null with a reason in the errors. Files and environments are
// not resolved here.
nlohmann::json scalar_value(const ParamInfo& info, const Node& node, const std::string& key,
                            Errors& errors);

}  // namespace lea::spec
