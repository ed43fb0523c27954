#include "core/data/import.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/json_field.h"
#include "core/base/text.h"
#include "core/data/import_options.h"
#include "core/data/interaction_reader.h"
#include "core/data/interactions.h"
#include "core/data/item_table.h"
#include "core/data/output_folder.h"
#include "core/data/source_format.h"
#include "core/data/unread_texts.h"

namespace lea::data {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Called before the file is read, because a FIFO can block and a device may never end.
void check_regular(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw DataError(printable(path) + ": is not a regular file.");
}

json file_record_of(const std::string& path) {
  check_regular(path);
  json file = file_record(path);
  // JSON is UTF-8, which the name of a file need not be.
  file["name"] = printable(fs::path(path).filename().string());
  return file;
}

// The interactions come first among the files.
json source_record(const Source& source, const ImportOptions& options) {
  json files = json::array({file_record_of(source.interactions)});
  if (!source.items.empty()) files.push_back(file_record_of(source.items));
  for (const std::string& path : source.maps) files.push_back(file_record_of(path));
  return {{"format", options.format}, {"files", files}, {"options", options_record(options)}};
}

// The ids of a file that an export left, in the order of their numbers.
std::vector<std::string> read_map(const std::string& path, int64_t first) {
  BadRows bad(0);
  TableReader table(path, bad);
  if (table.header().size() != 2) table.refuse_header("an export's map has two columns.");
  std::vector<std::string> ids;
  while (table.next()) {
    const std::string number = std::to_string(first + std::ssize(ids));
    if (table.fields()[1] != number)
      table.refuse(1, "the number must be " + number + ": an export numbers without gaps.");
    ids.emplace_back(table.fields()[0]);
  }
  bad.finish();
  return ids;
}

std::string all_filtered(const Interactions& interactions, const ImportOptions& options,
                         const std::string& path) {
  if (interactions.events() == 0)
    return printable(path) + ": the file has a header but no interactions.";
  return printable(path) + ": the filters (min_sequence " + std::to_string(options.min_sequence) +
         ", min_item " + std::to_string(options.min_item) + ", " + options.filter + ") drop " +
         (interactions.events() == 1 ? "the only interaction"
                                     : "all " + counted(interactions.events(), "interaction")) +
         ". Lower them.";
}

void add_unread(const std::vector<std::string>& files, std::vector<std::string>* notes) {
  for (const std::string& file : files) {
    const std::string name = printable(file);
    notes->push_back(name +
                     " lies beside the interactions and was not read. If it has texts of the "
                     "items, import with `--items " +
                     name + "` (a table such as CSV or TSV).");
  }
}

}  // namespace

std::vector<std::string> notes_of(const json& description) {
  std::vector<std::string> notes;
  const JsonFields fields(description, "dataset.json");
  if (fields.has("unused_columns")) {
    std::vector<std::string> names = fields.texts("unused_columns");
    for (std::string& name : names) name = printable(name);
    notes.push_back("Columns of the interactions that are not used: " + joined(names) + ".");
  }
  if (fields.has("times"))
    notes.push_back("Times are dates in the source, and seconds since 1970 in the lab (UTC).");
  if (fields.has("read")) {
    const JsonFields read = fields.object("read");
    if (read.has("dropped_duplicates")) {
      notes.push_back("Dropped " + counted(read.integer("dropped_duplicates"), "duplicate") +
                      " of an item within a sequence.");
    }
    if (read.has("dropped_repeats")) {
      notes.push_back("Dropped " + counted(read.integer("dropped_repeats"), "repeat") +
                      " of the item just before.");
    }
  }
  if (fields.has("warnings")) {
    for (const std::string& warning : fields.texts("warnings")) notes.push_back(printable(warning));
  }
  return notes;
}

bool imported_by_hand(const json& description, const std::string& path) {
  const JsonFields fields(description, "dataset.json");
  if (!fields.has("source")) return false;
  const JsonFields source = fields.object("source");
  if (!source.has("options") || !has_options_by_hand(source.at("options"))) return false;
  ImportOptions options;
  options.format = source.text("format");
  const json now = file_record_of(find_source(path, options).interactions);
  const json& files = source.at("files");
  const bool known = files.is_array() && !files.empty() && files[0].is_object();
  if (known && files[0].value("sha256", json()) == now["sha256"]) return true;
  throw DataError(printable(path) +
                  ": is not the file from which the lab's data set was imported. That import had "
                  "options that a spec cannot state (docs/data.md). Import the file with `lealab "
                  "data import` again, or leave out data.path.");
}

void check_name(const std::string& name) {
  if (is_name(name)) return;
  throw UsageError(in_backticks(name) + " cannot name a data set: a name must be " + kNameRule +
                   ".");
}

struct PreparedImport::Read {
  Interactions interactions;
  std::optional<ItemTable> texts;
  std::vector<double> times;              // in data order; filled when they are first asked for
  std::vector<std::string> sequence_ids;  // likewise
  json record;                            // what was read, for dataset.json

