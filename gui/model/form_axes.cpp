// The lists of a form: the axes of the grid, the seeds and the presets.
#include <algorithm>
#include <set>

#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/default_label.h"
#include "core/spec/grid.h"
#include "core/spec/param_json.h"
#include "core/spec/run_spec.h"
#include "gui/model/form_outline.h"

namespace lea::gui {
namespace {

using spec::Entry;
using Kind = FormAxis::Kind;

constexpr int64_t kSeedsOffered = 5;

bool is_no_axis(const std::string& key) {
  return key == "zip" || key == "exclude" || key == "include" || key == "overrides";
}

bool has_text(const std::vector<AxisItem>& items, const std::string& text) {
  return std::any_of(items.begin(), items.end(),
                     [&](const AxisItem& item) { return equal_without_case(item.text, text); });
}

class Axes {
 public:
  Axes(const FormOutline& outline, const Facts& facts) : outline_(outline), facts_(facts) {
    grid_ = outline.merged->find("grid");
    for (const FormGroup& group : outline.groups) {
      for (const FormField& field : group.fields) {
        if (!field.axis.empty()) fields_.emplace(field.axis, &field);
      }
    }
  }

  std::vector<FormAxis> read() {
    for (const std::string& slot : spec::slot_names()) add_slot(slot);
    for (const Entry& entry : grid_ ? grid_->value->entries : std::vector<Entry>()) {
      if (!is_no_axis(entry.key) && !spec::is_slot(entry.key) && entry.key != spec::kVariant)
        add_setting(entry);
    }
    add_zips();
    add_variants();
    add_seeds();
    add_presets();
    return std::move(axes_);
  }

 private:
  const Entry* on_grid(const std::string& key) const {
    return grid_ ? grid_->value->find(key) : nullptr;
  }

  FormAxis start(Kind kind, const std::string& key, const Entry* entry) const {
    FormAxis axis;
    axis.kind = kind;
    axis.key = key;
    if (!entry) return axis;
    axis.origin = origin_of(outline_, entry->at);
    axis.from = file_of(entry->at);
    axis.at = entry->value->at;
    return axis;
  }

  std::string about_plugin(const std::string& slot, const std::string& name) const {
    const spec::PluginInfo* plugin = find_plugin(facts_.plugins, spec::kind_of(slot), name);
    return plugin ? plugin->summary : "";
  }

  AxisItem item_of(const spec::NodePtr& node, size_t index, const std::string& text) const {
    AxisItem item;
    item.text = text;
    item.yaml = spec::in_flow(*node);
    item.checked = true;
    item.index = index;
    item.at = node->at;
    return item;
  }

  std::string use_label(const std::string& slot, const spec::NodePtr& node) {
    const auto use = spec::parse_use(slot, node, slot, ignored_);
    if (!use) return spec::stated_label(*node);
    if (!use->label.empty()) return use->label;
    return use->params.empty() && use->fields.empty() ? use->name : spec::in_flow(*node);
  }

  void offer(const std::string& text, const std::string& yaml, const std::string& about,
             FormAxis* axis) const {
    if (has_text(axis->items, text)) return;
    AxisItem item;
    item.text = text;
    item.yaml = yaml;
    item.about = about;
    axis->items.push_back(std::move(item));
  }

  void add_slot(const std::string& slot) {
    const Entry* list = on_grid(slot);
    const Entry* single = outline_.merged->find(slot);
    FormAxis axis = start(Kind::kSlot, slot, list ? list : single);
    axis.on_grid = list != nullptr;
    std::set<std::string> named;  // the plugins that stand in the list, in lower case
    const auto take = [&](const spec::NodePtr& node, size_t index) {
      const auto use = spec::parse_use(slot, node, slot, ignored_);
      AxisItem item = item_of(node, index, use_label(slot, node));
      if (use) item.about = about_plugin(slot, use->name);
      if (use) named.insert(lower(use->name));
      item.group = list ? spec::numbered("grid." + slot, index) : slot;
      axis.items.push_back(std::move(item));
    };
    if (list) {
      for (size_t i = 0; i < list->value->items.size(); ++i) take(list->value->items[i], i);
    } else if (single && !single->value->is_null()) {
      take(single->value, 0);
    }
    for (const std::string& name : names_for(slot, outline_, facts_)) {
      if (!named.contains(lower(name)))
        offer(name, yaml_text(name), about_plugin(slot, name), &axis);
    }
    axis.about = "the " + spec::kind_of(slot) + (list ? "s of the grid" : " of all cells");
    axes_.push_back(std::move(axis));
  }

