// Shared by store.cpp and store_read.cpp. Private to db/.
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

void put_plugins(Connection& connection, const RunRow& run);

}  // namespace lea::db
