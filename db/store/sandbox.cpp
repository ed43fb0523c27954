#include "db/store/sandbox.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"
#include "db/store/store_impl.h"

namespace lea::db {
namespace {

using Clock = std::chrono::steady_clock;

// So many instructions of SQLite lie between two looks at the limits. One instruction makes at most
// one value.
constexpr int kInstructions = 100;
constexpr int kMostColumns = 100;
// To match a pattern may take its length times that of the text, and cannot be interrupted.
constexpr int kMostPatternBytes = 200;
constexpr int kMostDepth = 100;
constexpr int kMostSelects = 50;
// A few nested WITH clauses can stand for billions of tables, which SQLite writes out before the query
// begins.
constexpr int64_t kPrepareBytes = int64_t{64} << 20;

std::string mebibytes(int64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// "query:2:7: " for a place in the text, "query: " for none.
std::string place(std::string_view sql, int64_t offset) {
  if (offset < 0) return "query: ";
  const std::string_view before = sql.substr(0, static_cast<size_t>(offset));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t begin = before.rfind('\n') + 1;  // 0 for npos
  return "query:" + std::to_string(line) + ":" + std::to_string(before.size() - begin + 1) + ": ";
}

int64_t error_offset([[maybe_unused]] sqlite3* handle) {
#if SQLITE_VERSION_NUMBER >= 3038000
  return sqlite3_error_offset(handle);
#else
  return -1;
#endif
}

bool is_table(std::string_view name) {
  if (name == "sqlite_master" || name == "sqlite_schema") return true;
  if (name == "json_each" || name == "json_tree") return true;
  return std::any_of(tables().begin(), tables().end(),
                     [&](const TableAbout& table) { return table.name == name; });
}

// What an action of sqlite3_set_authorizer would do; empty for what a query may do.
std::string refusal(int action, const char* first, const char* second) {
  const auto name = [](const char* text) { return in_backticks(text ? text : ""); };
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return "";
    case SQLITE_READ:
      return is_table(first ? first : "") ? "" : "the table " + name(first) + " cannot be read";
    case SQLITE_FUNCTION: {
      const std::string_view function = second ? second : "";
      const bool loads = function == "load_extension" || function == "fts3_tokenizer";
      return loads ? "the function " + name(second) + " is refused" : "";
    }
    case SQLITE_PRAGMA:
      return "PRAGMA is refused";
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return "another file cannot be opened or written";
    default:
      return "nothing can be changed";
  }
}

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  for (const TableAbout& table : tables()) {
    names.push_back(table.name);
    for (const auto& column : table.columns) names.push_back(column.name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// ", did you mean ...?" for a message of SQLite about a name: "no such column: r.ndgc".
std::string suggestion(std::string_view message) {
  if (!message.starts_with("no such column: ") && !message.starts_with("no such table: "))
    return "";
  return did_you_mean(message.substr(message.find_last_of(" .") + 1), known_names());
}

SqlValue value_of(sqlite3_stmt* statement, int column) {
  SqlValue value;
  const int type = sqlite3_column_type(statement, column);
  if (type == SQLITE_NULL) return value;
  value.kind =
      type == SQLITE_TEXT || type == SQLITE_BLOB ? SqlValue::Kind::kText : SqlValue::Kind::kNumber;
  value.number =
      value.kind == SqlValue::Kind::kNumber ? sqlite3_column_double(statement, column) : 0;
  if (type == SQLITE_FLOAT) {
    char digits[32];
    value.text.assign(digits, std::to_chars(digits, std::end(digits), value.number).ptr);
  } else if (type == SQLITE_BLOB) {
    value.text = "(" + grouped(sqlite3_column_bytes(statement, column)) + " bytes)";
  } else {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    const int size = sqlite3_column_bytes(statement, column);
    if (text != nullptr) value.text.assign(text, static_cast<size_t>(size));
  }
  return value;
}

// Watches the limits while a query runs.
struct Watch {
  enum class Why { kNone, kCancelled, kTime, kMemory };

  const QueryLimits& limits;
  const std::function<bool()>& cancelled;
  Clock::time_point end;
  int64_t used = sqlite3_memory_used();
  Why why = Why::kNone;

  Why look() const {
    if (cancelled && cancelled()) return Why::kCancelled;
    if (Clock::now() >= end) return Why::kTime;
    return sqlite3_memory_used() - used > limits.bytes ? Why::kMemory : Why::kNone;
  }
  static int on_progress(void* watch) {
    auto* self = static_cast<Watch*>(watch);
    self->why = self->look();
    return self->why == Why::kNone ? 0 : 1;
  }
};

std::string number(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, std::end(digits), value).ptr};
}

[[noreturn]] void throw_ended(Watch::Why why, const QueryLimits& limits, double seconds) {
  const std::string narrow = "Narrow it with WHERE or LIMIT";
  switch (why) {
    case Watch::Why::kTime:
      throw UsageError("query: ended after " + number(seconds) + " s. " + narrow +
                       (seconds < kMostQuerySeconds ? ", or give it more time." : "."));
    case Watch::Why::kMemory:
      throw UsageError("query: ended, because it needs more than " + mebibytes(limits.bytes) +
                       " of memory. " + narrow + ".");
    default:
      throw UsageError("query: cancelled.");
  }
}

// The heap of SQLite may grow only so far while this object lives, in the whole process.
class HeapLimit {
 public:
  explicit HeapLimit(int64_t more)
      : before_(sqlite3_hard_heap_limit64(sqlite3_memory_used() + more)) {}
  ~HeapLimit() { sqlite3_hard_heap_limit64(before_); }
  HeapLimit(const HeapLimit&) = delete;
  HeapLimit& operator=(const HeapLimit&) = delete;

