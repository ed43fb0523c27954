// The SQL queries that the user ran, most recent first, in a file beside the settings. Several
// windows may share it.
#pragma once

#include <string>
#include <vector>

namespace lea::gui {

inline constexpr size_t kQueriesKept = 200;

// The queries without those that come again, at most kQueriesKept.
std::vector<std::string> kept_queries(const std::vector<std::string>& queries);

// Of the file; none where it is absent. Throws StoreError, and DataError for a damaged file.
std::vector<std::string> read_queries(const std::string& path);

// Puts these queries before those of the file. Returns what the file then has. Throws as
// read_queries; a damaged file is left alone.
std::vector<std::string> add_queries(const std::string& path,
                                     const std::vector<std::string>& queries);

}  // namespace lea::gui
