#include "db/store/store.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "core/base/error.h"
#include "db/store/index_place.h"
#include "db/store/store_impl.h"

namespace lea::db {
namespace {

constexpr const char* kLocked = "the results index";
constexpr double kLockSeconds = 30;
constexpr double kMakingSeconds = 2;  // how long a reader waits for an index that is being made

std::string rebuild_advice() {
  return " Move it away and run `lealab db rebuild`, which makes it again from the run folders.";
}

// Returns the schema version. Refuses a file that is neither empty nor marked with our application
// id, because it may be somebody's data.
int64_t checked_version(Connection& connection) {
  const int64_t application = connection.integer("PRAGMA application_id");
  const int64_t version = connection.integer("PRAGMA user_version");
  const bool empty = connection.integer("SELECT count(*) FROM sqlite_schema") == 0;
  if (application != kApplicationId && !(empty && application == 0 && version == 0)) {
    throw StoreError(connection.path() + ": not a results index of LEA Lab (application id " +
                     std::to_string(application) + ")." + rebuild_advice());
  }
  const auto newest = static_cast<int64_t>(schema_steps().size());
  if (version > newest) {
    throw StoreError(connection.path() + ": has schema version " + std::to_string(version) +
                     ", and this program knows versions up to " + std::to_string(newest) +
                     ". Use the newer program, or another lab (--lab DIR).");
  }
  return version;
}

void apply_settings(Connection& connection) {
  connection.execute(
      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
      "PRAGMA mmap_size=0;");
}

void migrate(Connection& connection) {
  const auto newest = static_cast<int64_t>(schema_steps().size());
  int64_t version = checked_version(connection);
  if (version == newest) return;
  const bool on_disk = !connection.text("SELECT file FROM pragma_database_list").empty();
  if (version > 0 && on_disk) {
    // Keep the older file as a backup, in case the older program is needed again.
    const std::string backup = connection.path() + ".v" + std::to_string(version);
    std::error_code ignored;
    std::filesystem::remove(backup, ignored);
    Statement copy(connection, "VACUUM INTO ?");
    copy.bind(backup).run();
  }
  Transaction transaction(connection);
  for (version = checked_version(connection); version < newest; ++version) {
    connection.execute(schema_steps()[static_cast<size_t>(version)]);
  }
  connection.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str());
  connection.execute(("PRAGMA user_version=" + std::to_string(newest)).c_str());
  transaction.commit();
}

std::unique_ptr<Connection> open_for_writing(const std::string& path, double seconds) {
  auto connection =
      std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, seconds);
  checked_version(*connection);
  apply_settings(*connection);
  connection->execute(wal_is_safe(sqlite3_libversion_number()) ? "PRAGMA journal_mode=WAL"
                                                               : "PRAGMA journal_mode=DELETE");
  connection->execute("PRAGMA synchronous=FULL");
  // Room for the rows of put_all (64 MiB), which otherwise reach the file, and so block readers,
  // before the commit.
  connection->execute("PRAGMA cache_size=-65536");
  migrate(*connection);
  return connection;
}

// Whether a read-only connection failed because of a journal that a killed writer left. Only a
// connection for writing can roll it back.
bool needs_recovery(const Connection& connection) {
  const int code = connection.code();
  return code == SQLITE_READONLY_ROLLBACK || code == SQLITE_READONLY_RECOVERY ||
         code == SQLITE_CANTOPEN || code == SQLITE_READONLY_CANTINIT;
}

// Another process may be making the file at this moment: until its first transaction has ended, the
// file has no schema.
void wait_for_schema(Connection& connection, double seconds) {
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration<double>(std::min(seconds, kMakingSeconds));
  while (connection.integer("PRAGMA user_version") == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace

std::unique_ptr<Connection> open_for_reading(const IndexPlace& place, double seconds) {
  const std::string path = place.file();
  if (!std::filesystem::exists(path)) {
    throw StoreError(path +
                     ": there are no results yet. `lealab run SPEC` makes them; if the lab has "
                     "run folders, `lealab db rebuild` makes the index from them.");
  }
  for (int attempt = 0;; ++attempt) {
    auto connection = std::make_unique<Connection>(path, SQLITE_OPEN_READONLY, seconds);
    try {
      wait_for_schema(*connection, seconds);
      const int64_t version = checked_version(*connection);
      if (version != static_cast<int64_t>(schema_steps().size())) {
        throw StoreError(path + ": has the older schema version " + std::to_string(version) +
                         ". Run `lealab db rebuild` once, which brings it up to date.");
      }
      apply_settings(*connection);
      return connection;
    } catch (const StoreError&) {
      if (!needs_recovery(*connection) || attempt > 0) throw;
      connection.reset();
      const FileLock lock(place.lock(), seconds, kLocked);
      open_for_writing(path, seconds);
    }
  }
}

namespace {

// Makes the copy empty when the file cannot be read before a journal is rolled back.
std::unique_ptr<Connection> open_in_memory(const IndexPlace& place, double seconds) {
  auto memory =
      std::make_unique<Connection>(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, seconds);
  if (std::filesystem::exists(place.file())) {
    Connection index(place.file(), SQLITE_OPEN_READONLY, seconds);
    try {
      checked_version(index);
      memory->copy_from(index);
    } catch (const StoreError&) {
      if (!needs_recovery(index)) throw;
    }
  }
  apply_settings(*memory);
  migrate(*memory);
  return memory;
}

void make_folder(const IndexPlace& place) {
  std::error_code error;
  std::filesystem::create_directories(place.folder, error);
  if (!error) return;
  throw StoreError(place.folder + ": cannot make the folder of the results index: " +
                   error.message() + ". Set LEALAB_INDEX to a folder that can be written.");
}

}  // namespace

Store::Store(const std::string& lab, Mode mode, double seconds) : impl_(std::make_unique<Impl>()) {
  const IndexPlace place = index_place(lab);
  switch (mode) {
    case Mode::kReadOnly:
      impl_->connection = open_for_reading(place, seconds);
      break;
    case Mode::kWrite:
      if (place.outside) make_folder(place);
      impl_->lock.emplace(place.lock(), seconds, kLocked);
      impl_->connection = open_for_writing(place.file(), seconds);
      break;
    case Mode::kMemory:
      impl_->connection = open_in_memory(place, seconds);
  }
}

Store::~Store() = default;

std::string index_file(const std::string& lab) { return index_place(lab).file(); }
bool has_index(const std::string& lab) { return std::filesystem::exists(index_file(lab)); }
bool index_is_outside(const std::string& lab) { return index_place(lab).outside; }

std::string set_damaged_aside(const std::string& lab) {
  const IndexPlace place = index_place(lab);
  const std::string path = place.file();
  if (!std::filesystem::exists(path)) return "";
  const FileLock lock(place.lock(), kLockSeconds, kLocked);
  {
    Connection connection(path, SQLITE_OPEN_READWRITE);
    try {
      if (connection.text("PRAGMA integrity_check(1)") == "ok") return "";
    } catch (const StoreError&) {
      const int code = connection.code() & 0xff;
      if (code != SQLITE_NOTADB && code != SQLITE_CORRUPT) throw;
    }
  }
  std::string aside;
  for (int number = 1; aside.empty() || std::filesystem::exists(aside); ++number) {
    aside = path + ".damaged-" + std::to_string(number);
  }
  std::filesystem::rename(path, aside);
  for (const char* suffix : {"-journal", "-wal", "-shm"}) {
    std::error_code none;
    std::filesystem::rename(path + suffix, aside + suffix, none);
  }
  return aside;
}

}  // namespace lea::db
