#include "core/spec/settings.h"

#include <algorithm>

#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/section_json.h"
#include "core/spec/sections.h"

namespace lea::spec {
namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string form_of(const std::string& slot) {
  std::string form = "must be a name, or {name: {parameter: value}}";
  if (slot == "state") form += ", or {of: environment, combine: ..., project: ...}";
  if (slot == "augment") form += ", or {of: augmenter, supervised_weight: ..., ...}";
  return form;
}

void put(std::vector<Entry>& entries, Entry entry) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& e) { return e.key == entry.key; });
  if (found == entries.end()) {
    entries.push_back(std::move(entry));
  } else {
    *found = std::move(entry);
  }
}

const Entry* get(const std::vector<Entry>& entries, const std::string& key) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

bool read_label(const Entry& entry, const std::string& key, UseSetting* use, Errors& errors) {
  if (!entry.value->is_scalar() || entry.value->text.empty()) {
    errors.add(entry.value->at, key + ".label", "must be text");
    return false;
  }
  use->label = entry.value->text;
  return true;
}

// Reads the form {of: le, combine: replace}.
std::optional<UseSetting> parse_use_with_fields(const std::string& slot, const Node& node,
                                                const std::string& key, Errors& errors) {
  const Entry* of = node.find("of");
  if (!of) {
    errors.add(node.at, key, "lacks `of`, the " + kind_of(slot) + " that it is about");
    return std::nullopt;
  }
  std::optional<UseSetting> use = parse_use(kind_of(slot), of->value, key + ".of", errors);
  if (!use) return std::nullopt;
  for (const Entry& entry : node.entries) {
    if (entry.key == "of") continue;
    if (entry.key == "label") {
      if (!read_label(entry, key, &*use, errors)) return std::nullopt;
      continue;
    }
    use->fields.push_back(entry);
  }
  return use;
}

// Reads the form {sasrec: {blocks: 2}, label: deep}.
std::optional<UseSetting> parse_named_use(const std::string& slot, const Node& node,
                                          const std::string& key, Errors& errors) {
  UseSetting use;
  const Entry* named = nullptr;
  for (const Entry& entry : node.entries) {
    if (entry.key == "label") {
      if (!read_label(entry, key, &use, errors)) return std::nullopt;
    } else if (named) {
      errors.add(entry.at, key,
                 "names two plugins, " + in_backticks(named->key) + " and " +
                     in_backticks(entry.key) +
                     "; parameters stand one level deeper: {name: {parameter: value}}");
      return std::nullopt;
    } else {
      named = &entry;
    }
  }
  if (!named) {
    errors.add(node.at, key, form_of(slot));
    return std::nullopt;
  }
  if (!named->value->is_map()) {
    errors.add(named->value->at, key + "." + named->key,
               "must be a map of parameters; write {} for none");
    return std::nullopt;
  }
  use.name = named->key;
  use.at = named->at;
  use.params = named->value->entries;
  return use;
}

// Stands for a value that has been refused. Without it, the slot would be reported as empty as
// well.
UseSetting wrong_use(const Location& at) {
  UseSetting use;
  use.at = at;
  use.wrong = true;
  return use;
}

// "framework.gamma" as "framework" and "gamma"; the rest is empty without a dot.
struct DottedKey {
  explicit DottedKey(const std::string& key) {
    const size_t dot = key.find('.');
    head = key.substr(0, dot);
    if (dot != std::string::npos) rest = key.substr(dot + 1);
  }
  std::string head, rest;
};

// The slot or environment that a key is about, and what of it: the name of a setting or parameter, or
// "" for itself. Null when the settings state no such slot or environment.
std::pair<const UseSetting*, std::string> use_and_name(const Settings& settings,
                                                       const DottedKey& key) {
  if (is_slot(key.head)) {
    const auto slot = settings.slots.find(key.head);
    return {slot == settings.slots.end() ? nullptr : &slot->second, key.rest};
  }
  const size_t dot = key.rest.find('.');
  const auto environment = settings.environments.find(key.rest.substr(0, dot));
  if (key.head != "environments" || dot == std::string::npos ||
      environment == settings.environments.end())
    return {nullptr, ""};
  return {&environment->second, key.rest.substr(dot + 1)};
}

