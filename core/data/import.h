// Importers of interaction files.
#pragma once

#include <cstdint>
#include <string>

#include "core/data/dataset.h"

namespace lea::data {

struct ImportOptions {
  // tsv:      a folder with interactions.tsv[.gz] (header: user_id item_id timestamp [behaviour]) and an
  //           optional items.tsv[.gz], or such an interactions file
  // recbole:  a folder NAME with NAME.inter and optional NAME.item, or the .inter file; typed headers
  // gru4rec:  a TSV with the header SessionId ItemId Time
  std::string format = "tsv";
  int64_t min_sequence = 0;   // drop sequences with fewer events ...
  int64_t min_item = 0;       // ... then items with fewer events (the reference's order)
  std::string filter = "once";  // once, or stable: until nothing changes
  int64_t skip_bad_rows = 0;    // at most so many bad rows are skipped and counted; else an error
};

// Reads `source` and publishes lab/data/NAME. Sequences and items are numbered by first appearance.
// Importing the same content with the same options again does nothing; a different content under an
// existing name is a DataError that says so. Bad rows: DataError with file:line:column and the reason.
std::shared_ptr<const Dataset> import_dataset(const std::string& lab, const std::string& name,
                                              const std::string& source, const ImportOptions& options);

}  // namespace lea::data
