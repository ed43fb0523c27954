// How a grid reads bundles and `zip`.
#include <algorithm>

#include "core/base/text.h"
#include "core/spec/grid.h"
#include "core/spec/param_json.h"

namespace lea::spec {
namespace {

std::string key_in_bundle(const AxisValue& bundle, const std::string& key) {
  return std::string("grid.") + kVariant + "." + bundle.label + "." + key;
}

}  // namespace

bool Grid::read_bundle(const Node& node, const std::string& key, AxisValue* value) {
  if (!node.is_map() || node.entries.size() != 1 || node.entries[0].key.empty()) {
    errors_.add(node.at, key,
                "must be a bundle: a name, and a map of what it sets, such as {LER: {framework: "
                "sa2c, reward: le}}");
    return false;
  }
  const Entry& named = node.entries[0];
  value->label = named.key;
  if (!named.value->is_map()) {
    errors_.add(named.value->at, key + "." + named.key,
                "must be a map of what the bundle sets; write {} for nothing");
    return false;
  }
  bool good = true;
  for (const Entry& entry : named.value->entries) {
    const std::string shown = key_in_bundle(*value, entry.key);
    bool fits = known_key(entry.key, entry.at, shown);
    if (fits && is_slot(entry.key)) {
      fits = parse_use(entry.key, entry.value, shown, errors_).has_value();
    }
    if (fits && layer_at(defaults_, entry.key) > entry.value->at.source->layer) {
      errors_.add(entry.at, shown,
                  "is set by a bundle, and " + in_backticks(entry.key) +
                      " is set later to one value; change the bundle (grid." + kVariant +
                      ") instead");
    }
    if (fits) value->bundle.push_back(entry);
    good = good && fits;
  }
  return good;
}

void Grid::check_no_axis(const std::string& key, const Location& at, const std::string& shown) {
  const auto plain = [&](const std::string& name) {
    return canonical_key(defaults_, slot_named(name));
  };
  for (const Axis& axis : axes_) {
    if (plain(axis.key) != plain(key)) continue;
    errors_.add(at, shown,
                in_backticks(axis.key) +
                    " is an axis of this grid, so no bundle may set it; remove one of the two");
  }
}

// A bundle sets a key by its name, or as a parameter of the plugin that it puts into a slot.
void Grid::check_bundles() {
  for (const Axis& axis : axes_) {
    for (const AxisValue& value : axis.values) {
      for (const Entry& entry : value.bundle) {
        const std::string shown = key_in_bundle(value, entry.key);
        check_no_axis(entry.key, entry.at, shown);
        if (!is_slot(entry.key)) continue;
        const auto use = parse_use(entry.key, entry.value, shown, errors_);
        for (const std::vector<Entry>* settings : {&use->params, &use->fields}) {
          for (const Entry& setting : *settings) {
            const std::string dotted = entry.key + "." + setting.key;
            check_no_axis(dotted, setting.at, key_in_bundle(value, dotted));
          }
        }
      }
    }
  }
}

void Grid::read_zip(const NodePtr& node) {
  const std::string key = "grid.zip";
  if (node->is_map()) return read_zipped(*node, key);
  for (size_t i = 0; node->is_list() && i < node->items.size(); ++i) {
    if (node->items[i]->is_map()) read_zipped(*node->items[i], numbered(key, i));
  }
  const bool fits =
      node->is_list() && std::all_of(node->items.begin(), node->items.end(),
                                     [](const NodePtr& item) { return item->is_map(); });
  if (fits) return;
  errors_.add(node->at, key,
              "must be a map of axes whose values go together, such as {train.batch_size: [100, "
              "200], train.learning_rate: [0.001, 0.002]}, or a list of such maps");
}

void Grid::read_zipped(const Node& node, const std::string& key) {
  if (node.entries.size() < 2) {
    errors_.add(node.at, key, "must pair at least two axes; a single one stands under `grid`");
  }
  const Entry* first = nullptr;
  Factor factor;
  bool good = true;
  for (const Entry& entry : node.entries) {
    const std::string axis_key = key + "." + entry.key;
    std::optional<Axis> axis = start_axis(entry, axis_key, /*zipped=*/true);
    good = good && axis;
    if (!axis) continue;
    const std::vector<NodePtr>& items = entry.value->items;
    if (!first) {
      first = &entry;
      factor.rows.resize(items.size());
    } else if (items.size() != factor.rows.size()) {
      errors_.add(entry.value->at, axis_key,
                  "has " + counted(std::ssize(items), "value") + ", but " +
                      in_backticks(first->key) + " has " + std::to_string(factor.rows.size()) +
                      "; the values of a zip go together one by one");
      good = false;
    }
    for (size_t i = 0; i < items.size(); ++i) {
      // The same value may go together with several of another axis.
      int index = find_value(*axis, *items[i]);
      if (index < 0 && add_value(*axis, items[i], numbered(axis_key, i))) {
        index = static_cast<int>(axis->values.size()) - 1;
      }
      good = good && index >= 0;
      if (i < factor.rows.size()) factor.rows[i].push_back(index);
    }
    if (axis->is_seed && good && axis->values.size() < items.size()) {
      errors_.add(entry.value->at, axis_key,
                  "must be a list of different seeds, such as [1, 2, 3]");
    }
    label_values(*axis);
    check_values(*axis);
    factor.axes.push_back(axes_.size());
    axes_.push_back(std::move(*axis));
  }
  if (!good) factor.rows.clear();
  for (size_t i = 0; i < factor.rows.size(); ++i) {
    const auto before = factor.rows.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = std::find(factor.rows.begin(), before, factor.rows[i]);
    if (same == before) continue;
    errors_.add(first->value->items[i]->at, key,
                "the values [" + std::to_string(i) + "] of all axes repeat the values [" +
                    std::to_string(same - factor.rows.begin()) + "]; remove them");
  }
  factors_.push_back(std::move(factor));
}

}  // namespace lea::spec
