#include "core/spec/grid.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/spec/param_json.h"
#include "core/spec/sections.h"

namespace lea::spec {
namespace {

using nlohmann::json;

constexpr size_t kMaxRuns = 100000;

std::vector<std::string> names_in_section(const std::string& section) {
  if (section == "data") return names_of(describe_params<DataSection>());
  if (section == "split") return names_of(describe_params<SplitSection>());
  if (section == "train") return names_of(describe_params<TrainSection>());
  if (section == "negatives") return names_of(describe_params<NegativesSection>());
  return names_of(describe_params<EvaluateSection>());
}

// A label such as "sasrec(blocks=2)", for a plugin that is on an axis with several parameters.
std::string long_label(const UseSetting& use) {
  std::string inner;
  for (const std::vector<Entry>* entries : {&use.params, &use.fields}) {
    for (const Entry& entry : *entries) {
      const json value = plain_json(*entry.value);
      inner += (inner.empty() ? "" : ", ") + entry.key + "=" +
               (value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return inner.empty() ? use.name : use.name + "(" + inner + ")";
}

std::string label_of(const Node& node) {
  if (node.is_scalar()) return node.text;
  return plain_json(node).dump();
}

}  // namespace

Grid::Grid(const Node& root, const Settings& defaults, Resolver& resolver, Errors& errors)
    : defaults_(defaults), resolver_(resolver), errors_(errors), at_(root.at) {
  if (const Entry* grid = root.find("grid")) {
    at_ = grid->at;
    if (grid->value->is_map()) {
      read_axes(*grid->value);
    } else {
      errors_.add(grid->value->at, "grid",
                  "must be a map of axes, such as {framework: [snqn, sa2c]}");
    }
  }
  if (const Entry* rules = root.find("overrides")) read_rules(*rules->value);
  if (const Entry* grid = root.find("grid")) {
    if (const Entry* rules = grid->value->find("overrides")) read_rules(*rules->value);
  }
}

void Grid::read_axes(const Node& grid) {
  for (const Entry& entry : grid.entries) {
    if (entry.key != "exclude" && entry.key != "include" && entry.key != "overrides") {
      read_axis(entry);
    }
  }
  if (const Entry* exclude = grid.find("exclude")) read_exclude(*exclude->value);
  if (const Entry* include = grid.find("include")) read_include(*include->value);
}

// Whether a spec can assign a value to this key. Whether a plugin has the parameter is checked when
// the plugin is known.
bool Grid::known_key(const std::string& key, const Location& at, const std::string& shown) {
  const size_t dot = key.find('.');
  const std::string head = key.substr(0, dot);
  const std::string rest = dot == std::string::npos ? "" : key.substr(dot + 1);
  if (is_slot(head) && (dot == std::string::npos || !rest.empty())) return true;
  if (is_section(head) && dot != std::string::npos) {
    const std::vector<std::string> names = names_in_section(head);
    if (std::find(names.begin(), names.end(), rest) != names.end()) return true;
    errors_.add(
        at, shown,
        "unknown key" + did_you_mean(rest, names) + " (`" + head + "` has: " + joined(names) + ")");
    return false;
  }
  const size_t inner = rest.find('.');
  if (head == "environments" && inner != std::string::npos) {
    if (defaults_.environments.contains(rest.substr(0, inner))) return true;
    errors_.add(at, shown,
                "no environment " + in_backticks(rest.substr(0, inner)) + " is declared");
    return false;
  }
  std::string hint = did_you_mean(key, slot_names());
  for (const std::string& section : section_names()) {
    const std::vector<std::string> names = names_in_section(section);
    if (hint.empty() && std::find(names.begin(), names.end(), key) != names.end()) {
      hint = ", did you mean `" + section + "." + key + "`?";
    }
  }
  if (key == "seed" || key == "seeds") hint = "; `seeds` stands at the top of a spec";
  errors_.add(at, shown,
              "unknown key" + hint + " (allowed: " + joined(slot_names()) +
                  ", or a dotted key such as train.learning_rate)");
  return false;
}

void Grid::read_axis(const Entry& entry) {
  const std::string key = "grid." + entry.key;
  if (!known_key(entry.key, entry.at, key)) return;
  if (!entry.value->is_list() || entry.value->items.empty()) {
    errors_.add(entry.value->at, key, "must be a list of values, such as [a, b]");
    return;
  }
  Axis axis;
  axis.key = entry.key;
  axis.at = entry.at;
  axis.is_plugin = is_slot(entry.key);
  if (layer_at(defaults_, entry.key) > entry.value->at.source->layer) {
    errors_.add(entry.at, key,
                "is an axis, and " + in_backticks(entry.key) +
                    " is set later to one value; set the axis (grid." + printable(entry.key) +
                    ") instead");
  }
  for (size_t i = 0; i < entry.value->items.size(); ++i) {
    add_value(axis, entry.value->items[i], key + "[" + std::to_string(i) + "]");
  }
  axis.crossed = axis.values.size();
  label_values(axis);
  check_values(axis);
  axes_.push_back(std::move(axis));
}

bool Grid::add_value(Axis& axis, const NodePtr& node, const std::string& key) {
  AxisValue value{node, label_of(*node), {}};
  if (axis.is_plugin) {
    const auto use = parse_use(axis.key, node, key, errors_);
    if (!use) return false;
    value.use = *use;
  }
  axis.values.push_back(std::move(value));
  return true;
}

void Grid::label_values(Axis& axis) {
  if (!axis.is_plugin) return;
  std::map<std::string, int> named;
  for (const AxisValue& value : axis.values) ++named[value.use.name];
  for (AxisValue& value : axis.values) {
    const UseSetting& use = value.use;
    value.label = !use.label.empty() ? use.label : named[use.name] > 1 ? long_label(use) : use.name;
  }
}

void Grid::check_values(const Axis& axis) {
  std::map<std::string, size_t> labels;
  for (size_t i = 0; i < axis.values.size(); ++i) {
    const auto [first, added] = labels.emplace(axis.values[i].label, i);
    if (added) continue;
    errors_.add(axis.values[i].node->at, "grid." + axis.key + "[" + std::to_string(i) + "]",
                "has the same label " + in_backticks(axis.values[i].label) + " as [" +
                    std::to_string(first->second) +
                    "]; remove it, or tell them apart with `label`");
  }
}

size_t Grid::size(size_t seeds) const {
  size_t runs = seeds;
  bool overflow = false;
  for (const Axis& axis : axes_) {
    overflow = overflow || __builtin_mul_overflow(runs, axis.crossed, &runs);
  }
  overflow = overflow || __builtin_add_overflow(runs, include_.size() * seeds, &runs);
  if (!overflow && runs <= kMaxRuns) return runs;
  errors_.add(at_, "grid",
              "has " + (overflow ? std::string("more than 10^19") : std::to_string(runs)) +
                  " runs, but at most " + std::to_string(kMaxRuns) + " are allowed");
  return 0;
}

bool Grid::excluded(const Cell& cell) const {
  return std::any_of(exclude_.begin(), exclude_.end(), [&](const Pattern& pattern) {
    return std::all_of(pattern.values.begin(), pattern.values.end(), [&](const auto& named) {
      const auto& [axis, values] = named;
      return std::find(values.begin(), values.end(), cell[axis]) != values.end();
    });
  });
}

void Grid::for_each(const std::function<void(const Cell&)>& visit) const {
  Cell cell(axes_.size(), 0);
  for (bool more = std::none_of(axes_.begin(), axes_.end(),
                                [](const Axis& axis) { return axis.crossed == 0; });
       more;) {
    if (!excluded(cell)) visit(cell);
    more = false;
    for (size_t i = axes_.size(); i-- > 0 && !more;) {
      more = ++cell[i] < static_cast<int>(axes_[i].crossed);
      if (!more) cell[i] = 0;
    }
  }
  for (const Cell& added : include_) visit(added);
}

bool Grid::holds(const Rule& rule, const Settings& settings) const {
  return std::all_of(rule.when.begin(), rule.when.end(), [&](const Rule::Condition& condition) {
    const auto found = settings.slots.find(condition.slot);
    const UseSetting use = found == settings.slots.end() ? UseSetting() : found->second;
    const std::string id = use.none() ? "none"
                                      : resolver_.id_of(settings, kind_of(condition.slot), use.name,
                                                        use.at, condition.slot);
    return std::find(condition.ids.begin(), condition.ids.end(), id) != condition.ids.end();
  });
}

Settings Grid::settings(const Cell& cell) const {
  Settings settings = defaults_;
  // A slot is assigned before its parameters, whatever the order of the axes. It would erase them.
  for (const bool plugins : {true, false}) {
    for (size_t i = 0; i < axes_.size(); ++i) {
      if (axes_[i].is_plugin != plugins || cell[i] < 0) continue;
      const AxisValue& value = axes_[i].values[static_cast<size_t>(cell[i])];
      assign(settings, axes_[i].key, axes_[i].at, value.node, errors_);
    }
  }
  std::vector<const Rule*> holding;
  for (const Rule& rule : rules_) {
    if (holds(rule, settings)) holding.push_back(&rule);
  }
  for (const Rule* rule : holding) {
    for (const Entry& entry : rule->set) {
      if (layer_at(settings, entry.key) > entry.at.source->layer) continue;
      assign(settings, entry.key, entry.at, entry.value, errors_);
    }
  }
  return settings;
}

}  // namespace lea::spec
