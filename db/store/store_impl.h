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

}  // namespace lea::db
