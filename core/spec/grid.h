// The grid of a spec: its axes, those whose values a `zip` pairs, the cells that `exclude` leaves out
// and `include` adds, and the rules under `overrides` that change settings in some cells.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/spec/resolver.h"
#include "core/spec/settings.h"

namespace lea::spec {

// The name of the axis whose values are bundles.
inline constexpr const char* kVariant = "variant";

struct AxisValue {
  NodePtr node;
  std::string label;          // unique on its axis
  UseSetting use;             // the plugin, when the axis is a slot
  std::vector<Entry> bundle;  // what it sets, when the axis is `variant`: slots and dotted keys
  int64_t seed = 0;           // of the runs, when the axis is `seed`
};

struct Axis {
  std::string key;  // a slot, a dotted key such as train.learning_rate, or `variant`
  Location at;
  std::vector<AxisValue> values;
  bool is_plugin = false;  // the key is a slot
  bool is_bundle = false;  // the key is `variant`
  bool is_seed = false;    // the key is `seed`, in a zip
};

// A factor of the product that the grid is: one axis, or the axes of a `zip`. Each row has one value
// for each of the axes, by index. Values that only added cells have are in no row.
struct Factor {
  std::vector<size_t> axes;
  std::vector<std::vector<int>> rows;
};

// Assigns the values `set` in the cells that fulfil every condition. A cell fulfils one when its
// slot holds one of these plugins.
struct Rule {
  struct Condition {
    std::string slot;
    std::vector<std::string> ids;  // full plugin ids, declared environments, or "none"
  };
  std::vector<Condition> when;
  std::vector<Entry> set;  // keys are dotted
};

// A combination of the grid without a seed: the index of the value on each axis. -1 on an axis that
// a cell under `include` does not name, where the setting at the top of the spec holds.
using Cell = std::vector<int>;

class Grid {
 public:
  // Reads `grid` and `overrides` of the merged spec.
  Grid(const Node& root, const Settings& defaults, Resolver& resolver, Errors& errors);

  const std::vector<Axis>& axes() const { return axes_; }
  // The number of runs before exclusion. Above 100,000 it is 0, with the reason in the errors.
  // Expands nothing, so that a spec cannot exhaust the memory.
  size_t size(size_t seeds) const;
  // Calls `visit` for each cell that is not excluded, the last axis fastest, then for each added
  // cell.
  void for_each(const std::function<void(const Cell&)>& visit) const;
  // The settings of a cell: those at the top of the spec, then the values on its axes, then the
  // rules that it fulfils. A rule does not replace a value that a later layer states.
  Settings settings(const Cell& cell) const;

 private:
  // An entry of `exclude`. A cell matches when it has, on every axis in the map, one of these
  // values.
  struct Pattern {
    std::map<size_t, std::vector<int>> values;  // indices of values, by index of the axis
  };

  void read_axes(const Node& grid);
  void read_axis(const Entry& entry);
  void read_zip(const NodePtr& node);
  void read_zipped(const Node& node, const std::string& key);
  // An axis without values. Empty, with the reason in the errors, when the entry is none.
  std::optional<Axis> start_axis(const Entry& entry, const std::string& key, bool zipped);
  bool add_value(Axis& axis, const NodePtr& node, const std::string& key);
  bool read_bundle(const Node& node, const std::string& key, AxisValue* value);
  void check_bundles();
  void check_no_axis(const std::string& key, const Location& at, const std::string& shown);
  void label_values(Axis& axis);
  void check_values(const Axis& axis);
  void read_exclude(const Node& node);
  void read_include(const Node& node);
  bool read_pattern(const Node& node, const std::string& key, Pattern* pattern);
  // The index of the value, -1 when the axis lacks it.
  static int find_value(const Axis& axis, const Node& node);
  Axis* find_axis(const Entry& entry, const std::string& key);
  void read_rules(const Node& node);
  void read_when(const Node& node, Rule* rule);
  void read_set(const Node& node, Rule* rule);
  // `also` are words that are allowed in the place of a key.
  bool known_key(const std::string& key, const Location& at, const std::string& shown,
                 const std::vector<std::string>& also = {});
  bool excluded(const Cell& cell) const;
  bool holds(const Rule& rule, const Settings& settings) const;

  const Settings& defaults_;
  Resolver& resolver_;
  Errors& errors_;
  Location at_;
  std::vector<Axis> axes_;
  std::vector<Factor> factors_;
  std::vector<Pattern> exclude_;
  std::vector<Cell> include_;
  std::vector<Rule> rules_;
};

}  // namespace lea::spec
