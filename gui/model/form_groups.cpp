// The groups of fields of a form.
#include <algorithm>

#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/default_label.h"
#include "core/spec/keys.h"
#include "core/spec/param_json.h"
#include "core/spec/resolver.h"
#include "gui/model/form_outline.h"

namespace lea::gui {
namespace {

using spec::Entry;
using Kind = FieldPlace::Kind;

std::string about_section(const std::string& section) {
  for (const spec::KeyInfo& key : spec::top_keys()) {
    if (key.name == section) return key.meaning;
  }
  return "";
}

const Entry* entry_in(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == name; });
  return found == entries.end() ? nullptr : &*found;
}

// A rule of `overrides` as it concerns one key.
struct RuleNote {
  std::string key, text;
  std::vector<std::string> plugins;  // of the slot of the key, for which it holds; empty: for all
  int layer = 0;
};

std::vector<std::string> words_in(const spec::Node& node) {
  if (node.is_scalar()) return {node.text};
  std::vector<std::string> words;
  for (const spec::NodePtr& item : node.items) words.push_back(spec::stated_label(*item));
  return words;
}

void read_rules(const spec::Entry* rules, std::vector<RuleNote>* notes) {
  if (!rules) return;
  for (const spec::NodePtr& rule : rules->value->items) {
    const Entry *when = rule->find("when"), *set = rule->find("set");
    if (!set) continue;
    std::vector<std::string> conditions;
    for (const Entry& condition : when ? when->value->entries : std::vector<Entry>())
      conditions.push_back(condition.key + " " + joined(words_in(*condition.value), " or "));
    for (const Entry& entry : set->value->entries) {
      RuleNote note;
      note.key = entry.key;
      note.text = "A rule sets " + spec::stated_label(*entry.value) +
                  (conditions.empty() ? std::string(" in all cells")
                                      : " where the cell has " + joined(conditions, " and ")) +
                  " (" + file_of(entry.at) + ", line " + std::to_string(entry.at.line) + ").";
      note.layer = entry.at.source->layer;
      const std::string slot = entry.key.substr(0, entry.key.find('.'));
      if (const Entry* plugins = when ? when->value->find(slot) : nullptr)
        note.plugins = words_in(*plugins->value);
      notes->push_back(std::move(note));
    }
  }
}

class Groups {
 public:
  Groups(const FormOutline& outline, const Facts& facts)
      : outline_(outline),
        facts_(facts),
        settings_(spec::parse_settings(*outline.merged, ignored_)),
        below_(spec::parse_settings(*outline.below, ignored_)) {
    read_rules(outline.merged->find("overrides"), &rules_);
    grid_ = outline.merged->find("grid");
    if (grid_) read_rules(grid_->value->find("overrides"), &rules_);
  }

  std::vector<FormGroup> read() {
    add_top();
    for (const std::string& section : spec::section_names()) add_section(section);
    for (const std::string& slot : spec::slot_names()) {
      const Entry* axis = grid_ ? grid_->value->find(slot) : nullptr;
      axis ? add_axis(slot, *axis) : add_slot(slot);
    }
    for (const auto& [name, use] : settings_.environments) add_environment(name, use);
    add_section("prepare");
    return std::move(groups_);
  }

 private:
  // `below`: what the files that the spec extends state.
  FormField field(const ParamInfo& info, const std::string& key, const Entry* entry,
                  const Entry* below, FieldPlace place) {
    FormField field;
    field.key = key;
    field.name = info.name;
    field.info = info;
    field.place = std::move(place);
    field.otherwise = below ? field_text(info, *below->value) : default_text(info);
    field.suggestions = suggestions(key, info);
    if (!entry) {
      field.value = field.otherwise;
      return field;
    }
    field.value = field_text(info, *entry->value);
    field.origin = origin_of(outline_, entry->at);
    field.from = file_of(entry->at);
    field.at = entry->value->at;
    spec::Errors errors;
    const bool spelt_out = info.type == ParamType::kEnvironment && entry->value->is_map();
    if (!spelt_out) spec::scalar_value(info, *entry->value, key, errors);
    if (!errors.empty()) {
      const std::string text = errors.sorted().front().text;
      const size_t words = text.find(key + ": ");
      field.error = words == std::string::npos ? text : text.substr(words + key.size() + 2);
    }
    return field;
  }

