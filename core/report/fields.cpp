// Reads the fields of a run by name.
#include <algorithm>
#include <ctime>
#include <set>

#include "core/base/clock.h"
#include "core/report/filter.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"

namespace lea::report {
namespace {

// The fields that every run has besides its slots.
const std::vector<std::string> kFixed = {"uuid",   "experiment", "state",    "seed", "source",
                                         "reason", "created",    "finished", "age"};

FieldValue of_text(const std::string& text) { return {!text.empty(), text, std::nullopt}; }

FieldValue of_number(double number) { return {true, nlohmann::json(number).dump(), number}; }

FieldValue of_json(const nlohmann::json* value) {
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) return of_text(value->get_ref<const std::string&>());
  FieldValue field = {true, value->dump(), std::nullopt};
  if (value->is_number()) field.number = value->get<double>();
  return field;
}

FieldValue of_metric(const std::map<std::string, double>& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? FieldValue() : of_number(found->second);
}

FieldValue of_label(const db::RunRow& run, const std::string& axis) {
  const std::string label = label_of(run, axis);
  FieldValue field = of_text(label);
  char* end = nullptr;
  const double number = std::strtod(label.c_str(), &end);
  if (!label.empty() && *end == '\0') field.number = number;
  return field;
}

FieldValue age_of(const db::RunRow& run) {
  const auto created = parse_utc(run.created);
  if (!created) return {};
  return of_number(std::difftime(std::time(nullptr), *created) / 3600);
}

}  // namespace

FieldValue field_of(const RunView& view, const std::string& field) {
  const db::RunRow& run = view.run;
  if (field == "uuid") return of_text(run.uuid);
  if (field == "experiment") return of_text(run.experiment);
  if (field == "state") return of_text(run.state);
  if (field == "seed") return of_number(static_cast<double>(run.seed));
  if (field == "source") return of_text(run.source);
  if (field == "reason") return of_text(run.reason);
  if (field == "created") return of_text(run.created);
  if (field == "finished") return of_text(run.finished);
  if (field == "age") return age_of(run);
  if (field.rfind("valid.", 0) == 0) return of_metric(view.metrics.valid, field.substr(6));
  if (field.rfind("result.", 0) == 0) return of_json(find_path(run.result, field.substr(7)));
  if (field.rfind("label.", 0) == 0) return of_label(run, field.substr(6));
  if (field.find('@') != std::string::npos) return of_metric(view.metrics.test, field);
  const bool slot = std::find(slots().begin(), slots().end(), field) != slots().end();
  if (slot || run.labels.count(field) != 0) return of_label(run, field);
  return of_json(find_path(run.spec, field));
}

std::vector<std::string> known_fields(const std::vector<RunView>& views) {
  std::set<std::string> fields(kFixed.begin(), kFixed.end());
  for (const std::string& slot : slots()) {
    fields.insert("label." + slot);
    if (slot != "state") fields.insert(slot);
  }
  for (const RunView& view : views) {
    for (const auto& [name, value] : view.metrics.test) fields.insert(name);
    for (const auto& [name, value] : view.metrics.valid) fields.insert("valid." + name);
    for (const auto& [axis, label] : view.run.labels) {
      fields.insert("label." + axis);
      fields.insert(axis);
    }
    for (const auto& [path, leaf] : flatten(view.run.spec)) fields.insert(path);
    for (const auto& [path, leaf] : flatten(view.run.result)) fields.insert("result." + path);
  }
  return {fields.begin(), fields.end()};
}

}  // namespace lea::report