void parse_environments(const Node& node, Settings* settings, Errors& errors) {
  if (!node.is_map()) {
    errors.add(node.at, "environments", "must be a map of names to environments");
    return;
  }
  for (const Entry& entry : node.entries) {
    const std::string key = "environments." + entry.key;
    if (equal_without_case(entry.key, "none") || entry.key.empty()) {
      errors.add(entry.at, key, "an environment cannot have this name");
      continue;
    }
    const auto use = parse_use("environment", entry.value, key, errors);
    if (use) settings->environments[entry.key] = *use;
  }
}

const std::vector<ParamInfo>& top_settings() {
  static const std::vector<ParamInfo> infos = {
      {"name",
       ParamType::kText,
       std::string(),
       {},
       {},
       "name of the experiment (default: that of the file)"},
      {"seeds",
       ParamType::kIntegers,
       std::vector<int64_t>(),
       {1, 9e15},
       {},
       "each cell of the grid is run with each of them"},
      {"runs",
       ParamType::kInteger,
       int64_t{1},
       {1, 100000},
       {},
       "number of runs that the grid must have, so that a spec that was cut off is refused"}};
  return infos;
}

}  // namespace

const std::vector<ParamInfo>& declared_settings(const std::string& section) {
  static const std::map<std::string, const std::vector<ParamInfo>*> sections = {
      {"", &top_settings()},
      {"data", &infos_of<DataSection>()},
      {"split", &infos_of<SplitSection>()},
      {"train", &infos_of<TrainSection>()},
      {"negatives", &infos_of<NegativesSection>()},
      {"evaluate", &infos_of<EvaluateSection>()},
      {"state", &infos_of<StateSection>()},
      {"augment", &infos_of<AugmentSection>()},
      {"prepare", &infos_of<PrepareSection>()}};
  static const std::vector<ParamInfo> none;
  const auto found = sections.find(section);
  return found == sections.end() ? none : *found->second;
}

const std::vector<std::string>& section_names() {
  static const std::vector<std::string> names = {"data", "split", "train", "negatives", "evaluate"};
  return names;
}

const std::vector<std::string>& slot_names() {
  static const std::vector<std::string> names = {"backbone", "framework", "reward", "state",
                                                 "augment"};
  return names;
}

bool is_section(const std::string& name) { return contains(section_names(), name); }
bool is_slot(const std::string& name) { return contains(slot_names(), name); }

std::string kind_of(const std::string& slot) {
  if (slot == "reward" || slot == "state") return "environment";
  return slot == "augment" ? "augmenter" : slot;
}

const std::vector<std::string>& fields_of(const std::string& slot) {
  static const std::vector<std::string> state = names_of(declared_settings("state"));
  static const std::vector<std::string> augment = names_of(declared_settings("augment"));
  static const std::vector<std::string> other;
  return slot == "state" ? state : slot == "augment" ? augment : other;
}

std::optional<UseSetting> parse_use(const std::string& slot, const NodePtr& node,
                                    const std::string& key, Errors& errors) {
  if (node->is_scalar() && !node->text.empty()) {
    UseSetting use;
    use.name = equal_without_case(node->text, "none") ? "none" : node->text;
    use.at = node->at;
    return use;
  }
  if (!node->is_map()) {
    errors.add(node->at, key, form_of(slot));
    return std::nullopt;
  }
  const std::vector<std::string>& fields = fields_of(slot);
  const bool with_fields =
      !fields.empty() &&
      std::any_of(node->entries.begin(), node->entries.end(),
                  [&](const Entry& e) { return e.key == "of" || contains(fields, e.key); });
  return with_fields ? parse_use_with_fields(slot, *node, key, errors)
                     : parse_named_use(slot, *node, key, errors);
}

