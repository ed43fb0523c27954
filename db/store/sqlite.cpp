#include "db/store/sqlite.h"

#include <sys/statvfs.h>

#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/links.h"
#include "core/base/text.h"

namespace lea::db {
namespace {

std::string advice(int code, const std::string& path) {
  if (code == SQLITE_CANTOPEN_SYMLINK) {
    return " It is a link, which the index must not be. Remove the link; LEALAB_INDEX=DIR puts the "
           "index elsewhere.";
  }
  switch (code & 0xff) {
    case SQLITE_FULL: {
      std::string text = " ";
      struct statvfs info {};
      if (statvfs(path.c_str(), &info) == 0) {
        text += std::to_string(static_cast<uint64_t>(info.f_bavail) * info.f_frsize);
        text += " bytes are free. ";
      }
      return text + "Free some space and repeat the command.";
    }
    case SQLITE_BUSY:
      return " Another process holds it; repeat the command when that has ended.";
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return " It is only an index: move it away and run `lealab db rebuild`.";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return " Check the permissions of the lab's folder.";
    default:
      return "";
  }
}

// SQLite refuses links in all of the path. The index itself must not be one, but the user chose its
// folder, which may be.
std::string without_links_before(const std::string& path) {
  const std::filesystem::path file = path;
  if (!file.has_parent_path()) return path;  // as ":memory:"
  const std::filesystem::path folder = follow_links(file.parent_path().string());
  return (folder / file.filename()).string();
}

}  // namespace

bool wal_is_safe(int version) {
  const auto between = [version](int low, int high) { return version >= low && version < high; };
  return version >= 3051003 || between(3050007, 3051000) || between(3044006, 3045000);
}

Connection::Connection(const std::string& path, int flags, double seconds)
    : path_(without_links_before(path)) {
  if (sqlite3_open_v2(path_.c_str(), &handle_, flags | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                      nullptr) != SQLITE_OK) {
    const std::string reason = handle_ ? sqlite3_errmsg(handle_) : "out of memory";
    const int code = handle_ ? sqlite3_extended_errcode(handle_) : SQLITE_NOMEM;
    sqlite3_close(handle_);
    throw StoreError(path + ": cannot open the results index: " + reason + "." +
                     advice(code, path));
  }
  sqlite3_busy_timeout(handle_, static_cast<int>(seconds * 1000));
}

Connection::~Connection() { sqlite3_close(handle_); }

void Connection::fail(const std::string& action) const {
  const std::string reason = sqlite3_errmsg(handle_);
  const std::string message =
      path_ + ": " + action + ": " + printable(reason) + "." + advice(code(), path_);
  if ((code() & 0xff) == SQLITE_BUSY) throw BusyError(message);
  throw StoreError(message);
}

void Connection::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail("the results index failed");
  }
}

void Connection::copy_from(Connection& source) {
  sqlite3_backup* copy = sqlite3_backup_init(handle_, "main", source.handle_, "main");
  if (copy == nullptr) fail("the results index cannot be copied");
  // The source waits for another process as long as for any statement.
  const int code = sqlite3_backup_step(copy, /*nPage=*/-1);
  sqlite3_backup_finish(copy);
  if (code == SQLITE_DONE) {
    path_ = source.path_;  // what is wrong with the copy is wrong with the file
    return;
  }
  throw StoreError(source.path_ + ": the results index cannot be copied: " + sqlite3_errstr(code) +
                   "." + advice(code, source.path_));
}

int64_t Connection::integer(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::string Connection::text(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.text(0) : "";
}

Statement::Statement(Connection& connection, const char* sql) : connection_(connection) {
  if (sqlite3_prepare_v2(connection.handle(), sql, -1, &statement_, nullptr) != SQLITE_OK) {
    connection.fail("the results index cannot be read");
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(std::string_view value) {
  // An empty view may have a null pointer, which SQLite would bind as NULL.
  const char* text = value.empty() ? "" : value.data();
  if (sqlite3_bind_text64(statement_, ++bound_, text, value.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8)) {
    connection_.fail("a text cannot be bound");
  }
  return *this;
}

Statement& Statement::bind(int64_t value) {
  if (sqlite3_bind_int64(statement_, ++bound_, value))
    connection_.fail("an integer cannot be bound");
  return *this;
}

Statement& Statement::bind(double value) {
  if (!std::isfinite(value)) {
    throw StoreError(connection_.path() +
                     ": a number that is not finite reached the results index");
  }
  if (sqlite3_bind_double(statement_, ++bound_, value))
    connection_.fail("a number cannot be bound");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.fail("the results index failed");
  return false;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(statement_);
  bound_ = 0;
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)))
              : "";
}

std::string_view Statement::view(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text
             ? std::string_view(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)))
             : std::string_view();
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

Transaction::Transaction(Connection& connection) : connection_(connection) {
  connection.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_.execute("COMMIT");
  open_ = false;
}

Savepoint::Savepoint(Connection& connection) : connection_(connection) {
  connection.execute("SAVEPOINT part");
}

Savepoint::~Savepoint() {
  if (open_) {
    sqlite3_exec(connection_.handle(), "ROLLBACK TO part; RELEASE part", nullptr, nullptr, nullptr);
  }
}

void Savepoint::release() {
  connection_.execute("RELEASE part");
  open_ = false;
}

}  // namespace lea::db
