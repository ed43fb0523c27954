#include "core/report/listing.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/report/columns.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/report/pivot.h"
#include "core/spec/run_spec.h"

namespace lea::report {
namespace {

// The test metric with the name that early stopping used, otherwise NDCG at the largest cut.
std::string main_metric(const RunView& view) {
  const std::string stop = text_at(view.run.spec, "train.stop_on");
  if (view.metrics.test.count(stop) != 0) return stop;
  const std::vector<int64_t> k = protocol_of(view.run).k;
  return "ndcg@" + std::to_string(*std::max_element(k.begin(), k.end()));
}

std::string age_text(const RunView& view) {
  const std::optional<double> hours = field_of(view, "age").number;
  if (!hours) return "";
  const double minutes = std::max(0.0, *hours * 60);
  if (minutes < 60) return std::to_string(std::llround(minutes)) + " min";
  if (minutes < 48 * 60) return std::to_string(std::llround(minutes / 60)) + " h";
  return std::to_string(std::llround(minutes / 60 / 24)) + " d";
}

// The length at which prefixes of the uuids are unique, at least 8.
size_t prefix_length(const std::vector<RunView>& views) {
  std::vector<std::string> uuids;
  for (const RunView& view : views) uuids.push_back(view.run.uuid);
  std::sort(uuids.begin(), uuids.end());
  size_t length = 8;
  for (size_t i = 1; i < uuids.size(); ++i) {
    const std::string &a = uuids[i - 1], &b = uuids[i];
    const size_t same = static_cast<size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<int64_t>(std::min(a.size(), b.size())),
                      b.begin())
            .first -
        a.begin());
    length = std::max(length, same + 1);
  }
  return length;
}

void sort_views(const std::string& sort, std::vector<RunView>* views) {
  const bool turned = sort[0] == '-';
  const std::string field = turned ? sort.substr(1) : sort;
  check_field(field, known_fields(*views), "--sort");
  const bool descending = (field.find('@') != std::string::npos) != turned;
  std::vector<std::pair<FieldValue, size_t>> keys;
  for (size_t i = 0; i < views->size(); ++i) keys.emplace_back(field_of((*views)[i], field), i);
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& left, const auto& right) {
    const FieldValue &a = left.first, &b = right.first;
    if (a.present != b.present) return a.present;  // runs without the field come last
    const FieldValue &first = descending ? b : a, &second = descending ? a : b;
    if (a.number && b.number) return *first.number < *second.number;
    return natural_less(first.text, second.text);
  });
  std::vector<RunView> sorted;
  for (const auto& [value, i] : keys) sorted.push_back(std::move((*views)[i]));
  *views = std::move(sorted);
}

nlohmann::ordered_json to_json(const RunView& view) {
  const db::RunRow& run = view.run;
  nlohmann::ordered_json document = {{"uuid", run.uuid},       {"experiment", run.experiment},
                                     {"labels", run.labels},   {"seed", run.seed},
                                     {"state", run.state},     {"reason", run.reason},
                                     {"created", run.created}, {"finished", run.finished},
                                     {"source", run.source},   {"hash", run.run_hash}};
  document["metrics"] = {{"valid", view.metrics.valid}, {"test", view.metrics.test}};
  return document;
}

std::string dump(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string list_runs(std::vector<RunView> views, const std::string& filter,
                      const ListOptions& options) {
  const size_t all = views.size();
  const size_t length = prefix_length(views);
  const Filter matching(filter, known_fields(views));
  if (!options.sort.empty()) sort_views(options.sort, &views);
  std::erase_if(views, [&](const RunView& view) { return !matching.matches(view); });
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const RunView& view : views) list.push_back(to_json(view));
    return dump(list);
  }
  std::vector<std::vector<std::string>> grid = {
      {"run", "experiment", "cell", "seed", "state", "test", "age"}};
  for (const RunView& view : views) {
    const std::string metric = options.sort.find('@') == std::string::npos
                                   ? main_metric(view)
                                   : options.sort.substr(options.sort[0] == '-' ? 1 : 0);
    const FieldValue value = field_of(view, metric);
    grid.push_back({view.run.uuid.substr(0, length), printable(view.run.experiment),
                    printable(describe(view.run)), std::to_string(view.run.seed), view.run.state,
                    value.number ? metric + " " + fixed(*value.number) : "", age_text(view)});
  }
  std::string text = align_columns(grid);
  text += std::to_string(views.size()) + (views.size() == 1 ? " run" : " runs");
  if (views.size() != all) text += " of " + std::to_string(all);
  return text + "\n";
}

