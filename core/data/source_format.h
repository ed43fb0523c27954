// The formats of interaction files that import reads: the files in a folder, and their columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/import.h"
#include "core/data/table_reader.h"

namespace lea::data {

struct Source {
  std::string interactions, items;  // `items` is empty when there are no item texts
  // What an export left to number items, sequences and behaviours by, in this order; or nothing.
  std::vector<std::string> maps;
};

// The columns of a format, or those that the user named.
struct Layout {
  std::string format;
  std::vector<std::string> sequence;  // one column, or those of the user and the session
  std::string item, time;
  std::string behaviour;  // empty: a column that is named so, if there is one and it may be
  bool may_have_behaviour = false;
  bool typed = false;   // the header is "name:type"
  bool strict = false;  // other columns are an error
};

struct Columns {
  std::vector<size_t> sequence;
  size_t item = 0, time = 0;
  std::optional<size_t> behaviour;
  std::optional<size_t> user;       // names users and is no part of a sequence of sessions
  std::vector<std::string> unused;  // names
};

// These are the names that --columns has for what a column holds.
inline constexpr const char* kRoles[] = {"user", "session", "item", "time", "behaviour"};

// Throws ConfigError with the nearest name unless the format is tsv, recbole or gru4rec.
Layout layout_of(const ImportOptions& options);

// The files of the data set at `path`, which the user gave. Throws DataError that names what is
// missing.
Source find_source(const std::string& path, const ImportOptions& options);

// Whether a name such as UserId, user_id or `user` is that of a column of users.
bool names_users(const std::string& name);

// These functions throw DataError for an unsuitable header (TableReader::refuse_header).
Columns find_columns(const TableReader& table, const Layout& layout);
std::vector<std::string> names_of(const TableReader& table, bool typed);  // without RecBole's types
std::optional<size_t> find_column(const std::vector<std::string>& names, const std::string& name);
void check_type(const TableReader& table, size_t column, const char* type);

}  // namespace lea::data
