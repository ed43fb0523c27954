// Importers of interaction files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/data/dataset.h"

namespace lea::data {

struct ImportOptions {
  // tsv:      a folder with interactions.tsv[.gz] (header: user_id item_id timestamp [behaviour])
  // and an
  //           optional items.tsv[.gz], or such an interactions file
  // recbole:  a folder NAME with NAME.inter and optional NAME.item, or the .inter file; typed
  // headers gru4rec:  a TSV with the header SessionId ItemId Time All of them gzip-compressed or
  // not. RecBole and GRU4Rec files may have more columns; they are ignored.
  std::string format = "tsv";
  int64_t min_sequence = 0;     // drop sequences with fewer events ...
  int64_t min_item = 0;         // ... then items with fewer events (the reference's order)
  std::string filter = "once";  // once, or stable: until nothing changes
  int64_t skip_bad_rows = 0;    // at most so many bad rows are skipped and counted; else an error
  bool replace = false;         // a different data set of that name is replaced
};

// Reads `source` and publishes lab/data/NAME. Sequences and items are numbered by first appearance
// among the events that the filters keep. Importing the same content again does nothing, whatever
// the format it came in; a different content under an existing name is a DataError that says so,
// unless `replace`. Bad rows: DataError with file:line:column and the reason. Needs about 25 bytes
// an event.
std::shared_ptr<const Dataset> import_dataset(const std::string& lab, const std::string& name,
                                              const std::string& source,
                                              const ImportOptions& options);

// Throws UsageError unless `name` may name a data set (is_name of core/base/text.h).
void check_name(const std::string& name);

}  // namespace lea::data
