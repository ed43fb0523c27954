// Gives the metrics of one run: as stored, or computed from its ranks under another protocol.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/eval/ranks.h"
#include "core/report/table.h"
#include "db/store/store.h"

namespace lea::report {

// The protocol in the section `evaluate` of a run's spec. Missing keys have their defaults.
eval::Protocol protocol_of(const db::RunRow& run);

// The run's protocol with the overrides of the options (k, ties, remove_seen).
eval::Protocol protocol_of(const db::RunRow& run, const TableOptions& options);

// False when the protocol removes seen items and the run's imported ranks do not cover that.
bool has_ranks_for(const db::RunRow& run, const eval::Protocol& protocol);

// The lab's description of a data set (data::describe_dataset). Null when the data set is missing
// or damaged, because a table can be printed without it.
nlohmann::json lab_data(const std::string& lab, const std::string& name);

// The ranks of a run in the lab. `part` is "test" or "valid". Empty when the file is absent or
// `lab` is empty. Throws DataError when the file is damaged.
std::optional<eval::RankFile> read_ranks(const std::string& lab, const std::string& uuid,
                                         const std::string& part);

// The metrics of a run.
struct Measured {
  std::map<std::string, double> test, valid;  // name ("ndcg@20") -> value

  void add(const db::ResultRow& result);
};

// The stored metrics of all runs of an experiment by uuid. "" means all experiments.
std::map<std::string, Measured> stored_metrics(const db::Store& store,
                                               const std::string& experiment);

// Whether the test part of a finished run is closed.
bool is_closed(const db::RunRow& run, const Measured& stored);

// The name of the metric that stands for a run: the one that early stopping used, otherwise NDCG at
// the largest cut. `test` are the test metrics of the run.
std::string main_metric(const db::RunRow& run, const std::map<std::string, double>& test);

// The metrics of one finished run for a table. Computes the test metrics from the ranks when the
// options override the run's protocol or name a cut that was not stored. Takes the validation
// metrics as stored, because they selected the model. With `closed`, the test metrics stay empty, and
// those of validation are computed as those of the test are otherwise. Empty when has_ranks_for is
// false. Throws DataError when the ranks are needed but missing.
Measured measure(const db::RunRow& run, const Measured& stored, const TableOptions& options,
                 bool closed = false);

}  // namespace lea::report
