#include "gui/model/spec_outline.h"

#include <algorithm>

#include "core/spec/default_label.h"
#include "core/spec/grid.h"
#include "core/spec/keys.h"
#include "core/spec/layers.h"
#include "core/spec/settings.h"

namespace lea::gui {
namespace {

void add(std::vector<std::string>& words, const std::string& word) {
  if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
    words.push_back(word);
}

class Outliner {
 public:
  explicit Outliner(const spec::Node& root) {
    const spec::Settings settings = spec::parse_settings(root, ignored_);
    for (const auto& [name, use] : settings.environments) outline_.environments[name] = use.name;
    for (const auto& [slot, use] : settings.slots) add(outline_.plugins[slot], use.name);
    const spec::Entry* grid = root.find("grid");
    if (grid) read_axes(*grid->value, /*zipped=*/false);
  }

  SpecOutline made() const { return outline_; }

 private:
  void read_axes(const spec::Node& axes, bool zipped) {
    const std::vector<std::string> special = spec::names_of(spec::grid_keys());
    for (const spec::Entry& entry : axes.entries) {
      const bool axis =
          zipped || std::find(special.begin(), special.end(), entry.key) == special.end();
      if (axis) {
        read_axis(entry);
      } else if (entry.key == "zip") {
        read_axes(*entry.value, /*zipped=*/true);
        for (const spec::NodePtr& item : entry.value->items) read_axes(*item, /*zipped=*/true);
      }
    }
  }

  void read_axis(const spec::Entry& axis) {
    std::vector<std::string>& labels = outline_.axes[axis.key];
    for (const spec::NodePtr& value : axis.value->items) {
      if (axis.key == spec::kVariant) {
        if (value->entries.empty()) continue;
        add(labels, value->entries[0].key);
        for (const spec::Entry& set : value->entries[0].value->entries) {
          if (spec::is_slot(set.key)) read_use(set.key, set.value);
        }
      } else if (spec::is_slot(axis.key)) {
        add(labels, read_use(axis.key, value));
      } else {
        add(labels, spec::stated_label(*value));
      }
    }
  }

  // The label of the plugin that is named.
  std::string read_use(const std::string& slot, const spec::NodePtr& value) {
    const auto use = spec::parse_use(slot, value, slot, ignored_);
    if (!use) return "";
    add(outline_.plugins[slot], use->name);
    return use->label.empty() ? use->name : use->label;
  }

  SpecOutline outline_;
  spec::Errors ignored_;
};

}  // namespace

SpecOutline outline_of(const std::string& path, const spec::Buffers& buffers, bool* parsed) {
  spec::Errors ignored;
  const spec::Layers layers = spec::load_layers(path, {}, buffers, ignored);
  const auto text = buffers.find(path);
  *parsed = text != buffers.end() && spec::parse_yaml(text->second, layers.spec, ignored);
  return layers.root ? Outliner(*layers.root).made() : SpecOutline();
}

}  // namespace lea::gui
