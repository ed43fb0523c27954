// What the results index promises about its file.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "db/store/sqlite.h"
#include "tests/base/message.h"
#include "tests/db/fixture.h"

namespace lea::db {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void raw(const std::string& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
      << (error ? error : "");
  sqlite3_close(handle);
}

TEST(StoreFile, IsMissedWithAWayOut) {
  const Lab lab;
  EXPECT_THAT(message_of([&] { Store(lab.path(), Store::Mode::kReadOnly); }),
              HasSubstr("lealab run SPEC"));
}

TEST(StoreFile, OfANewerProgramIsRefusedWithBothVersions) {
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  raw(lab.file(), "PRAGMA user_version=99");
  for (const auto mode : {Store::Mode::kWrite, Store::Mode::kReadOnly}) {
    const std::string message = message_of([&] { Store(lab.path(), mode); });
    EXPECT_THAT(message, HasSubstr("schema version 99"));
    EXPECT_THAT(message, HasSubstr("versions up to 2"));
  }
}

TEST(StoreFile, OfSomebodyElseIsLeftAlone) {
  const Lab lab;
  raw(lab.file(), "CREATE TABLE mine (x); INSERT INTO mine VALUES (1);");
  EXPECT_THAT(message_of([&] { Store(lab.path(), Store::Mode::kWrite); }),
              HasSubstr("not a results index"));
  EXPECT_EQ(set_damaged_aside(lab.path()), "");
  Connection connection(lab.file(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(connection.integer("SELECT x FROM mine"), 1);
  EXPECT_EQ(connection.integer("SELECT count(*) FROM sqlite_master"), 1);
}

TEST(StoreFile, ThatIsDamagedIsSetAsideForARebuild) {
  const Lab lab;
  std::ofstream(lab.file()) << std::string(5000, 'x');
  EXPECT_THAT(message_of([&] { Store(lab.path(), Store::Mode::kWrite); }), HasSubstr("db rebuild"));
  const std::string aside = set_damaged_aside(lab.path());
  std::ifstream kept(aside);
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(kept), {}}), std::string(5000, 'x'));
  Store store(lab.path(), Store::Mode::kWrite);
  put(store, 1);
}

TEST(StoreFile, ThatWasCopiedIsNamedWhenItsCopyFails) {
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  Connection memory(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  Connection file(lab.file(), SQLITE_OPEN_READONLY);
  memory.copy_from(file);
  EXPECT_THAT(message_of([&] { memory.execute("SELECT nothing"); }), HasSubstr(lab.file() + ": "));
}

TEST(StoreFile, IsNotFollowedThroughALink) {
  const Lab lab, other;
  { Store store(other.path(), Store::Mode::kWrite); }
  std::filesystem::create_symlink(other.file(), lab.file());
  EXPECT_THAT(message_of([&] { Store(lab.path(), Store::Mode::kWrite); }),
              HasSubstr("It is a link, which the index must not be."));
}

TEST(StoreFile, LiesInAFolderThatIsALink) {
  const Lab lab, other;
  const std::string link = other.path() + "/link";
  std::filesystem::create_directory_symlink(lab.path(), link);
  {
    Store store(link, Store::Mode::kWrite);
    put(store, 1);
  }
  EXPECT_TRUE(std::filesystem::exists(lab.file()));
  for (const Store::Mode mode : {Store::Mode::kReadOnly, Store::Mode::kMemory})
    EXPECT_THAT(Store(link, mode).runs(), SizeIs(1));
}

TEST(StoreFile, OfVersionOneIsBroughtUpToDateAndKeptAsABackup) {
  const Lab lab;
  raw(lab.file(), schema_steps().at(0));
  raw(lab.file(),
      "PRAGMA application_id=" + std::to_string(kApplicationId) +
          "; PRAGMA user_version=1; INSERT INTO run VALUES ('" + uuid_of(1) +
          "','study','hash',1,'finished','','2026','2026','lealab','{}','[]','{}','{}',1);");
  EXPECT_THAT(message_of([&] { Store(lab.path(), Store::Mode::kReadOnly); }),
              HasSubstr("has the older schema version 1. Run `lealab db rebuild` once"));
  Store store(lab.path(), Store::Mode::kWrite);
  EXPECT_THAT(store.runs(), SizeIs(1));
  EXPECT_THAT(store.stamps(), IsEmpty());
  RunRow run = finished_run(1);
  run.stamp = "as it looked";
  store.put(run, {}, {});
  EXPECT_EQ(store.stamps().at(uuid_of(1)), "as it looked");
  EXPECT_TRUE(std::filesystem::exists(lab.file() + ".v1"));
}

TEST(StoreFile, CarriesItsMark) {
  const Lab lab;
  { Store store(lab.path(), Store::Mode::kWrite); }
  Connection connection(lab.file(), SQLITE_OPEN_READONLY);
  EXPECT_EQ(connection.integer("PRAGMA application_id"), kApplicationId);
  EXPECT_EQ(connection.integer("PRAGMA user_version"), 2);
}

TEST(WalGate, OpensOnlyWhereTheResetBugIsFixed) {
  EXPECT_FALSE(wal_is_safe(3040001));
  EXPECT_FALSE(wal_is_safe(3044005));
  EXPECT_TRUE(wal_is_safe(3044006));
  EXPECT_FALSE(wal_is_safe(3045000));
  EXPECT_FALSE(wal_is_safe(3050006));
  EXPECT_TRUE(wal_is_safe(3050007));
  EXPECT_FALSE(wal_is_safe(3051002));
  EXPECT_TRUE(wal_is_safe(3051003));
}

TEST(FileLock, NamesItsHolder) {
  const Lab lab;
  const FileLock held(lab.path() + "/lock", 0, "the lab");
  const std::string message = message_of([&] { FileLock(lab.path() + "/lock", 0.05, "the lab"); });
  EXPECT_THAT(message, HasSubstr("the lab is in use by process " + std::to_string(getpid())));
}

}  // namespace
}  // namespace lea::db
