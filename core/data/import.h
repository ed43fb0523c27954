// Importers of interaction files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/data/dataset.h"

namespace lea::data {

struct ImportOptions {
  // The formats. Files are tab-separated and may be compressed with gzip.
  //   tsv      a folder with interactions.tsv[.gz] (header: user_id item_id timestamp [behaviour])
  //            and an optional items.tsv[.gz]; or one such interactions file
  //   recbole  a folder NAME with NAME.inter[.gz] and an optional NAME.item[.gz], or the .inter
  //            file; the header has types
  //   gru4rec  one file with the header SessionId ItemId Time
  // Further columns of RecBole and GRU4Rec files are ignored.
  std::string format = "tsv";
  int64_t min_sequence = 0;     // drop sequences with fewer events ...
  int64_t min_item = 0;         // ... then items with fewer events (the reference code's order)
  std::string filter = "once";  // apply the two filters once, or (stable) until nothing changes
  int64_t skip_bad_rows = 0;    // skip and count up to so many bad rows; more are an error
  bool replace = false;         // replace a different data set of the same name
};

// Reads `source` and publishes lab/data/NAME. Sequences and items are numbered by first appearance
// among the events that the filters keep. Importing the same content again changes nothing, even
// from another format. If the name exists with different content, throws DataError unless
// `replace`. For bad rows throws DataError with file:line:column and the reason. Needs about 25
// bytes of memory for each event.
std::shared_ptr<const Dataset> import_dataset(const std::string& lab, const std::string& name,
                                              const std::string& source,
                                              const ImportOptions& options);

// Throws UsageError unless `name` may name a data set (is_name in core/base/text.h).
void check_name(const std::string& name);

}  // namespace lea::data
