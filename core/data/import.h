// Importers of interaction files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/data/split.h"
#include "core/data/table_reader.h"

namespace lea::data {

class OutputFolder;

struct ImportOptions {
  // The formats. Files are tab-separated unless `separator` states something else, and may be
  // compressed with gzip. docs/data.md has an example of each.
  //   tsv      a folder with interactions.tsv[.gz] (header: user_id item_id timestamp [behaviour])
  //            and an optional items.tsv[.gz]; or one such interactions file
  //   recbole  a folder NAME with NAME.inter[.gz] and an optional NAME.item[.gz], or the .inter
  //            file; the header has types
  //   gru4rec  one file with the header SessionId ItemId Time
  // A time is a number, or a date and time of ISO 8601, which becomes seconds since 1970. Further
  // columns are an error in tsv, unless `columns` is stated; otherwise they are not used. A folder
  // of tsv or recbole that `export_dataset` made is numbered as it states.
  std::string format = "tsv";
  int64_t min_sequence = 0;     // drop sequences with fewer events ...
  int64_t min_item = 0;         // ... then items with fewer events (the reference code's order)
  std::string filter = "once";  // apply the two filters once, or (stable) until nothing changes
  int64_t skip_bad_rows = 0;    // skip and count up to so many bad rows; more are an error
  bool replace = false;         // replace a different data set of the same name

  // Names of columns in place of the format's, by what they hold: user, session, item, time,
  // behaviour. A sequence has the id of the user or session that is stated. Where both are stated,
  // it is all of a user's events in a session, and has the id USER:SESSION (a `:` or `\` in one of
  // the two is written with a `\` before it).
  std::map<std::string, std::string> columns;
  TableForm form;  // of the interactions; without a header, `columns` has numbers from 1

  // A file of item texts, in place of the one that the format finds. Its first line is a header.
  std::string items;
  std::string items_id;  // its column of ids; "": `item_id`, or that of the interactions
  std::string
      items_separator;  // "": `,` for .csv, a tab for .tsv and .item, otherwise as in `form`

  // The import drops these events before it filters, in this order. Two events are equal when their
  // sequences, items and behaviours are.
  std::string duplicates = "keep";  // or keep the first or last of equal events: first, last
  std::string repeats = "keep";     // or collapse equal events without another one between them
};

// An import in two steps, so that a caller can look at the data before anything is written.
class PreparedImport {
 public:
  // Reads and filters `source`, and compares it with the lab's data set of this name. Writes
  // nothing. Throws ConfigError for options that do not fit together, and DataError for bad rows
  // (file:line:column and the reason), and when the name exists with different content, unless
  // `replace`. Needs about 25 bytes of memory for each event.
  PreparedImport(const std::string& lab, const std::string& name, const std::string& source,
                 const ImportOptions& options);
  ~PreparedImport();
  PreparedImport(PreparedImport&&) noexcept;

  int64_t items() const;
  Sequences sequences() const;  // valid as long as this
  // What the user should know of this source, in sentences: notes_of the data set, and files beside
  // the source that may hold item texts and were not read.
  const std::vector<std::string>& notes() const { return notes_; }

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
  std::vector<std::string> notes_;
  std::shared_ptr<const Dataset> same_;  // the lab's data set, when it has the same content
  std::unique_ptr<Read> read_;           // otherwise what was read
};

// Both steps. Sequences and items are numbered by first appearance among the events that the
// filters keep. Importing the same content again changes nothing, even from another format.
std::shared_ptr<const Dataset> import_dataset(const std::string& lab, const std::string& name,
                                              const std::string& source,
                                              const ImportOptions& options);

// What the description of a data set notes about its import, in sentences: columns that are not
// used, what was dropped, and what looks like a mistake. Empty where nothing is noted.
std::vector<std::string> notes_of(const nlohmann::json& description);

// Whether a data set was imported with options that a spec cannot state (`columns` and all below it
// in ImportOptions), from interactions that equal those at `path` byte by byte. A spec that names
// this path then means this data set. Throws DataError when the file at `path` is another one,
// because an import that lacks these options would read something else.
bool imported_by_hand(const nlohmann::json& description, const std::string& path);

// Throws UsageError unless `name` may name a data set (is_name in core/base/text.h).
void check_name(const std::string& name);

}  // namespace lea::data
