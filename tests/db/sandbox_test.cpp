// SQL that a user types: what it can read, what it cannot do, and that it ends.
#include "db/store/sandbox.h"

#include <gmock/gmock.h>

#include <chrono>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "db/store/sqlite.h"
#include "tests/db/fixture.h"

namespace lea::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    Store store(lab_.path(), Store::Mode::kWrite);
    for (int i = 1; i <= 3; ++i) put(store, i);
  }

  // The rows as text, with commas.
  std::vector<std::string> rows(const std::string& sql, const QueryLimits& limits = {}) {
    std::vector<std::string> rows;
    Sandbox::Visitor visitor;
    visitor.columns = [&](const std::vector<std::string>& names) { columns_ = names; };
    visitor.row = [&](std::vector<SqlValue>&& row) {
      std::string line;
      for (const SqlValue& value : row)
        line += (line.empty() ? "" : ",") +
                (value.kind == SqlValue::Kind::kNull ? std::string("NULL") : value.text);
      rows.push_back(line);
      return true;
    };
    Sandbox sandbox(lab_.path());
    sandbox.run(sql, limits, visitor);
    return rows;
  }

  // The text of the error that a query ends with; "" when there is none.
  std::string error(const std::string& sql, const QueryLimits& limits = {}) {
    try {
      rows(sql, limits);
      return "";
    } catch (const UsageError& error) {
      return error.what();
    }
  }

  std::string hash() { return Store(lab_.path(), Store::Mode::kReadOnly).content_hash(); }

  Lab lab_;
  std::vector<std::string> columns_;
};

TEST_F(SandboxTest, ReadsTheTables) {
  EXPECT_THAT(rows("SELECT uuid, value FROM result JOIN run USING (uuid) WHERE metric = 'ndcg' AND "
                   "k = 10 AND seed = 1 ORDER BY uuid LIMIT 2"),
              ElementsAre(uuid_of(1) + ",0.18", uuid_of(2) + ",0.18"));
  EXPECT_THAT(columns_, ElementsAre("uuid", "value"));
  EXPECT_THAT(rows("SELECT labels ->> '$.framework', count(*), NULL, 1/3.0 FROM run GROUP BY 1"),
              ElementsAre("snqn,3,NULL,0.3333333333333333"));
  EXPECT_THAT(rows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3) "
                   "SELECT i FROM n; -- the end\n;"),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(rows("SELECT key FROM json_each('{\"a\": 1}')"), ElementsAre("a"));
}

