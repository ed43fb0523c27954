#include "gui/model/run_query.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "core/base/error.h"
#include "core/eval/ranks.h"
#include "core/report/labels.h"

namespace lea::gui {
namespace {

constexpr size_t kSample = 50;

// The columns that SQL sorts as the command line does. It compares numbers inside of names by their
// digits, so that "study_10" would come before "study_2".
const std::set<std::string> kColumns = {"seed", "state", "created", "finished"};

// The metric that a field names: "ndcg@20" of the test, or "valid.ndcg@20".
struct MetricField {
  std::string name, metric, part;
  int64_t k = 0;
};

std::optional<MetricField> metric_of(const std::string& field) {
  if (field.find('@') == std::string::npos) return std::nullopt;
  MetricField found;
  const bool valid = field.starts_with("valid.");
  found.part = valid ? "valid" : "test";
  found.name = valid ? field.substr(6) : field;
  try {
    std::tie(found.metric, found.k) = eval::parse_metric(found.name);
  } catch (const Error&) {
    return std::nullopt;  // as a setting whose name has an @
  }
  return found;
}

// The order by a column or a metric is SQL's. "age" is "created" the other way round.
std::optional<db::RunOrder> stored_order(const RunQuery& query) {
  db::RunOrder order;
  order.descending = query.descending;
  if (kColumns.contains(query.sort_field)) {
    order.column = query.sort_field;
    return order;
  }
  if (query.sort_field == "age") {
    order.descending = !query.descending;
    return order;
  }
  if (const auto metric = metric_of(query.sort_field)) {
    order.metric = metric->metric;
    order.part = metric->part;
    order.k = metric->k;
    return order;
  }
  return std::nullopt;
}

// Calls `visit` for the runs of the query with the metrics that the fields name.
void visit_views(const db::Store& store, const RunQuery& query,
                 const std::vector<std::string>& fields, const std::function<bool()>& cancelled,
                 const std::function<void(const report::RunView&)>& visit) {
  struct Values {
    MetricField field;
    std::map<std::string, double> by_uuid;
  };
  std::vector<Values> metrics;
  for (const std::string& field : fields) {
    if (const auto metric = metric_of(field))
      metrics.push_back({*metric, store.metric(metric->metric, metric->part, metric->k)});
  }
  store.visit(query.experiment, [&](db::RunRow&& run) {
    if (cancelled()) return false;
    report::RunView view{std::move(run), {}};
    for (const Values& values : metrics) {
      const auto value = values.by_uuid.find(view.run.uuid);
      if (value == values.by_uuid.end()) continue;
      auto& part = values.field.part == "valid" ? view.metrics.valid : view.metrics.test;
      part[values.field.name] = value->second;
    }
    visit(view);
    return true;
  });
}

std::vector<std::string> sorted_by(std::vector<std::pair<report::FieldValue, std::string>> keys,
                                   bool descending) {
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& left, const auto& right) {
    const report::FieldValue &a = left.first, &b = right.first;
    if (a.present != b.present) return a.present;  // runs without the field come last
    const report::FieldValue &first = descending ? b : a, &second = descending ? a : b;
    if (a.number && b.number) return *first.number < *second.number;
    return report::natural_less(first.text, second.text);
  });
  std::vector<std::string> uuids;
  for (auto& [key, uuid] : keys) uuids.push_back(std::move(uuid));
  return uuids;
}

}  // namespace

std::vector<std::string> sampled_fields(const db::Store& store) {
  std::vector<std::string> uuids = store.listing("", {});
  if (uuids.size() > kSample) uuids.resize(kSample);
  for (const auto& [experiment, uuid] : store.examples()) uuids.push_back(uuid);
  return report::known_fields(views_of(store, uuids));
}

std::vector<std::string> matching_runs(const db::Store& store, const RunQuery& query,
                                       const std::vector<std::string>& fields,
                                       const std::function<bool()>& cancelled) {
  const report::Filter filter(query.expression, fields);
  const auto order = stored_order(query);
  if (!order) report::check_field(query.sort_field, fields, "sort");
  if (filter.empty() && order) return store.listing(query.experiment, *order);
  std::vector<std::string> read = filter.fields();
  if (!order) read.push_back(query.sort_field);
  std::vector<std::pair<report::FieldValue, std::string>> found;
  visit_views(store, query, read, cancelled, [&](const report::RunView& view) {
    if (!filter.matches(view)) return;
    found.emplace_back(order ? report::FieldValue() : report::field_of(view, query.sort_field),
                       view.run.uuid);
  });
  if (cancelled()) return {};
  if (!order) return sorted_by(std::move(found), query.descending);
  std::unordered_set<std::string> matching;
  for (auto& [key, uuid] : found) matching.insert(std::move(uuid));
  std::vector<std::string> uuids = store.listing(query.experiment, *order);
  std::erase_if(uuids, [&](const std::string& uuid) { return !matching.contains(uuid); });
  return uuids;
}

std::vector<report::RunView> views_of(const db::Store& store,
                                      const std::vector<std::string>& uuids) {
  std::vector<report::RunView> views;
  for (db::RunRow& run : store.rows(uuids)) {
    const auto results = store.results_of(run.uuid);
    views.push_back(report::view_of(std::move(run), results));
  }
  return views;
}

}  // namespace lea::gui