  std::vector<std::string> suggestions(const std::string& key, const ParamInfo& info) const {
    if (key == "data.name") return facts_.data_sets;
    if (info.type == ParamType::kModel) return facts_.models;
    if (info.type == ParamType::kEnvironment) return names_for("environment", outline_, facts_);
    return {};
  }

  // What rules say about a key; `plugin` is that of the parameter, if it is one.
  std::string rule_note(const std::string& key, const std::string& plugin, int layer) const {
    std::string text;
    for (const RuleNote& rule : rules_) {
      const bool holds =
          rule.plugins.empty() || plugin.empty() ||
          std::any_of(rule.plugins.begin(), rule.plugins.end(),
                      [&](const std::string& name) { return equal_without_case(name, plugin); });
      // A later layer than the rule's wins over it.
      if (rule.key != key || !holds || layer > rule.layer) continue;
      text += (text.empty() ? "" : "\n") + rule.text;
    }
    return text;
  }

  int layer_of(const Entry* entry) const { return entry ? entry->at.source->layer : -1; }

  void add_values(const std::string& section, const std::vector<Entry>& entries,
                  const std::vector<Entry>& below, const spec::Path& path, FormGroup* group) {
    for (const ParamInfo& info : spec::declared_settings(section)) {
      const std::string key = section.empty() ? info.name : section + "." + info.name;
      if (key == "seeds") continue;  // a list of its own
      const Entry* entry = entry_in(entries, info.name);
      spec::Path at = path;
      at.emplace_back(info.name);
      group->fields.push_back(
          field(info, key, entry, entry_in(below, info.name), {Kind::kValue, at, "", "", ""}));
      FormField& added = group->fields.back();
      added.note = rule_note(key, "", layer_of(entry));
      if (!section.empty() && section != "prepare") added.axis = key;
    }
  }

  void add_top() {
    FormGroup group{"", "experiment", "the name, and what guards the file", "", {}};
    add_values("", outline_.merged->entries, outline_.below->entries, {}, &group);
    groups_.push_back(std::move(group));
  }

  void add_section(const std::string& section) {
    FormGroup group{section, section, about_section(section), "", {}};
    const auto entries = [&](const spec::NodePtr& document) {
      const Entry* entry = document->find(section);
      return entry ? entry->value->entries : std::vector<Entry>();
    };
    add_values(section, entries(outline_.merged), entries(outline_.below), {section}, &group);
    groups_.push_back(std::move(group));
  }

  // `dotted` names the use as an axis or a rule would; empty for an item of an axis. `below` is the use
  // that the files below state; it may be null.
  void add_parameters(const spec::UseSetting& use, const spec::UseSetting* below,
                      const std::string& slot, const spec::Path& path, const std::string& dotted,
                      FormGroup* group) {
    if (use.none() || use.wrong) return;
    const std::string kind = slot == "environment" ? slot : spec::kind_of(slot);
    const std::string rules_of = (slot == "environment" ? dotted : slot) + ".";
    const bool declared = kind == "environment" && slot != "environment" &&
                          !spec::declared_environments(settings_, use.name).empty();
    const spec::PluginInfo* plugin =
        declared ? nullptr : find_plugin(facts_.plugins, kind, use.name);
    if (declared) group->about = "the environment declared as " + printable(use.name);
    if (plugin) {
      group->about = plugin->summary;
      const bool same = below && equal_without_case(below->name, use.name);
      for (const ParamInfo& info : plugin->params) {
        const Entry* entry = entry_in(use.params, info.name);
        group->fields.push_back(field(info, group->id + "." + info.name, entry,
                                      same ? entry_in(below->params, info.name) : nullptr,
                                      {Kind::kParameter, path, slot, use.name, info.name}));
        group->fields.back().note = rule_note(rules_of + info.name, use.name, layer_of(entry));
        if (!dotted.empty()) group->fields.back().axis = dotted + "." + info.name;
      }
    }
    for (const ParamInfo& info :
         spec::fields_of(slot).empty() ? std::vector<ParamInfo>() : spec::declared_settings(slot)) {
      const Entry* entry = entry_in(use.fields, info.name);
      group->fields.push_back(field(info, group->id + "." + info.name, entry,
                                    below ? entry_in(below->fields, info.name) : nullptr,
                                    {Kind::kOfSlot, path, slot, "", info.name}));
      group->fields.back().note = rule_note(rules_of + info.name, "", layer_of(entry));
      if (!dotted.empty()) group->fields.back().axis = dotted + "." + info.name;
    }
  }

