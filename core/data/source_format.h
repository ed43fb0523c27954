// The formats of interaction files that import reads: the files in a folder, and their columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/table_reader.h"

namespace lea::data {

struct Source {
  std::string interactions, items;  // `items` is empty when there are no item texts
};

// The columns of a format.
struct Layout {
  std::string sequence, item, time;
  bool typed = false;      // the header is "name:type"
  bool strict = false;     // other columns are an error
  bool behaviour = false;  // a behaviour column is allowed
};

struct Columns {
  size_t sequence, item, time;
  std::optional<size_t> behaviour;
};

// Throws ConfigError with the nearest name unless `format` is tsv, recbole or gru4rec.
Layout layout_of(const std::string& format);

// The files of the data set at `path`, which the user gave. Throws DataError that names what is
// missing.
Source find_source(const std::string& path, const std::string& format);

// These functions throw DataError for an unsuitable header (TableReader::refuse_header).
Columns find_columns(const TableReader& table, const Layout& layout);
std::vector<std::string> names_of(const TableReader& table, bool typed);  // without RecBole's types
size_t need_column(const TableReader& table, const std::vector<std::string>& names,
                   const std::string& name);
void check_type(const TableReader& table, size_t column, const char* type);

}  // namespace lea::data
