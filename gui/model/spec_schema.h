// What can stand at a path of a spec: its keys and values, with what they mean. All of it comes from the
// declarations of core/spec and of the plugins.
#pragma once

#include <string>
#include <vector>

#include "core/spec/edit.h"
#include "gui/model/spec_facts.h"
#include "gui/model/spec_outline.h"

namespace lea::gui {

struct Suggestion {
  enum class Opens { kNothing, kMap, kList };
  std::string text;    // as it stands in a spec
  std::string detail;  // of what sort it is, and its default: "an integer from 1 to 16, default 2"
  std::string help;    // what it means
  Opens opens = Opens::kNothing;  // of a key: what its value mostly is
  bool is_key = false;
};

class SpecSchema {
 public:
  // Both must outlive the object.
  SpecSchema(const Facts& facts, const SpecOutline& outline) : facts_(facts), outline_(outline) {}

  // Empty where nothing is known of what can stand there.
  std::vector<Suggestion> keys(const spec::Path& path) const;
  std::vector<Suggestion> values(const spec::Path& path) const;
  // What the key at the end of the path is. Its text is empty for an unknown one.
  Suggestion key(const spec::Path& path) const;

 private:
  // What a path leads to.
  struct Spot {
    enum class Is {
      kNothing,
      kTop,
      kSection,       // `name` is one of spec::section_names() or prepare
      kSetting,       // `setting`
      kUse,           // a plugin for the slot `name`, which may be a kind of plugins
      kParams,        // of `plugin`
      kEnvironments,  // declarations by their names
      kExtends,
      kGrid,
      kZip,
      kAxis,  // `name` is the key
      kBundles,
      kBundle,
      kTargets,   // slots and dotted keys that get values
      kPatterns,  // of exclude and include
      kPattern,
      kLabels,  // of the axis `name`
      kRules,
      kRule,
      kConditions,
      kCondition,  // names of plugins for the slot `name`
    };
    Is is = Is::kNothing;
    std::string name = {};
    const ParamInfo* setting = nullptr;
    const spec::PluginInfo* plugin = nullptr;
    bool element = false;  // of the list that the setting is
  };
  using Is = Spot::Is;

  Spot at(const spec::Path& path) const;
  Spot below(const Spot& spot, const std::string& key) const;
  Spot item_of(const Spot& spot) const;
  Spot top(const std::string& key) const;
  Spot in_use(const std::string& slot, const std::string& key) const;
  Spot in_grid(const std::string& key, bool zipped) const;
  Spot target(const std::string& key) const;
  Spot param_of(const std::string& kind, const std::vector<std::string>& plugins,
                const std::string& name) const;

  void add_settings(const std::vector<ParamInfo>& infos, const std::string& before,
                    std::vector<Suggestion>* to) const;
  void add_keys_of_use(const std::string& slot, std::vector<Suggestion>* to) const;
  void add_names(const std::string& slot, bool keys, std::vector<Suggestion>* to) const;
  void add_targets(std::vector<Suggestion>* to) const;
  void add_axes(const std::string& setting, std::vector<Suggestion>* to) const;
  std::vector<Suggestion> values_of(const Spot& setting) const;

  const Facts& facts_;
  const SpecOutline& outline_;
};

}  // namespace lea::gui
