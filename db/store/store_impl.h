// Shared by the files store*.cpp. Private to db/.
#pragma once

#include <memory>
#include <optional>

#include "core/base/file_lock.h"
#include "db/store/index_place.h"
#include "db/store/sqlite.h"
#include "db/store/store.h"

namespace lea::db {

struct Store::Impl {
  std::optional<FileLock> lock;  // outlives the connection
  std::unique_ptr<Connection> connection;
};

// A connection that only reads, to an index of this schema version. Rolls back what a killed writer
// left. Throws StoreError.
std::unique_ptr<Connection> open_for_reading(const IndexPlace& place, double seconds);

// The columns that run_of reads, in the order of a SELECT.
inline constexpr const char* kRunColumns =
    "run.uuid, run.experiment, run.cell_hash, run.seed, run.state, run.reason, run.created, "
    "run.finished, "
    "run.source, run.labels, run.axes, run.spec, run.result";
RunRow run_of(const Statement& row);

}  // namespace lea::db
