#include "core/spec/grid.h"

#include <algorithm>

#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/spec/default_label.h"
#include "core/spec/keys.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

using nlohmann::json;

constexpr size_t kMaxRuns = 100000;

bool is_grid_key(const std::string& key) {
  const std::vector<KeyInfo>& keys = grid_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const KeyInfo& known) { return known.name == key; });
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
    if (entry.key == "zip") {
      read_zip(entry.value);
    } else if (!is_grid_key(entry.key)) {
      read_axis(entry);
    }
  }
  if (const Entry* exclude = grid.find("exclude")) read_exclude(*exclude->value);
  if (const Entry* include = grid.find("include")) read_include(*include->value);
  check_bundles();
}

// Whether a spec can assign a value to this key. Whether a plugin has the parameter is checked when
// the plugin is known.
bool Grid::known_key(const std::string& key, const Location& at, const std::string& shown,
                     const std::vector<std::string>& also) {
  const size_t dot = key.find('.');
  const std::string head = key.substr(0, dot);
  const std::string rest = dot == std::string::npos ? "" : key.substr(dot + 1);
  if (is_slot(head) && (dot == std::string::npos || !rest.empty())) return true;
  if (is_section(head) && dot != std::string::npos) {
    const std::vector<std::string> names = names_of(declared_settings(head));
    if (std::find(names.begin(), names.end(), rest) != names.end()) return true;
    errors_.add(
        at, shown,
        "unknown key" + did_you_mean(rest, names) + " (`" + head + "` has: " + joined(names) + ")");
    return false;
  }
  const size_t inner = rest.find('.');
  if (head == "environments" && inner != std::string::npos) {
    const std::string name = rest.substr(0, inner);
    const std::vector<std::string> names = declared_environments(defaults_, name);
    if (names.size() == 1) return true;
    errors_.add(at, shown, not_one_environment(name, names));
    return false;
  }
  if (head == "environments" && !rest.empty()) {
    errors_.add(at, shown,
                "must name a parameter, as in environments." + rest +
                    ".PARAMETER; a whole environment is stated under `environments` at the top of "
                    "a spec, or by --set");
    return false;
  }
  std::vector<std::string> allowed = slot_names();
  allowed.insert(allowed.end(), also.begin(), also.end());
  std::string hint = did_you_mean(key, allowed);
  for (const std::string& section : section_names()) {
    const std::vector<std::string> names = names_of(declared_settings(section));
    if (hint.empty() && std::find(names.begin(), names.end(), key) != names.end()) {
      hint = ", did you mean `" + section + "." + key + "`?";
    }
  }
  if (key == "seed" || key == "seeds") hint = "; `seeds` stands at the top of a spec";
  errors_.add(at, shown,
              "unknown key" + hint + " (allowed: " + joined(allowed) +
                  ", or a dotted key such as train.learning_rate)");
  return false;
}

std::optional<Axis> Grid::start_axis(const Entry& entry, const std::string& key, bool zipped) {
  Axis axis;
  axis.key = entry.key;
  axis.at = entry.at;
  axis.is_plugin = is_slot(entry.key);
  axis.is_bundle = entry.key == kVariant;
  axis.is_seed = zipped && entry.key == kRunSeed;
  std::vector<std::string> also = names_of(grid_keys());
  also.insert(also.begin(), kVariant);
  const bool special = axis.is_bundle || axis.is_seed;
  if (!special && !known_key(entry.key, entry.at, key, also)) return std::nullopt;
  if (!entry.value->is_list() || entry.value->items.empty()) {
    errors_.add(entry.value->at, key,
                axis.is_bundle ? "must be a list of bundles, such as [{SNQN: {framework: snqn}}]"
                               : "must be a list of values, such as [a, b]");
    return std::nullopt;
  }
  const auto same = [&](const Axis& other) {
    return canonical_key(defaults_, other.key) == canonical_key(defaults_, entry.key);
  };
  if (std::any_of(axes_.begin(), axes_.end(), same)) {
    errors_.add(entry.at, key,
                in_backticks(entry.key) +
                    " is already an axis of this grid; an axis stands once, "
                    "under `grid` or in a `zip`");
    return std::nullopt;
  }
  if (layer_at(defaults_, entry.key) > entry.value->at.source->layer) {
    errors_.add(entry.at, key,
                "is an axis, and " + in_backticks(entry.key) +
                    " is set later to one value; set the axis (" + printable(key) + ") instead");
  }
  return axis;
}