  void add_setting(const Entry& entry) {
    FormAxis axis = start(Kind::kSetting, entry.key, &entry);
    axis.on_grid = true;
    for (size_t i = 0; i < entry.value->items.size(); ++i) {
      const spec::NodePtr& node = entry.value->items[i];
      axis.items.push_back(item_of(node, i, spec::stated_label(*node)));
    }
    const auto field = fields_.find(entry.key);
    if (field != fields_.end()) {
      axis.info = field->second->info;
      axis.about = axis.info.meaning;
      std::vector<std::string> words = axis.info.choices;
      if (axis.info.type == ParamType::kBool) words = {"true", "false"};
      if (words.empty() && !default_text(axis.info).empty()) words = {default_text(axis.info)};
      for (const std::string& word : words) offer(word, field_yaml(axis.info, word), "", &axis);
    }
    axes_.push_back(std::move(axis));
  }

  void add_zip(const spec::Node& zip) {
    for (const Entry& entry : zip.entries) {
      FormAxis axis = start(Kind::kSetting, entry.key, &entry);
      axis.on_grid = true;
      axis.fixed = "Its values are paired with others by `zip`. Change them in the text.";
      for (size_t i = 0; i < entry.value->items.size(); ++i)
        axis.items.push_back(
            item_of(entry.value->items[i], i, spec::stated_label(*entry.value->items[i])));
      axes_.push_back(std::move(axis));
    }
  }

  void add_zips() {
    const Entry* zip = on_grid("zip");
    if (!zip) return;
    if (zip->value->is_map()) add_zip(*zip->value);
    for (const spec::NodePtr& one : zip->value->items) add_zip(*one);
  }

  void add_variants() {
    const Entry* list = on_grid(spec::kVariant);
    FormAxis axis = start(Kind::kVariant, spec::kVariant, list);
    axis.on_grid = list != nullptr;
    axis.about = "bundles of settings, by name";
    for (size_t i = 0; list && i < list->value->items.size(); ++i) {
      const spec::NodePtr& node = list->value->items[i];
      const bool bundle = node->is_map() && node->entries.size() == 1;
      AxisItem item = item_of(node, i, bundle ? node->entries[0].key : spec::stated_label(*node));
      if (bundle) item.about = spec::in_flow(*node->entries[0].value);
      axis.items.push_back(std::move(item));
    }
    for (const LibraryBundle& bundle : facts_.bundles) {
      if (has_text(axis.items, bundle.name)) continue;
      offer(bundle.name, bundle.yaml, bundle.yaml, &axis);
      axis.items.back().from = bundle.file;
    }
    axes_.push_back(std::move(axis));
  }

  void add_seeds() {
    const Entry* list = outline_.merged->find("seeds");
    FormAxis axis = start(Kind::kSeeds, "seeds", list);
    axis.about = "each cell is run once with each of them";
    for (const ParamInfo& info : spec::declared_settings("")) {
      if (info.name == "seeds") axis.info = info;
    }
    const bool zipped = std::any_of(axes_.begin(), axes_.end(), [](const FormAxis& other) {
      return other.key == spec::kRunSeed;
    });
    if (zipped) axis.fixed = "`seed` in a `zip` is the axis of seeds. Change it in the text.";
    for (size_t i = 0; list && i < list->value->items.size(); ++i)
      axis.items.push_back(
          item_of(list->value->items[i], i, spec::stated_label(*list->value->items[i])));
    for (int64_t seed = 1; seed <= kSeedsOffered && !zipped; ++seed)
      offer(std::to_string(seed), std::to_string(seed), "", &axis);
    axes_.push_back(std::move(axis));
  }

  // `extends` may be one name. Files that it names are items like the presets.
  void add_presets() {
    const Entry* entry = outline_.own->find("extends");
    FormAxis axis = start(Kind::kPresets, "extends", nullptr);
    axis.about = "presets and files whose settings hold where this spec states no others";
    if (entry) {
      axis.origin = Origin::kHere;
      axis.at = entry->value->at;
      const std::vector<spec::NodePtr> names =
          entry->value->is_list() ? entry->value->items : std::vector<spec::NodePtr>{entry->value};
      for (size_t i = 0; i < names.size(); ++i)
        axis.items.push_back(item_of(names[i], i, spec::stated_label(*names[i])));
    }
    for (const std::string& name : facts_.presets) offer(name, yaml_text(name), "", &axis);
    axes_.push_back(std::move(axis));
  }

  const FormOutline& outline_;
  const Facts& facts_;
  spec::Errors ignored_;
  const Entry* grid_ = nullptr;
  std::map<std::string, const FormField*> fields_;  // by the axis that each could be
  std::vector<FormAxis> axes_;
};

}  // namespace

std::vector<FormAxis> read_axes(const FormOutline& outline, const Facts& facts) {
  return Axes(outline, facts).read();
}

}  // namespace lea::gui
