// The grid of a spec: axes, cells that are left out or added, and rules that adjust cells.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/spec/resolver.h"
#include "core/spec/settings.h"

namespace lea::spec {

struct AxisValue {
  NodePtr node;
  std::string label;  // unique on its axis
  UseSetting use;     // of a slot
};

struct Axis {
  std::string key;  // a slot, or a dotted key such as train.learning_rate
  Location at;
  std::vector<AxisValue> values;
  size_t crossed = 0;      // the first so many form the grid; the rest belong to added cells
  bool is_plugin = false;  // the key is a slot
};

// For the cells whose slots hold one of the named plugins: assign these values.
struct Rule {
  struct Condition {
    std::string slot;
    std::vector<std::string> ids;  // full plugin ids, declared environments, or "none"
  };
  std::vector<Condition> when;
  std::vector<Entry> set;  // keys are dotted
};

// One point of the grid: the index of the value on each axis; -1 where an an added cell does not
// name it.
using Cell = std::vector<int>;

class Grid {
 public:
  // Reads `grid` and `overrides` of the merged spec.
  Grid(const Node& root, const Settings& defaults, Resolver& resolver, Errors& errors);

  const std::vector<Axis>& axes() const { return axes_; }
  // Cells before exclusion. Reports more than 100,000 runs, before anything is expanded, and
  // returns 0.
  size_t size(size_t seeds) const;
  // Calls `visit` for each cell that is not excluded, in grid order: the last axis fastest; added
  // cells last.
  void for_each(const std::function<void(const Cell&)>& visit) const;
  // The settings of a cell: defaults, then its axis values, then the rules that hold for it. A rule
  // gives way to what a later layer states.
  Settings settings(const Cell& cell) const;

 private:
  struct Pattern {  // of exclude: a cell matches when every named axis has one of these values
    std::map<size_t, std::vector<int>> values;
  };

  void read_axes(const Node& grid);
  void read_axis(const Entry& entry);
  bool add_value(Axis& axis, const NodePtr& node, const std::string& key);
  void label_values(Axis& axis);
  void check_values(const Axis& axis);
  void read_exclude(const Node& node);
  void read_include(const Node& node);
  bool read_pattern(const Node& node, const std::string& key, Pattern* pattern);
  // -1 when the axis lacks it.
  static int find_value(const Axis& axis, const Node& node);
  Axis* find_axis(const Entry& entry, const std::string& key);
  void read_rules(const Node& node);
  void read_when(const Node& node, Rule* rule);
  void read_set(const Node& node, Rule* rule);
  bool known_key(const std::string& key, const Location& at, const std::string& shown);
  bool excluded(const Cell& cell) const;
  bool holds(const Rule& rule, const Settings& settings) const;

  const Settings& defaults_;
  Resolver& resolver_;
  Errors& errors_;
  Location at_;
  std::vector<Axis> axes_;
  std::vector<Pattern> exclude_;
  std::vector<Cell> include_;
  std::vector<Rule> rules_;
};

}  // namespace lea::spec
