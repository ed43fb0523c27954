// The part of SQLite that the store uses, with exceptions for errors. Private to db/.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace lea::db {

inline constexpr int64_t kApplicationId = 0x4C45414C;  // "LEAL"

// The SQL of db/schema. Step i migrates from user_version i to i + 1.
const std::vector<const char*>& schema_steps();

// Whether this version may use write-ahead logging: SQLite 3.7.0-3.51.2 has the WAL-reset
// corruption bug. It is fixed from 3.51.3 on, and in the backports from 3.50.7 and from 3.44.6.
bool wal_is_safe(int sqlite_version);

// Another process holds the index.
class BusyError : public StoreError {
 public:
  using StoreError::StoreError;
};

class Connection {
 public:
  // `flags` as for sqlite3_open_v2. Symbolic links are not followed. A statement waits at most
  // `seconds` for a lock of another process. Throws StoreError.
  Connection(const std::string& path, int flags, double seconds = 30);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const char* sql);
  void copy_from(Connection& source);  // replaces the whole content by that of `source`
  int64_t integer(const char* sql);    // the value of a query that has one value
  std::string text(const char* sql);
  int code() const { return sqlite3_extended_errcode(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }
  // Throws a StoreError with the last failure of SQLite: a BusyError for a lock.
  [[noreturn]] void fail(const std::string& action) const;

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(Connection& connection, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds the next parameter. A double must be finite, because SQLite would store NaN as NULL.
  Statement& bind(std::string_view value);
  Statement& bind(int64_t value);
  Statement& bind(double value);
  bool step();  // true while there is a row
  void run();   // steps to the end and resets for the next binding
  void reset();
  std::string text(int column) const;
  std::string_view view(int column) const;  // the same until the next step
  int64_t integer(int column) const;
  double real(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

// BEGIN IMMEDIATE ... COMMIT. The destructor rolls back unless commit() was called. (A deferred
// transaction that reads and then writes can fail at once, because SQLite then ignores the busy
// timeout.)
class Transaction {
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

// A part of a transaction. The destructor undoes what was written since the constructor, unless
// release() was called. One at a time.
class Savepoint {
 public:
  explicit Savepoint(Connection& connection);
  ~Savepoint();
  void release();

 private:
  Connection& connection_;
  bool open_ = true;
};

}  // namespace lea::db
