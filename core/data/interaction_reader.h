// Reads the rows of an interactions file.
#pragma once

#include <string>
#include <vector>

#include "core/data/interactions.h"
#include "core/data/source_format.h"
#include "core/data/table_reader.h"

namespace lea::data {

struct ReadInteractions {
  std::vector<std::string> unused_columns;
  bool iso8601 = false;  // the times were dates and times, and became seconds since 1970
  // Returns a sentence when sessions have rows of several users, and otherwise "".
  std::string mixed_sessions;
};

// Adds the rows of a file. Adds rows that cannot be used to `bad`. `behaviours` are numbered first
// when the file has a column of behaviours. Throws DataError for an unsuitable header, for too many
// rows, and for more than 255 behaviours.
ReadInteractions read_interactions(const std::string& path, const Layout& layout,
                                   const TableForm& form,
                                   const std::vector<std::string>& behaviours, BadRows& bad,
                                   Interactions& interactions);

}  // namespace lea::data