std::string run_details(const RunView& view, const std::string& lab, const DetailOptions& options) {
  const db::RunRow& run = view.run;
  const eval::Protocol own = protocol_of(run);
  const auto ranks = read_ranks(lab, run.uuid, "test");
  nlohmann::ordered_json tables = nlohmann::ordered_json::array();
  nlohmann::ordered_json sliced = nlohmann::ordered_json::object();
  std::vector<std::vector<std::string>> grid = {{"part", "seen items", "ties"}};
  for (const int64_t k : own.k) {
    for (const char* metric : {"HR@", "NDCG@", "MRR@"})
      grid[0].push_back(metric + std::to_string(k));
  }
  const auto add = [&](const std::string& part, const eval::Protocol& protocol,
                       const std::string& ties, const std::map<std::string, double>& metrics) {
    std::vector<std::string>& line = grid.emplace_back();
    line = {part, protocol.remove_seen ? "removed" : "kept", ties};
    for (const int64_t k : own.k) {
      for (const char* metric : {"hr@", "ndcg@", "mrr@"}) {
        const auto found = metrics.find(metric + std::to_string(k));
        line.push_back(found == metrics.end() ? "" : fixed(found->second));
      }
    }
    tables.push_back({{"part", part},
                      {"remove_seen", protocol.remove_seen},
                      {"ties", ties},
                      {"metrics", metrics}});
  };
  const std::vector<std::string> policies = {"pessimistic", "expected", "optimistic"};
  if (ranks) {
    for (const bool remove_seen : {false, true}) {
      for (const std::string& ties : policies) {
        eval::Protocol protocol = own;
        protocol.ties = eval::ties_from(ties);
        protocol.remove_seen = remove_seen;
        if (!has_ranks_for(run, protocol)) continue;
        add("test", protocol, ties, eval::metrics(ranks->records, protocol));
      }
    }
    if (options.slices) {
      for (const auto& [name, metrics] : eval::slices(ranks->records, own)) sliced[name] = metrics;
    }
  } else if (!view.metrics.test.empty()) {
    add("test, stored", own, text_at(run.spec, "evaluate.ties"), view.metrics.test);
  }
  if (!view.metrics.valid.empty()) {
    add("valid, stored", own, text_at(run.spec, "evaluate.ties"), view.metrics.valid);
  }

  if (options.json) {
    nlohmann::ordered_json document = to_json(view);
    document["spec"] = run.spec;
    document["result"] = run.result;
    document["protocols"] = tables;
    if (options.slices) document["slices"] = sliced;
    return dump(document);
  }
  std::string text = "run " + run.uuid + "\n" + printable(run.experiment) + ": " +
                     printable(describe(run)) + ", seed " + std::to_string(run.seed) + "\n" +
                     run.state + (run.reason.empty() ? "" : ": " + printable(run.reason)) + "\n";
  text += "created " + run.created + (run.finished.empty() ? "" : ", finished " + run.finished) +
          "\nhash " + run.run_hash + "\n\nSpec\n" + indent(spec::dump_yaml(run.spec));
  nlohmann::json provenance = run.result;
  if (provenance.is_object()) {
    provenance.erase("metrics");
    text += "\nProvenance\n" + indent(spec::dump_yaml(provenance));
  }
  if (grid.size() > 1) text += "\nMetrics\n" + indent(align_columns(grid));
  if (!ranks && run.state == "finished") {
    text += "  (ranks.bin is not in the run's folder: only the stored metrics can be shown)\n";
  }
  if (options.slices && ranks) {
    grid.resize(1);
    grid[0].erase(grid[0].begin() + 1, grid[0].begin() + 3);
    grid[0][0] = "slice";
    for (const auto& [name, metrics] : sliced.items()) {
      std::vector<std::string>& line = grid.emplace_back();
      line.push_back(name);
      for (const int64_t k : own.k) {
        for (const char* metric : {"hr@", "ndcg@", "mrr@"}) {
          line.push_back(fixed(number_at(metrics, metric + std::to_string(k)).value_or(0)));
        }
      }
    }
    text += "\nTest metrics by slice, in the run's own protocol\n" + indent(align_columns(grid));
  }
  return text;
}

}  // namespace lea::report