 private:
  int64_t before_;
};

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

}  // namespace

struct Sandbox::Impl {
  std::unique_ptr<Connection> connection;
  std::string refused;  // by the authorizer, since the last statement was prepared

  sqlite3* handle() const { return connection->handle(); }
  void lock_down();
  Prepared prepare(const std::string& sql);
  Prepared prepare_from(const std::string& sql, size_t begin, size_t* end);
  [[noreturn]] void fail(const std::string& sql, int64_t offset) const;

  static int authorize(void* self, int action, const char* first, const char* second, const char*,
                       const char*) {
    const std::string why = refusal(action, first, second);
    if (why.empty()) return SQLITE_OK;
    auto& refused = static_cast<Impl*>(self)->refused;
    if (refused.empty()) refused = why;
    return SQLITE_DENY;
  }
};

void Sandbox::Impl::lock_down() {
  // A sort stays in memory, where the limit of memory ends it before it fills a disk.
  connection->execute("PRAGMA temp_store=MEMORY; PRAGMA query_only=ON");
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  for (const int off :
       {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
        SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_TRUSTED_SCHEMA})
    sqlite3_db_config(handle(), off, 0, nullptr);
  for (const auto& [limit, value] :
       {std::pair{SQLITE_LIMIT_LENGTH, static_cast<int>(kMostValueBytes)},
        {SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(kMostQueryBytes)},
        {SQLITE_LIMIT_COLUMN, kMostColumns},
        {SQLITE_LIMIT_EXPR_DEPTH, kMostDepth},
        {SQLITE_LIMIT_COMPOUND_SELECT, kMostSelects},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, kMostPatternBytes},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_VARIABLE_NUMBER, 0},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 0},
        {SQLITE_LIMIT_WORKER_THREADS, 0}})
    sqlite3_limit(handle(), limit, value);
  sqlite3_set_authorizer(handle(), &Impl::authorize, this);
}

