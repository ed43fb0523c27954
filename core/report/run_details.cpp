#include "core/report/run_details.h"

#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/report/columns.h"
#include "core/report/json_path.h"
#include "core/report/labels.h"
#include "core/report/pivot.h"
#include "core/spec/run_spec.h"

namespace lea::report {
namespace {

using Grid = std::vector<std::vector<std::string>>;
using Metrics = std::map<std::string, double>;

constexpr const char* kPolicies[] = {"pessimistic", "expected", "optimistic"};

std::vector<ProtocolMetrics> computed(const db::RunRow& run, const eval::Protocol& own,
                                      const eval::RankFile& ranks) {
  std::vector<ProtocolMetrics> list;
  for (const bool remove_seen : {false, true}) {
    for (const char* ties : kPolicies) {
      eval::Protocol protocol = own;
      protocol.ties = eval::ties_from(ties);
      protocol.remove_seen = remove_seen;
      if (!has_ranks_for(run, protocol)) continue;
      list.push_back({"test", remove_seen, ties, eval::metrics(ranks.records, protocol)});
    }
  }
  return list;
}

// Calls `visit` with the metrics of the columns, from the smallest cut on: "hr@5", "ndcg@5" ...
template <class Visit>
void for_each_column(const RunDetails& details, const Visit& visit) {
  for (const int64_t k : details.cuts) {
    for (const char* metric : {"hr@", "ndcg@", "mrr@"}) visit(metric + std::to_string(k));
  }
}

std::string title_of(const std::string& metric) {
  std::string title = metric;
  for (char& c : title) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return title;
}

Grid with_titles(const RunDetails& details, std::vector<std::string> first) {
  for_each_column(details, [&](const std::string& metric) { first.push_back(title_of(metric)); });
  return {std::move(first)};
}

// `absent`: what is shown for a metric that was not measured.
void add_line(const RunDetails& details, std::vector<std::string> first, const Metrics& metrics,
              const std::string& absent, Grid* grid) {
  for_each_column(details, [&](const std::string& metric) {
    const auto found = metrics.find(metric);
    first.push_back(found == metrics.end() ? absent : fixed(found->second));
  });
  grid->push_back(std::move(first));
}

std::string identity_text(const RunDetails& details) {
  const db::RunRow& run = details.view.run;
  return "run " + run.uuid + "\n" + printable(run.experiment) + ": " + printable(details.cell) +
         (run.seed == 0 ? "" : ", seed " + std::to_string(run.seed)) + "\n" + run.state +
         (run.reason.empty() ? "" : ": " + printable(run.reason)) + "\ncreated " + run.created +
         (run.finished.empty() ? "" : ", finished " + run.finished) + "\nhash " + run.run_hash +
         "\n";
}

std::string metrics_text(const RunDetails& details) {
  if (details.protocols.empty()) return "";
  Grid grid = with_titles(details, {"part", "seen items", "ties"});
  for (const ProtocolMetrics& of : details.protocols) {
    add_line(details, {of.part, of.remove_seen ? "removed" : "kept", of.ties}, of.metrics, "",
             &grid);
  }
  return "\nMetrics\n" + indent(align_columns(grid));
}

std::string slices_text(const RunDetails& details) {
  Grid grid = with_titles(details, {"slice"});
  for (const auto& [name, metrics] : *details.slices)
    add_line(details, {name}, metrics, fixed(0), &grid);
  return "\nTest metrics by slice, in the run's own protocol\n" + indent(align_columns(grid));
}

}  // namespace

RunDetails details_of(const RunView& view, const std::string& lab, const DetailOptions& options) {
  const db::RunRow& run = view.run;
  const eval::Protocol own = protocol_of(run);
  const bool closed = is_closed(run, view.metrics);
  const auto ranks = closed ? std::nullopt : read_ranks(lab, run.uuid, "test");
  RunDetails details;
  details.view = view;
  details.cell = describe(run);
  details.spec = spec::with_added_defaults(run.spec);
  if (run.result.is_object()) {
    details.provenance = run.result;
    details.provenance.erase("metrics");
  }
  details.cuts = own.k;
  details.closed = closed;
  details.has_ranks = ranks.has_value();
  if (ranks) details.protocols = computed(run, own, *ranks);
  const auto add_stored = [&](const char* part, const Metrics& metrics) {
    if (metrics.empty()) return;
    details.protocols.push_back(
        {part, own.remove_seen, text_at(run.spec, "evaluate.ties"), metrics});
  };
  if (!ranks) add_stored("test, stored", view.metrics.test);
  add_stored("valid, stored", view.metrics.valid);
  if (options.slices) details.slices = ranks ? eval::slices(ranks->records, own) : eval::Slices();
  return details;
}

std::string details_text(const RunDetails& details) {
  std::string text = identity_text(details) + "\nSpec\n" + indent(spec::dump_yaml(details.spec));
  if (!details.provenance.is_null())
    text += "\nProvenance\n" + indent(spec::dump_yaml(details.provenance));
  text += metrics_text(details);
  if (details.closed) {
    text += "  (the test part is closed: evaluate.test was false)\n";
  } else if (!details.has_ranks && details.view.run.state == "finished") {
    text += "  (ranks.bin is not in the run's folder: only the stored metrics can be shown)\n";
  }
  if (details.slices && details.has_ranks) text += slices_text(details);
  return text;
}

std::string details_json(const RunDetails& details) {
  nlohmann::ordered_json document = to_json(details.view);
  document["spec"] = details.view.run.spec;
  document["result"] = details.view.run.result;
  document["protocols"] = nlohmann::ordered_json::array();
  for (const ProtocolMetrics& of : details.protocols) {
    document["protocols"].push_back({{"part", of.part},
                                     {"remove_seen", of.remove_seen},
                                     {"ties", of.ties},
                                     {"metrics", of.metrics}});
  }
  if (details.slices) {
    document["slices"] = nlohmann::ordered_json::object();
    for (const auto& [name, metrics] : *details.slices) document["slices"][name] = metrics;
  }
  return pretty_json(document);
}

}  // namespace lea::report
