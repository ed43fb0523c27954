// SQL that a user types. It can read the index, and do nothing else: no write, no other file, no
// setting, no extension. It ends by itself at limits of time and memory, and any thread can end it.
//
// A query holds a lock while it runs, for which the writer of the index waits at most 30 s. So
// nobody may give a query as many seconds (kMostQuerySeconds).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lea::db {

inline constexpr double kMostQuerySeconds = 20;
inline constexpr int64_t kMostQueryBytes = 100'000;    // of the text of a query
inline constexpr int64_t kMostValueBytes = 1'000'000;  // of a value

struct QueryLimits {
  double seconds = 5;                  // at most kMostQuerySeconds
  int64_t bytes = int64_t{128} << 20;  // of memory, besides what the visitor keeps
};

// A value of a row.
struct SqlValue {
  enum class Kind { kNull, kNumber, kText };
  Kind kind = Kind::kNull;
  double number = 0;
  std::string text;  // of a number: in as many digits as it needs; of bytes: their count
};

// A table of the index, for those who write queries.
struct TableAbout {
  struct Column {
    std::string name, type, about;
  };
  std::string name, about;
  std::vector<Column> columns;
};
// All tables of the newest schema, those first that most queries need.
const std::vector<TableAbout>& tables();

class Sandbox {
 public:
  // Opens the lab's index. Throws StoreError as Store with kReadOnly.
  explicit Sandbox(const std::string& lab, double seconds = 2);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  struct Visitor {
    std::function<void(const std::vector<std::string>& columns)> columns;  // called once, before
    std::function<bool(std::vector<SqlValue>&& row)> row;                  // false: no more rows
    std::function<bool()> cancelled;
  };
  // Runs one statement. Returns whether all of its rows were visited. Throws UsageError with one line
  // that says where the query is wrong, why it was ended, or what it may not do:
  //   query:1:8: no such column: ndgc, did you mean `ndcg`?
  bool run(const std::string& sql, const QueryLimits& limits, const Visitor& visitor);

  // Ends the query that another thread runs. Any thread may call it while the sandbox exists.
  void interrupt() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lea::db
