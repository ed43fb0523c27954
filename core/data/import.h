// Importers of interaction files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"

namespace lea::data {

class OutputFolder;

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

// An import in two steps, so that a caller can look at the data before anything is written.
class PreparedImport {
 public:
  // Reads and filters `source`, and compares it with the lab's data set of this name. Writes
  // nothing. Throws DataError for bad rows (file:line:column and the reason), and when the name
  // exists with different content, unless `replace`. Needs about 25 bytes of memory for each event.
  PreparedImport(const std::string& lab, const std::string& name, const std::string& source,
                 const ImportOptions& options);
  ~PreparedImport();
  PreparedImport(PreparedImport&&) noexcept;

  int64_t items() const;
  Sequences sequences() const;  // valid as long as this

  // Publishes lab/data/NAME. Does nothing when the lab has the same content, even when another
  // process published it since. Throws DataError when another process published other content
  // under this name, unless `replace`. Call it at most once.
  std::shared_ptr<const Dataset> publish();

 private:
  struct Read;
  std::string fingerprint_of(OutputFolder& folder, nlohmann::json* description) const;
  [[noreturn]] void refuse(const Dataset& other, const std::string& fingerprint) const;

  std::string target_;
  ImportOptions options_;
  nlohmann::json origin_;
  std::shared_ptr<const Dataset> same_;  // the lab's data set, when it has the same content
  std::unique_ptr<Read> read_;           // otherwise what was read
};

// Both steps. Sequences and items are numbered by first appearance among the events that the
// filters keep. Importing the same content again changes nothing, even from another format.
std::shared_ptr<const Dataset> import_dataset(const std::string& lab, const std::string& name,
                                              const std::string& source,
                                              const ImportOptions& options);

// Throws UsageError unless `name` may name a data set (is_name in core/base/text.h).
void check_name(const std::string& name);

}  // namespace lea::data
