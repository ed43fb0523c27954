// The tables of states and rewards of an environment that is trained so: how they end, and how they
// are looked up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/preparer.h"
#include "core/api/table.h"
#include "core/api/types.h"

namespace lea {

// Names of the files of the artefacts.
inline constexpr const char* kStatesFile = "states.safetensors";    // a table [L, S]
inline constexpr const char* kRewardsFile = "rewards.safetensors";  // a table [E, 1 + P]
inline constexpr const char* kRawRewards = "raw.safetensors";       // see finish_rewards()

// Appends the rows of the table that are missing, in chunks that start at the same rows in every
// attempt, because a product of matrices may round differently with another number of rows.
// `rows_of(first, last)` are rows first .. last - 1, computed without gradients; undefined when it
// is to leave. Returns false when that was so, or leave() was true, which is asked before each
// chunk and at the end.
bool append_rows(TableWriter& writer, int64_t rows, int64_t chunk,
                 const std::function<bool()>& leave,
                 const std::function<Tensor(int64_t, int64_t)>& rows_of);

// P, 0 without a pool. reads: pool.
int64_t pool_width(PrepareContext& context);

// The actions that a row of the table of rewards is of, int64 [B, 1 + P]: the logged item of each of
// these events, then its pool. `pool` may be undefined. `events` int64 [B].
Tensor table_actions(const TrainingData& training, const Tensor& pool, const Tensor& events);

// Records what kStatesFile in context.folder() tells: state_cosine. Warns when the states have
// collapsed.
void record_states(PrepareContext& context, uint64_t seed);

// Makes kRewardsFile in context.folder() from kRawRewards there, a complete table of the same shape,
// and removes that. Rows of events with an empty history, which may hold anything, get the mean of
// all others, or 0 when `empty_history` is not "mean". Records mean_logged, mean_sampled and
// mean_logged.accuracy, the share of pairs in which the logged item has the higher reward. Can be
// called again after it was interrupted. reads: training, pool.
void finish_rewards(PrepareContext& context, const std::string& empty_history);

// The table in this file. Throws DataError when it has not this many rows, or not this width; a
// width of -1 is any.
Table open_table(const std::string& path, int64_t rows, int64_t width);

// Opens kRewardsFile in an artefact's folder.
Table open_rewards(const std::string& folder, const TrainingData& training, const Tensor& pool);

struct FoundRewards {
  Tensor values;   // float [B, K] on the CPU
  Tensor missing;  // int64 [M, 2]: row and column of the pairs that are in no table
};
// Looks up the rewards of `actions` int64 [B, K]. All rewards of an empty history are that of the
// table. `table` may be empty: then all pairs with a history are missing, and others are 0.
FoundRewards find_rewards(const std::optional<Table>& table, const TrainingData& training,
                          const Tensor& pool, const History& history, const Tensor& actions);

}  // namespace lea
