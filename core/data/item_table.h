// The item texts of an import: read from a table, and written in the order of the items.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/interactions.h"
#include "core/data/output_folder.h"
#include "core/data/source_format.h"
#include "core/data/table_reader.h"

namespace lea::data {

// How a table of item texts is laid out.
struct ItemLayout {
  TableForm form;
  std::vector<std::string> ids;  // the column of ids is the first of these that the header has
  bool typed = false;            // the header is "name:type"
  bool id_first = false;         // the column of ids must be the first
};
ItemLayout item_layout_of(const Source& source, const ImportOptions& options);

// The texts of the kept items. Items without a row get empty texts.
class ItemTable {
 public:
  // Reads the file after `interactions` were arranged. Adds rows that cannot be used to `bad`.
  // Throws DataError for an unsuitable header.
  ItemTable(const std::string& path, const ItemLayout& layout, BadRows& bad,
            const Interactions& interactions);

  // Writes items.tsv. A tab or a line end in a text becomes a space.
  void write(OutputFolder& folder, const Interactions& interactions) const;

  int64_t items_without_row() const;
  int64_t rows_without_item() const { return unused_rows_; }
  // Returns a sentence when no item has a row, and otherwise "".
  std::string warning(const std::string& path) const;

 private:
  void add(TableReader& table, const Interactions& interactions);

  size_t id_ = 0;  // the column of ids
  std::string id_name_, header_, empty_;
  std::vector<std::string> rows_;  // "\ttext\ttext"
  std::vector<bool> seen_;
  int64_t unused_rows_ = 0;
};

}  // namespace lea::data