  FormField plugin_choice(const spec::UseSetting* use, const spec::UseSetting* below,
                          const std::string& slot, const std::string& key, const spec::Path& path) {
    const std::string kind = slot == "environment" ? slot : spec::kind_of(slot);
    ParamInfo info{slot == "environment" ? "plugin" : slot,
                   ParamType::kChoice,
                   std::string("none"),
                   {},
                   names_for(slot, outline_, facts_),
                   "the " + kind + " that is used"};
    FormField choice;
    choice.key = key;
    choice.name = info.name;
    choice.place = {Kind::kPlugin, path, slot, "", ""};
    choice.value = use ? use->name : "none";
    choice.otherwise = below ? below->name : "none";
    if (use && use->at.source) {
      choice.origin = origin_of(outline_, use->at);
      choice.from = file_of(use->at);
      choice.at = use->at;
    }
    // A name in another spelling means the same plugin.
    for (const std::string& name : info.choices) {
      if (equal_without_case(name, choice.value)) choice.value = name;
    }
    if (std::find(info.choices.begin(), info.choices.end(), choice.value) == info.choices.end())
      info.choices.push_back(choice.value);
    choice.info = std::move(info);
    return choice;
  }

  void add_slot(const std::string& slot) {
    const auto found = settings_.slots.find(slot);
    const spec::UseSetting* use = found == settings_.slots.end() ? nullptr : &found->second;
    const auto lower = below_.slots.find(slot);
    const spec::UseSetting* below = lower == below_.slots.end() ? nullptr : &lower->second;
    FormGroup group{slot, slot + (use ? ": " + use->name : ""), "", "", {}};
    group.fields.push_back(plugin_choice(use, below, slot, slot, {slot}));
    if (use) add_parameters(*use, below, slot, {slot}, slot, &group);
    groups_.push_back(std::move(group));
  }

  void add_axis(const std::string& slot, const Entry& axis) {
    for (size_t i = 0; i < axis.value->items.size(); ++i) {
      const std::string id = spec::numbered("grid." + slot, i);
      const auto use = spec::parse_use(slot, axis.value->items[i], id, ignored_);
      if (!use || use->none()) continue;
      FormGroup group{id, slot + ": " + (use->label.empty() ? use->name : use->label), "", "", {}};
      add_parameters(*use, nullptr, slot, {"grid", slot, i}, "", &group);
      if (!group.fields.empty()) groups_.push_back(std::move(group));
    }
  }

  void add_environment(const std::string& name, const spec::UseSetting& use) {
    const std::string id = "environments." + name;
    FormGroup group{id, "environment " + name + ": " + use.name, "", "", {}};
    const spec::Path path = {"environments", name};
    const auto lower = below_.environments.find(name);
    const spec::UseSetting* below = lower == below_.environments.end() ? nullptr : &lower->second;
    group.fields.push_back(plugin_choice(&use, below, "environment", id, path));
    add_parameters(use, below, "environment", path, id, &group);
    groups_.push_back(std::move(group));
  }

  const FormOutline& outline_;
  const Facts& facts_;
  spec::Errors ignored_;  // whoever checks the spec reports them
  const spec::Settings settings_, below_;
  const Entry* grid_ = nullptr;
  std::vector<RuleNote> rules_;
  std::vector<FormGroup> groups_;
};

}  // namespace

std::vector<std::string> names_for(const std::string& slot, const FormOutline& outline,
                                   const Facts& facts) {
  const std::string kind = slot == "environment" ? slot : spec::kind_of(slot);
  std::vector<std::string> names;
  const bool may_be_empty = slot != "backbone" && slot != "framework" && slot != "environment";
  if (may_be_empty) names.push_back("none");
  if (kind == "environment") {
    const Entry* declared = outline.merged->find("environments");
    for (const Entry& entry : declared ? declared->value->entries : std::vector<Entry>())
      names.push_back(entry.key);
  }
  for (const spec::PluginInfo& plugin : facts.plugins.all()) {
    if (plugin.kind != kind || (slot == "state" && !plugin.gives_state)) continue;
    const std::string name = short_name(facts.plugins, plugin);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<FormGroup> read_groups(const FormOutline& outline, const Facts& facts) {
  return Groups(outline, facts).read();
}

}  // namespace lea::gui
