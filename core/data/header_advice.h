// What to do about a table whose first line does not fit.
#pragma once

#include <string>
#include <vector>

#include "core/data/source_format.h"
#include "core/data/table_reader.h"

namespace lea::data {

// Throws DataError when the separator does not occur in the first line of the interactions, and
// says which one does, and what to state. Otherwise returns.
void refuse_wrong_separator(const TableReader& table, const Layout& layout);

// Throws DataError: the interactions lack the column `name`, which holds what `role` names
// (kRoles). The message says what the first line looks like, and what to state.
[[noreturn]] void refuse_lacking(const TableReader& table, const Layout& layout,
                                 const std::vector<std::string>& names, const std::string& name,
                                 const std::string& role);

// Throws DataError: the item texts lack the column `name` of ids.
[[noreturn]] void refuse_lacking_id(const TableReader& table, const std::vector<std::string>& names,
                                    const std::string& name);

}  // namespace lea::data
