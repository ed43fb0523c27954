// The metrics of one run: as stored, or computed again from its ranks under another protocol.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/eval/ranks.h"
#include "core/report/table.h"
#include "db/store/store.h"

namespace lea::report {

// evaluate.* of a run's spec; what the spec lacks has the defaults of eval::Protocol.
eval::Protocol protocol_of(const db::RunRow& run);

// The protocol of the run with what the options override.
eval::Protocol protocol_of(const db::RunRow& run, const TableOptions& options);

// False for imported ranks that lack those among unseen items, where the protocol asks for them.
bool has_ranks_for(const db::RunRow& run, const eval::Protocol& protocol);

// What the lab says of a data set (data::describe_dataset); null where it has none of that name or
// a damaged one, because a table does not depend on it.
nlohmann::json lab_data(const std::string& lab, const std::string& name);

// The ranks of a run in the lab; `part` is test or valid. Empty when the file is absent. Throws DataError when it is damaged.
std::optional<eval::RankFile> read_ranks(const std::string& lab, const std::string& uuid,
                                         const std::string& part);

// Metric names are "ndcg@20".
struct Measured {
  std::map<std::string, double> test, valid;  // as stored
};

// Stored results of all runs of an experiment ("" = all), by uuid.
std::map<std::string, Measured> stored_metrics(const db::Store& store,
                                               const std::string& experiment);

// The numbers that a table shows of one finished run. Test metrics are computed again when the
// options ask for another protocol than the stored one, or for a cut that was not stored;
// validation metrics are always the stored ones, because they chose the model. Empty for a run that
// has_ranks_for refuses. Throws DataError when that needs ranks that the lab lacks.
Measured measure(const db::RunRow& run, const Measured& stored, const TableOptions& options);

}  // namespace lea::report
