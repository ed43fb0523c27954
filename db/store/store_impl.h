// Shared by the files store*.cpp. Private to db/.
#pragma once

#include <memory>
#include <optional>

#include "core/base/file_lock.h"
#include "db/store/sqlite.h"
#include "db/store/store.h"

namespace lea::db {

struct Store::Impl {
  std::optional<FileLock> lock;  // outlives the connection
  std::unique_ptr<Connection> connection;
};

// The columns that run_of reads, in the order of a SELECT.
inline constexpr const char* kRunColumns =
    "run.uuid, run.experiment, run.cell_hash, run.seed, run.state, run.reason, run.created, "
    "run.finished, "
    "run.source, run.labels, run.axes, run.spec, run.result";
RunRow run_of(const Statement& row);

}  // namespace lea::db
