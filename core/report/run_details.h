// All facts of one run, and two forms of them: text for people and JSON for scripts.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/eval/ranks.h"
#include "core/report/run_view.h"

namespace lea::report {

// The metrics of a run's events under one protocol.
struct ProtocolMetrics {
  std::string part;  // "test"; "test, stored" and "valid, stored" are not computed from ranks
  bool remove_seen = false;
  std::string ties;                       // "pessimistic", "expected" or "optimistic"
  std::map<std::string, double> metrics;  // name ("ndcg@20") -> value
};

struct RunDetails {
  RunView view;      // identity, state, reason, result.json and stored metrics
  std::string cell;  // a short name: "gru4rec snqn"
  // The resolved spec with every setting of its sections, also those that its hash leaves out
  // (spec::with_added_defaults).
  nlohmann::json spec;
  // Training, plugins, libraries and machine: result.json without its metrics. Null without one.
  nlohmann::json provenance;
  std::vector<int64_t> cuts;  // k of the run's own protocol
  // The test metrics for every tie policy, with and without seen items; then the stored ones of the
  // validation. Without ranks: the stored ones of the test instead of the computed ones.
  std::vector<ProtocolMetrics> protocols;
  bool has_ranks = false;  // of the test events
  bool closed = false;     // the run has finished with its test part closed
  // Test metrics by slice, in the run's own protocol. Empty when they were not asked for, and
  // without slices when there are no ranks.
  std::optional<eval::Slices> slices;
};

struct DetailOptions {
  bool slices = false;  // also compute metrics by slice (eval::slices)
};

// Computes the test metrics from the ranks in the lab. Throws DataError when the ranks are damaged.
RunDetails details_of(const RunView& view, const std::string& lab, const DetailOptions& options);

std::string details_text(const RunDetails& details);

// The object of `to_json(RunView)` with "spec" (as in run.yaml), "result" (result.json),
// "protocols", and "slices" when they were asked for.
std::string details_json(const RunDetails& details);

}  // namespace lea::report
