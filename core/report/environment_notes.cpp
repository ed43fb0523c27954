#include "core/report/environment_notes.h"

#include <map>
#include <set>
#include <utility>

#include "core/base/text.h"
#include "core/report/figure_text.h"
#include "core/report/json_path.h"
#include "core/spec/collapsed_state.h"
#include "core/spec/wide_state.h"

namespace lea::report {
namespace {

// Calls `visit` with the id and the parameters of the plugin and of those in its parameters.
// `plugin` is {"id", "params"}; anything else is no plugin.
template <class Visit>
void visit_plugins(const nlohmann::json& plugin, const Visit& visit) {
  if (!plugin.is_object() || !plugin.contains("params") || !plugin.at("params").is_object()) return;
  const std::string id = text_at(plugin, "id");
  if (id.empty()) return;
  visit(id, plugin.at("params"));
  for (const nlohmann::json& value : plugin.at("params")) visit_plugins(value, visit);
}

constexpr const char* kSlots[] = {"reward", "state", "augment"};

template <class Visit>
void visit_plugins(const Member& member, const char* slot, const Visit& visit) {
  const nlohmann::json* plugin = find_path(member.run.spec, slot);
  if (plugin != nullptr) visit_plugins(*plugin, visit);
}

template <class Visit>
void visit_plugins(const Member& member, const Visit& visit) {
  for (const char* slot : kSlots) visit_plugins(member, slot, visit);
}

// "hoisted (lea.le)" for each order in the run; "hoisted (lea.le in reward)" where plugins of one id
// have several.
std::set<std::string> orders_of(const Member& member) {
  std::map<std::string, std::map<std::string, std::vector<std::string>>> slots;  // by id and order
  for (const char* slot : kSlots) {
    visit_plugins(member, slot, [&](const std::string& id, const nlohmann::json& params) {
      const std::string order = text_at(params, "order");
      if (order.empty()) return;
      std::vector<std::string>& of_order = slots[id][order];
      if (of_order.empty() || of_order.back() != slot) of_order.push_back(slot);
    });
  }
  std::set<std::string> texts;
  for (const auto& [id, orders] : slots) {
    for (const auto& [order, of_order] : orders) {
      const std::string where = orders.size() > 1 ? " in " + joined(of_order, " and ") : "";
      texts.insert(order + " (" + id + where + ")");
    }
  }
  return texts;
}

void add_orders(const Pivot& pivot, std::vector<std::string>* notes) {
  std::map<std::string, std::vector<std::string>> rows;  // by "hoisted (lea.le)"
  for (const Row& row : pivot.rows) {
    std::set<std::string> orders;
    for (const Member& member : row.finished) orders.merge(orders_of(member));
    for (const std::string& order : orders) rows[order].push_back(row.name);
  }
  if (rows.empty()) return;
  std::vector<std::string> parts;
  for (const auto& [order, of_order] : rows)
    parts.push_back(order + (rows.size() > 1 ? " in " + joined(of_order) : ""));
  notes->push_back("Order of prompts: " + joined(parts, "; ") + ".");
}

// The keys of the artefacts that the run used, by the plugin that made them, for plugins with a
// seed.
std::map<std::string, std::set<std::string>> seeded_artefacts(const Member& member) {
  std::set<std::string> seeded;
  visit_plugins(member, [&](const std::string& id, const nlohmann::json& params) {
    if (params.contains("seed")) seeded.insert(id);
  });
  static const std::string kOf = " of ";
  std::map<std::string, std::set<std::string>> keys;
  for (const run::UsedArtefact& used : member.result.artefacts) {
    const size_t of = used.name.find(kOf);  // "rewards of lea.le"
    if (of == std::string::npos) continue;
    const std::string id = used.name.substr(of + kOf.size());
    if (seeded.contains(id)) keys[id].insert(used.key);
  }
  return keys;
}

void add_conditions(const Pivot& pivot, std::vector<std::string>* notes) {
  std::vector<std::string> names;
  std::set<std::string> plugins;
  for (const Row& row : pivot.rows) {
    if (row.finished.size() < 2) continue;
    std::map<std::string, std::set<std::set<std::string>>> used;  // by plugin, each different use
    std::map<std::string, size_t> users;
    for (const Member& member : row.finished) {
      for (const auto& [id, keys] : seeded_artefacts(member)) {
        used[id].insert(keys);
        ++users[id];
      }
    }
    bool one = false;
    for (const auto& [id, uses] : used) {
      if (uses.size() > 1 || users[id] < row.finished.size()) continue;
      one = true;
      plugins.insert(id);
    }
    if (one) names.push_back(row.name);
  }
  if (names.empty()) return;
  notes->push_back(
      "One environment: " + joined(names) + ": all runs of " +
      (names.size() > 1 ? "each row" : "the row") + " share one making of " +
      joined({plugins.begin(), plugins.end()}) +
      ", with one seed of its own. So the interval over runs is conditional on it: it "
      "does not contain how much another seed of the environment changes. `zip: {seed: "
      "[1, 2], environments.NAME.seed: [1, 2]}` gives each run its own.");
}

// Rows whose Q-head reads an environment's state that is much wider than the hidden state beside it.
void add_wide_states(const Pivot& pivot, std::vector<std::string>* notes) {
  std::map<std::pair<int64_t, int64_t>, std::vector<std::string>> rows;  // by the two widths
  for (const Row& row : pivot.rows) {
    std::set<std::pair<int64_t, int64_t>> widths;
    for (const Member& member : row.finished) {
      const auto& training = member.result.training;
      spec::StateSection use;
      use.combine = text_at(member.run.spec, "state_use.combine");
      use.project = number_at(member.run.spec, "state_use.project").value_or(0) != 0 ? 1 : 0;
      if (!training || !spec::is_joined_raw(use) || training->backbone_width == 0) continue;
      if (spec::is_wide_state(training->state_width, training->backbone_width))
        widths.emplace(training->state_width, training->backbone_width);
    }
    for (const auto& of_row : widths) rows[of_row].push_back(row.name);
  }
  for (const auto& [widths, names] : rows) {
    notes->push_back("Wide state: " + joined(names) + ": " +
                     spec::wide_state_text(widths.first, widths.second));
  }
}

// The values of one figure of the artefacts of one name that a row used.
using Spans = std::map<std::string, Span>;  // by "states of lea.le"

// For each row the artefacts whose figure is above the bound, as "states of lea.le .95".
std::map<std::string, std::vector<std::string>> rows_above(const Pivot& pivot, const char* figure,
                                                           double bound, bool with_value) {
  std::map<std::string, std::vector<std::string>> rows;  // by their artefacts
  for (const Row& row : pivot.rows) {
    Spans spans;
    for (const Member& member : row.finished) {
      for (const run::UsedArtefact& used : member.result.artefacts) {
        const auto value = used.quality.find(figure);
        if (value == used.quality.end() || !(value->second > bound)) continue;
        spans.try_emplace(used.name, Span{value->second, value->second})
            .first->second.add(value->second);
      }
    }
    if (spans.empty()) continue;
    std::vector<std::string> artefacts;
    for (const auto& [name, span] : spans)
      artefacts.push_back(name + (with_value ? " " + span_text(span) : ""));
    rows[joined(artefacts)].push_back(row.name);
  }
  return rows;
}

// What the makers of artefacts warned of, as far as their figures show it.
void add_warnings(const Pivot& pivot, std::vector<std::string>* notes) {
  for (const auto& [artefacts, rows] : rows_above(pivot, "diverged", 0, false)) {
    notes->push_back("Diverged: " + joined(rows) + ": " + artefacts +
                     ": the training diverged, and the parameters from before that are used. State "
                     "a lower `learning_rate`, more `warm_up_steps`, or `clip: 1`.");
  }
  for (const auto& [artefacts, rows] :
       rows_above(pivot, "state_cosine", spec::kCollapsedCosine, true)) {
    notes->push_back("Collapsed states: " + joined(rows) + ": state_cosine of " + artefacts +
                     ": states of different histories are nearly equal, so they tell the "
                     "recommender little. " +
                     spec::kCollapsedAdvice + ".");
  }
  for (const auto& [artefacts, rows] : rows_above(pivot, "items_without_text", 0, true)) {
    notes->push_back("Items without text: " + joined(rows) + ": " + artefacts +
                     ". The environment cannot tell these items apart. Import the data set again "
                     "with texts for them, or name more columns of texts.");
  }
}

}  // namespace

std::vector<std::string> environment_notes(const Pivot& pivot) {
  std::vector<std::string> notes;
  add_orders(pivot, &notes);
  add_conditions(pivot, &notes);
  add_wide_states(pivot, &notes);
  add_warnings(pivot, &notes);
  return notes;
}

}  // namespace lea::report