void Sandbox::Impl::fail(const std::string& sql, int64_t offset) const {
  if (!refused.empty())
    throw UsageError("query: only the tables of the index can be read: " + refused + ".");
  const int code = sqlite3_errcode(handle()) & 0xff;
  if (code == SQLITE_NOMEM)
    throw UsageError("query: is too large for memory. Use fewer and smaller parts in it.");
  if (code != SQLITE_ERROR && code != SQLITE_TOOBIG && code != SQLITE_AUTH && code != SQLITE_RANGE)
    connection->fail("the query cannot be run");
  const std::string message = sqlite3_errmsg(handle());
  throw UsageError(place(sql, offset) + printable(message) + suggestion(message));
}

Prepared Sandbox::Impl::prepare_from(const std::string& sql, size_t begin, size_t* end) {
  const HeapLimit limit(kPrepareBytes);
  sqlite3_stmt* statement = nullptr;
  const char *text = sql.c_str() + begin, *tail = nullptr;
  refused.clear();
  const int code = sqlite3_prepare_v2(handle(), text, -1, &statement, &tail);
  if (code != SQLITE_OK) {
    const int64_t offset = error_offset(handle());
    fail(sql, offset < 0 ? -1 : offset + static_cast<int64_t>(begin));
  }
  *end = begin + static_cast<size_t>(tail - text);
  return Prepared(statement);
}

Prepared Sandbox::Impl::prepare(const std::string& sql) {
  if (sql.size() > static_cast<size_t>(kMostQueryBytes))
    throw UsageError("query: has " + grouped(std::ssize(sql)) + " bytes, but at most " +
                     grouped(kMostQueryBytes) + " are run.");
  if (const size_t zero = sql.find('\0'); zero != std::string::npos)
    throw UsageError(place(sql, static_cast<int64_t>(zero)) + "holds a byte 0.");
  size_t end = 0;
  Prepared statement = prepare_from(sql, 0, &end);
  if (!statement) throw UsageError("query: is empty.");
  const size_t second = end;
  bool another = true;
  try {
    another = prepare_from(sql, second, &end) != nullptr;
  } catch (const UsageError&) {
    // It is not empty.
  }
  if (another)
    throw UsageError(place(sql, static_cast<int64_t>(second)) +
                     "a second statement follows, but one is run at a time.");
  if (!sqlite3_stmt_readonly(statement.get()) || sqlite3_column_count(statement.get()) == 0)
    throw UsageError("query: only the tables of the index can be read: nothing can be changed.");
  return statement;
}

Sandbox::Sandbox(const std::string& lab, double seconds) : impl_(std::make_unique<Impl>()) {
  impl_->connection = open_for_reading(index_place(lab), seconds);
  impl_->lock_down();
}

Sandbox::~Sandbox() = default;

void Sandbox::interrupt() const { sqlite3_interrupt(impl_->handle()); }

bool Sandbox::run(const std::string& sql, const QueryLimits& limits, const Visitor& visitor) {
  const double seconds = std::min(limits.seconds, kMostQuerySeconds);
  Prepared statement = impl_->prepare(sql);
  const int columns = sqlite3_column_count(statement.get());
  std::vector<std::string> names;
  for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(statement.get(), i));
  visitor.columns(names);

  Watch watch{limits, visitor.cancelled,
              Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(seconds))};
  sqlite3_progress_handler(impl_->handle(), kInstructions, &Watch::on_progress, &watch);
  // The handler must not outlive `watch`.
  const auto off = [](sqlite3* handle) { sqlite3_progress_handler(handle, 0, nullptr, nullptr); };
  const std::unique_ptr<sqlite3, decltype(off)> guard(impl_->handle(), off);
  for (;;) {
    const int code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) return true;
    // A single instruction, as for count(*), may be ended from outside alone.
    if (code == SQLITE_INTERRUPT) throw_ended(watch.why, limits, seconds);
    if (code != SQLITE_ROW) impl_->fail(sql, -1);
    if (const auto why = watch.look(); why != Watch::Why::kNone) throw_ended(why, limits, seconds);
    std::vector<SqlValue> row;
    row.reserve(static_cast<size_t>(columns));
    for (int i = 0; i < columns; ++i) row.push_back(value_of(statement.get(), i));
    if (!visitor.row(std::move(row))) return false;
  }
}

}  // namespace lea::db