  Read(const Source& source, const ImportOptions& options) {
    BadRows bad(options.skip_bad_rows);
    const ReadInteractions rows = read(source, options, bad);
    json found = {{"events", interactions.events()},
                  {"sequences", interactions.sequences()},
                  {"items", interactions.items()}};
    if (options.duplicates != "keep")
      found["dropped_duplicates"] = interactions.drop_duplicates(options.duplicates == "last");
    if (options.repeats != "keep") found["dropped_repeats"] = interactions.collapse_repeats();
    interactions.filter(options.min_sequence, options.min_item, options.filter == "stable");
    if (!interactions.arrange())
      throw DataError(all_filtered(interactions, options, source.interactions));
    std::vector<std::string> warnings;
    if (!rows.mixed_sessions.empty()) warnings.push_back(rows.mixed_sessions);
    if (!source.items.empty()) {
      texts.emplace(source.items, item_layout_of(source, options), bad, interactions);
      bad.finish();
      record["items_without_text"] = texts->items_without_row();
      record["text_rows_without_item"] = texts->rows_without_item();
      if (const std::string none = texts->warning(source.items); !none.empty())
        warnings.push_back(none);
    }
    found["skipped_rows"] = bad.count();
    record["read"] = found;
    if (rows.iso8601) record["times"] = "iso8601";
    if (!rows.unused_columns.empty()) record["unused_columns"] = rows.unused_columns;
    if (!warnings.empty()) record["warnings"] = warnings;
  }

 private:
  ReadInteractions read(const Source& source, const ImportOptions& options, BadRows& bad) {
    std::vector<std::string> behaviours;
    if (!source.maps.empty()) {
      interactions.number_as(read_map(source.maps[0], 1), read_map(source.maps[1], 0));
      behaviours = read_map(source.maps[2], 0);
    }
    ReadInteractions rows = read_interactions(source.interactions, layout_of(options), options.form,
                                              behaviours, bad, interactions);
    bad.finish();
    return rows;
  }
};

PreparedImport::~PreparedImport() = default;
PreparedImport::PreparedImport(PreparedImport&&) noexcept = default;

PreparedImport::PreparedImport(const std::string& lab, const std::string& name,
                               const std::string& source, const ImportOptions& options)
    : target_(dataset_folder(lab, name)), options_(options) {
  check_name(name);
  check_options(options);
  const Source files = find_source(source, options);
  origin_ = source_record(files, options);
  const std::vector<std::string> unread = unread_texts(files, layout_of(options));
  std::error_code ignored;
  std::shared_ptr<const Dataset> old;
  if (fs::exists(target_, ignored)) {
    try {
      old = Dataset::open(target_);
    } catch (const DataError&) {
      // A damaged data set may be replaced, like any other.
      if (!options.replace) throw;
    }
  }
  if (old != nullptr && old->description().value("source", json()) == origin_) {
    same_ = old;
    notes_ = notes_of(old->description());
    add_unread(unread, &notes_);
    return;
  }
  read_ = std::make_unique<Read>(files, options);
  notes_ = notes_of(read_->record);
  add_unread(unread, &notes_);
  if (old == nullptr) return;
  OutputFolder sums;
  const std::string fingerprint = fingerprint_of(sums, nullptr);
  if (old->fingerprint() == fingerprint) {
    same_ = old;
    read_.reset();
  } else if (!options.replace) {
    refuse(*old, fingerprint);
  }
}

int64_t PreparedImport::items() const {
  return same_ ? same_->items() : static_cast<int64_t>(read_->interactions.kept_items());
}

Sequences PreparedImport::sequences() const {
  if (same_) return sequences_in(*same_);
  Read& read = *read_;
  if (read.times.empty()) read.times = read.interactions.times();
  return {read.interactions.offsets(), read.times, read.interactions.time_is_position(),
          [&read]() -> const std::vector<std::string>& {
            if (read.sequence_ids.empty()) read.sequence_ids = read.interactions.sequence_ids();
            return read.sequence_ids;
          }};
}

std::string PreparedImport::fingerprint_of(OutputFolder& folder, json* description) const {
  const Interactions& interactions = read_->interactions;
  json document = interactions.write(folder);
  if (read_->texts) read_->texts->write(folder, interactions);
  document.update(read_->record);
  document["format"] = "lea-data";
  document["version"] = 1;
  document["source"] = origin_;
  document["files"] = folder.records();
  const std::string fingerprint = sum_of_description(document);
  document["fingerprint"] = fingerprint;
  if (description != nullptr) *description = std::move(document);
  return fingerprint;
}

void PreparedImport::refuse(const Dataset& other, const std::string& fingerprint) const {
  throw DataError(printable(target_) + ": another data set has this name (fingerprint " +
                  other.fingerprint().substr(0, 12) + ", this source gives " +
                  fingerprint.substr(0, 12) + "). Choose another name, or import with --replace.");
}

std::shared_ptr<const Dataset> PreparedImport::publish() {
  if (same_) return same_;
  FolderWriter folder(target_);
  json description;
  OutputFolder files(&folder);
  const std::string fingerprint = fingerprint_of(files, &description);
  FileWriter file(folder.path("dataset.json"));
  file.write(description.dump(2) + "\n");
  file.close();
  read_.reset();
  if (folder.publish(options_.replace)) return Dataset::open(target_);
  // Another process published a data set of this name in the meantime.
  same_ = Dataset::open(target_);
  if (same_->fingerprint() == fingerprint) return same_;
  refuse(*same_, fingerprint);
}

std::shared_ptr<const Dataset> import_dataset(const std::string& lab, const std::string& name,
                                              const std::string& source,
                                              const ImportOptions& options) {
  return PreparedImport(lab, name, source, options).publish();
}

}  // namespace lea::data
