#include "core/report/run_csv.h"

#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "core/base/csv.h"
#include "core/report/labels.h"
#include "core/spec/run_spec.h"

namespace lea::report {
namespace {

using nlohmann::json;

// Columns stand in the order of their groups, and by name within a group.
enum Group { kOfRun, kLabels = 100, kSettings, kTest, kValid, kResult };
using Column = std::pair<int, std::string>;
using Cells = std::map<Column, std::string>;

std::string cell(const json& value) {
  if (value.is_null()) return "";
  if (value.is_number()) return value.dump();
  if (value.is_string()) return csv_field(value.get_ref<const std::string&>());
  return csv_field(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

// A label such as -0.5 is a number, which csv_field would take for a formula.
std::string label_cell(const std::string& label) {
  if (label == "-") return "";
  char* end = nullptr;
  std::strtod(label.c_str(), &end);
  return !label.empty() && *end == '\0' ? label : csv_field(label);
}

// Adds a cell for each leaf of an object. A list is a leaf.
void add_leaves(const json& object, Group group, const std::string& prefix, Cells* cells) {
  if (!object.is_object()) return;
  for (const auto& [key, value] : object.items()) {
    if (value.is_object()) {
      add_leaves(value, group, prefix + key + ".", cells);
    } else if (!value.is_null()) {
      (*cells)[{group, prefix + key}] = cell(value);
    }
  }
}

void add_metrics(const std::map<std::string, double>& metrics, Group group,
                 const std::string& prefix, Cells* cells) {
  for (const auto& [name, value] : metrics) (*cells)[{group, prefix + name}] = cell(value);
}

Cells cells_of(const RunView& view) {
  const db::RunRow& run = view.run;
  const std::vector<std::pair<std::string, json>> facts = {
      {"uuid", run.uuid},       {"experiment", run.experiment}, {"state", run.state},
      {"seed", run.seed},       {"source", run.source},         {"reason", run.reason},
      {"created", run.created}, {"finished", run.finished},     {"hash", run.run_hash}};
  Cells cells;
  for (size_t i = 0; i < facts.size(); ++i)
    cells[{kOfRun + static_cast<int>(i), facts[i].first}] = cell(facts[i].second);
  std::set<std::string> axes(slots().begin(), slots().end());
  for (const auto& [axis, label] : run.labels) axes.insert(axis);
  for (const std::string& axis : axes)
    cells[{kLabels, "label." + axis}] = label_cell(label_of(run, axis));
  json settings = spec::with_added_defaults(run.spec);
  if (settings.is_object()) settings.erase("seed");  // stands among the facts
  add_leaves(settings, kSettings, "", &cells);
  add_metrics(view.metrics.test, kTest, "", &cells);
  add_metrics(view.metrics.valid, kValid, "valid.", &cells);
  json result = run.result;
  if (result.is_object()) result.erase("metrics");
  add_leaves(result, kResult, "result.", &cells);
  return cells;
}

}  // namespace

std::string runs_csv(const std::vector<RunView>& views) {
  std::vector<Cells> rows;
  // A run without facts gives the columns of an empty list.
  Cells columns = cells_of({});
  for (const RunView& view : views) {
    rows.push_back(cells_of(view));
    columns.insert(rows.back().begin(), rows.back().end());
  }
  std::string text;
  for (const auto& [column, unused] : columns)
    text += (text.empty() ? "" : ",") + csv_field(column.second);
  text += '\n';
  for (const Cells& row : rows) {
    std::string line;
    bool first = true;
    for (const auto& [column, unused] : columns) {
      if (!std::exchange(first, false)) line += ',';
      if (const auto found = row.find(column); found != row.end()) line += found->second;
    }
    text += line + "\n";
  }
  return text;
}

}  // namespace lea::report