Settings parse_settings(const Node& root, Errors& errors) {
  Settings settings;
  for (const Entry& entry : root.entries) {
    if (is_section(entry.key)) {
      if (entry.value->is_map()) {
        settings.sections[entry.key] = entry.value->entries;
      } else {
        errors.add(entry.value->at, entry.key, "must be a map of settings");
      }
    } else if (is_slot(entry.key)) {
      const auto use = parse_use(entry.key, entry.value, entry.key, errors);
      settings.slots[entry.key] = use ? *use : wrong_use(entry.value->at);
    } else if (entry.key == "environments") {
      parse_environments(*entry.value, &settings, errors);
    }
  }
  return settings;
}

std::vector<std::string> declared_environments(const Settings& settings, const std::string& name) {
  std::vector<std::string> declared;
  for (const auto& [other, use] : settings.environments) declared.push_back(other);
  return meanings(name, declared);
}

std::string not_one_environment(const std::string& name, const std::vector<std::string>& meant) {
  if (meant.empty()) return "no environment " + in_backticks(name) + " is declared";
  return in_backticks(name) + " can mean " + printable(joined(meant, " or ")) +
         "; write one of them exactly";
}

std::string slot_named(const std::string& key) {
  const DottedKey parts(key);
  const bool of = parts.rest == "of" && !fields_of(parts.head).empty();
  return of ? parts.head : key;
}

std::string canonical_key(const Settings& settings, const std::string& key) {
  const std::string head = "environments.";
  const size_t end = key.find('.', head.size());
  if (!key.starts_with(head) || end == std::string::npos) return key;
  const std::string name = key.substr(head.size(), end - head.size());
  const std::vector<std::string> names = declared_environments(settings, name);
  return names.size() == 1 ? head + names.front() + key.substr(end) : key;
}

const Entry* stated_entry(const Settings& settings, const std::string& stated_key) {
  const DottedKey key(canonical_key(settings, stated_key));
  if (is_section(key.head)) {
    const auto section = settings.sections.find(key.head);
    return section == settings.sections.end() ? nullptr : get(section->second, key.rest);
  }
  const auto [use, name] = use_and_name(settings, key);
  if (!use) return nullptr;
  const Entry* field = get(use->fields, name);
  return field ? field : get(use->params, name);
}

int layer_at(const Settings& settings, const std::string& stated_key) {
  const auto [use, name] = use_and_name(settings, DottedKey(canonical_key(settings, stated_key)));
  if (use && is_slot(slot_named(stated_key))) return use->at.source ? use->at.source->layer : -1;
  const Entry* entry = stated_entry(settings, stated_key);
  return entry ? entry->value->at.source->layer : -1;
}

bool assign(Settings& settings, const std::string& stated_key, const Location& at,
            const NodePtr& value, Errors& errors) {
  const std::string key = canonical_key(settings, stated_key);
  const auto [head, rest] = DottedKey(key);
  if (is_section(head) && !rest.empty()) {
    put(settings.sections[head], {rest, at, value});
    return true;
  }
  if (is_slot(head)) {
    if (slot_named(key) == head) {
      auto use = parse_use(rest.empty() ? head : kind_of(head), value, key, errors);
      if (!use) use = wrong_use(value->at);
      std::vector<Entry> fields = rest.empty() ? use->fields : settings.slots[head].fields;
      settings.slots[head] = *use;
      settings.slots[head].fields = std::move(fields);
      return true;
    }
    UseSetting& use = settings.slots[head];
    put(contains(fields_of(head), rest) ? use.fields : use.params, {rest, at, value});
    return true;
  }
  const size_t inner = rest.find('.');
  if (head != "environments" || inner == std::string::npos) return false;
  const auto environment = settings.environments.find(rest.substr(0, inner));
  if (environment == settings.environments.end()) return false;
  put(environment->second.params, {rest.substr(inner + 1), at, value});
  return true;
}

}  // namespace lea::spec