TEST_F(SandboxTest, DescribesEveryTableAndColumnOfTheSchema) {
  const auto described = [] {
    std::vector<std::string> all;
    for (const TableAbout& table : tables()) {
      EXPECT_FALSE(table.about.empty()) << table.name;
      for (const auto& column : table.columns)
        all.push_back(table.name + "." + column.name + " " + column.type);
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  Connection connection(lab_.file(), SQLITE_OPEN_READONLY);
  Statement columns(connection,
                    "SELECT t.name || '.' || c.name || ' ' || c.type FROM sqlite_schema AS t, "
                    "pragma_table_info(t.name) AS c WHERE t.type = 'table' ORDER BY 1");
  std::vector<std::string> there;
  while (columns.step()) there.push_back(columns.text(0));
  EXPECT_EQ(described(), there);
}

TEST_F(SandboxTest, SaysInOneLineWhereAQueryIsWrong) {
  EXPECT_EQ(error("SELECT\n  valeu FROM result"),
            "query:2:3: no such column: valeu, did you mean `value`?");
  EXPECT_EQ(error("SELECT r.metrik FROM result r"),
            "query:1:8: no such column: r.metrik, did you mean `metric`?");
  EXPECT_EQ(error("SELECT * FROM runs"), "query: no such table: runs, did you mean `run`?");
  EXPECT_EQ(error("SELECT * FORM run"), "query:1:10: near \"FORM\": syntax error");
  EXPECT_EQ(error(" -- nothing\n"), "query: is empty.");
  EXPECT_EQ(error("SELECT 1; SELECT 2"),
            "query:1:10: a second statement follows, but one is run at a time.");
  EXPECT_EQ(error(std::string("SELECT 1\0, 2", 12)), "query:1:9: holds a byte 0.");
  EXPECT_EQ(error("SELECT '" + std::string(100'000, 'a') + "'"),
            "query: has 100,009 bytes, but at most 100,000 are run.");
}

// What a hostile statement would change: the index, other files, settings of the connection.
TEST_F(SandboxTest, RefusesWhateverIsNotReadingATable) {
  const std::string before = hash(), file = lab_.path() + "/written";
  const std::vector<std::string> statements = {
      "DELETE FROM run",
      "UPDATE run SET seed = 7",
      "INSERT INTO experiment VALUES ('a', '', '[]', '{}')",
      "INSERT INTO experiment VALUES ('a', '', '[]', '{}') RETURNING name",
      "REPLACE INTO seen VALUES ('a', 'b')",
      "WITH x AS (SELECT 1) DELETE FROM run",
      "DROP TABLE curve",
      "ALTER TABLE run ADD COLUMN other TEXT",
      "CREATE TABLE other (a)",
      "CREATE TEMP TABLE other (a)",
      "CREATE VIEW other AS SELECT 1",
      "CREATE TEMP VIEW other AS SELECT 1",
      "CREATE INDEX other ON run (state)",
      "CREATE TRIGGER other AFTER DELETE ON run BEGIN SELECT 1; END",
      "CREATE VIRTUAL TABLE other USING fts5(a)",
      "DROP INDEX run_by_hash",
      "REINDEX",
      "ANALYZE",
      "VACUUM",
      "VACUUM INTO '" + file + "'",
      "ATTACH '" + file + "' AS other",
      "ATTACH ':memory:' AS other",
      "DETACH main",
      "BEGIN",
      "BEGIN IMMEDIATE",
      "COMMIT",
      "ROLLBACK",
      "SAVEPOINT other",
      "RELEASE other",
      "PRAGMA query_only = OFF",
      "PRAGMA journal_mode = OFF",
      "PRAGMA writable_schema = ON",
      "PRAGMA user_version = 99",
      "PRAGMA temp_store_directory = '/tmp'",
      "PRAGMA integrity_check",
      "PRAGMA wal_checkpoint",
      "PRAGMA hard_heap_limit = 1",
      "SELECT * FROM pragma_table_info('run')",
      "SELECT * FROM pragma_database_list",
      "SELECT load_extension('libm.so.6')",
      "SELECT fts3_tokenizer('simple')",
      "SELECT * FROM sqlite_dbpage",
      "SELECT * FROM dbstat",
      "SELECT * FROM sqlite_temp_master",
      "SELECT writefile('" + file + "', 'x')",
      "SELECT readfile('/etc/passwd')",
      "SELECT edit('x')",
      "EXPLAIN DELETE FROM run",
      "SELECT 1; DELETE FROM run",
      "UPDATE sqlite_schema SET sql = ''",
      "INSERT INTO sqlite_schema VALUES ('table', 'a', 'a', 0, '')",
      "SELECT ?",
  };
  for (const std::string& sql : statements) {
    const std::string problem = error(sql);
    EXPECT_THAT(problem, StartsWith("query:")) << sql;
    EXPECT_EQ(problem.find('\n'), std::string::npos) << sql;
  }
  EXPECT_EQ(error("DELETE FROM run"),
            "query: only the tables of the index can be read: nothing can be changed.");
  EXPECT_EQ(error("PRAGMA query_only = OFF"),
            "query: only the tables of the index can be read: PRAGMA is refused.");
  EXPECT_EQ(hash(), before);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(SandboxTest, EndsAQueryWithoutEndAtItsTimeLimit) {
  const auto start = std::chrono::steady_clock::now();
  QueryLimits limits;
  limits.seconds = 0.2;
  for (const char* sql : {
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT i FROM n WHERE i > "
           "1",
           "SELECT count(*) FROM curve a, curve b, curve c, curve d, curve e, curve f, curve g, "
           "curve h, curve i, curve j, curve k, result l, result m, result n WHERE a.value > 99",
       })
    EXPECT_EQ(error(sql, limits),
              "query: ended after 0.2 s. Narrow it with WHERE or LIMIT, or give it more time.");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(SandboxTest, EndsAQueryThatNeedsTooMuchMemory) {
  QueryLimits limits;
  limits.seconds = kMostQuerySeconds;
  limits.bytes = int64_t{16} << 20;
  for (const char* sql :
       {"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n ORDER BY "
        "-i",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT "
        "count(DISTINCT hex(zeroblob(400000)) || i) FROM n"})
    EXPECT_EQ(error(sql, limits),
              "query: ended, because it needs more than 16 MiB of memory. Narrow it with WHERE or "
              "LIMIT.");
  EXPECT_THAT(error("SELECT zeroblob(900000000)"), HasSubstr("too big"));
  // Each clause stands for twice the clause before.
  std::string bomb = "WITH a0 AS (SELECT 1 AS i)";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "a" + std::to_string(i - 1);
    bomb += ", a" + std::to_string(i) + " AS (SELECT x.i FROM " + before + " x, " + before + " y)";
  }
  EXPECT_THAT(error(bomb + " SELECT * FROM a59"), StartsWith("query:"));
}

TEST_F(SandboxTest, EndsWhenItIsCancelledOrTheVisitorHasEnough) {
  const char* endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  Sandbox sandbox(lab_.path());
  int rows = 0;
  Sandbox::Visitor visitor;
  visitor.columns = [](const auto&) {};
  visitor.row = [&](std::vector<SqlValue>&&) { return ++rows < 5; };
  EXPECT_FALSE(sandbox.run(endless, {}, visitor));
  EXPECT_EQ(rows, 5);
  visitor.row = [&](std::vector<SqlValue>&&) { return true; };
  visitor.cancelled = [&] { return true; };
  EXPECT_THROW(sandbox.run(endless, {}, visitor), UsageError);
  visitor.cancelled = {};
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    sandbox.interrupt();
  });
  try {
    sandbox.run(endless, {}, visitor);
    ADD_FAILURE() << "it has no end";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "query: cancelled.");
  }
  other.join();
  EXPECT_TRUE(sandbox.run("SELECT 1", {}, visitor)) << "the next query runs";
}

TEST_F(SandboxTest, SaysWhatToDoWithoutAnIndex) {
  const Lab empty;
  try {
    const Sandbox sandbox(empty.path());
    ADD_FAILURE();
  } catch (const StoreError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there are no results yet"));
  }
}

}  // namespace
}  // namespace lea::db
