// The three layouts of interaction files that import reads: which files of a folder, which columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/table_reader.h"

namespace lea::data {

struct Source {
  std::string interactions, items;  // `items` may be empty
};

// Where a format keeps its columns.
struct Layout {
  std::string sequence, item, time;
  bool typed = false;      // "name:type" in the header
  bool strict = false;     // other columns are an error
  bool behaviour = false;  // may have a behaviour column
};

struct Columns {
  size_t sequence, item, time;
  std::optional<size_t> behaviour;
};

// Throws ConfigError with the nearest name unless `format` is tsv, recbole or gru4rec.
Layout layout_of(const std::string& format);

// The files behind a path as the user gave it. Throws DataError that says what is missing.
Source find_source(const std::string& path, const std::string& format);

// These refuse a header that does not fit, as TableReader::refuse_header.
Columns find_columns(const TableReader& table, const Layout& layout);
std::vector<std::string> names_of(const TableReader& table, bool typed);  // without RecBole's types
size_t need_column(const TableReader& table, const std::vector<std::string>& names,
                   const std::string& name);
void check_type(const TableReader& table, size_t column, const char* type);

}  // namespace lea::data