void Grid::read_axis(const Entry& entry) {
  const std::string key = "grid." + entry.key;
  std::optional<Axis> axis = start_axis(entry, key, /*zipped=*/false);
  if (!axis) return;
  Factor factor{{axes_.size()}, {}};
  for (size_t i = 0; i < entry.value->items.size(); ++i) {
    if (!add_value(*axis, entry.value->items[i], numbered(key, i))) continue;
    factor.rows.push_back({static_cast<int>(axis->values.size()) - 1});
  }
  label_values(*axis);
  check_values(*axis);
  axes_.push_back(std::move(*axis));
  factors_.push_back(std::move(factor));
}

bool Grid::add_value(Axis& axis, const NodePtr& node, const std::string& key) {
  AxisValue value{node, stated_label(*node), {}, {}};
  if (axis.is_bundle && !read_bundle(*node, key, &value)) return false;
  if (axis.is_plugin) {
    const auto use = parse_use(axis.key, node, key, errors_);
    if (!use) return false;
    value.use = *use;
  }
  if (axis.is_seed) {
    const ParamInfo info{kRunSeed, ParamType::kInteger, int64_t{1}, {1, 9e15}, {}, ""};
    const nlohmann::json seed = scalar_value(info, *node, key, errors_);
    if (seed.is_null()) return false;
    value.seed = seed.get<int64_t>();
  }
  axis.values.push_back(std::move(value));
  return true;
}

void Grid::label_values(Axis& axis) {
  if (!axis.is_plugin) return;
  std::map<std::string, int> named;
  for (const AxisValue& value : axis.values) ++named[lower(value.use.name)];
  for (AxisValue& value : axis.values) {
    const UseSetting& use = value.use;
    const bool alone = named[lower(use.name)] == 1;
    value.label = !use.label.empty() ? use.label : alone ? use.name : long_label(use);
  }
}

void Grid::check_values(const Axis& axis) {
  std::map<std::string, size_t> labels;
  for (size_t i = 0; i < axis.values.size(); ++i) {
    const std::string& label = axis.values[i].label;
    const auto [first, added] = labels.emplace(axis.is_bundle ? lower(label) : label, i);
    if (added) continue;
    errors_.add(axis.values[i].node->at, numbered("grid." + axis.key, i),
                std::string("has the same ") + (axis.is_bundle ? "name " : "label ") +
                    in_backticks(label) + " as [" + std::to_string(first->second) +
                    "]; remove it, or " +
                    (axis.is_bundle ? "name it otherwise" : "tell them apart with `label`"));
  }
}

size_t Grid::size(size_t seeds) const {
  size_t runs = seeds;
  bool overflow = false;
  for (const Factor& factor : factors_) {
    overflow = overflow || __builtin_mul_overflow(runs, factor.rows.size(), &runs);
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
  std::vector<size_t> row(factors_.size(), 0);
  Cell cell(axes_.size(), 0);
  for (bool more = std::none_of(factors_.begin(), factors_.end(),
                                [](const Factor& factor) { return factor.rows.empty(); });
       more;) {
    for (size_t i = 0; i < factors_.size(); ++i) {
      const Factor& factor = factors_[i];
      for (size_t j = 0; j < factor.axes.size(); ++j) {
        cell[factor.axes[j]] = factor.rows[row[i]][j];
      }
    }
    if (!excluded(cell)) visit(cell);
    more = false;
    for (size_t i = factors_.size(); i-- > 0 && !more;) {
      more = ++row[i] < factors_[i].rows.size();
      if (!more) row[i] = 0;
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
  for (const bool slots : {true, false}) {
    for (size_t i = 0; i < axes_.size(); ++i) {
      if (cell[i] < 0) continue;
      const AxisValue& value = axes_[i].values[static_cast<size_t>(cell[i])];
      if (!axes_[i].is_bundle && axes_[i].is_plugin == slots) {
        assign(settings, axes_[i].key, axes_[i].at, value.node, errors_);
      }
      for (const Entry& entry : value.bundle) {
        if (is_slot(entry.key) == slots) {
          assign(settings, entry.key, entry.at, entry.value, errors_);
        }
      }
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
