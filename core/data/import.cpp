#include "core/data/import.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/folder_writer.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/data/interactions.h"
#include "core/data/output_folder.h"
#include "core/data/source_format.h"

namespace lea::data {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Texts that data tools write for a missing value. As an id, such a text would join unrelated
// events into one sequence or item.
bool missing_value(std::string_view text) {
  for (const std::string_view name :
       {"", "NA", "NaN", "nan", "<NA>", "NULL", "null", "None", "\\N"}) {
    if (text == name) return true;
  }
  return false;
}

std::string wrong_number(std::string_view text, bool overflow) {
  const std::string shown = "`" + printable(text.substr(0, 40)) + "`";
  if (missing_value(text)) return "the timestamp is missing (" + shown + ").";
  if (overflow) return "the timestamp " + shown + " is beyond the range of a double.";
  if (text.find(',') != text.npos)
    return "the timestamp " + shown + " has a comma; write a decimal point.";
  return "the timestamp must be a number, but is " + shown + ".";
}

// Returns true when the row was added.
bool add_row(TableReader& table, const Columns& columns, Interactions& interactions) {
  const auto& fields = table.fields();
  for (const size_t column : {columns.sequence, columns.item}) {
    if (missing_value(fields[column])) {
      table.refuse(column, "the " + printable(table.header()[column]) + " is missing (`" +
                               printable(fields[column]) + "`).");
      return false;
    }
  }
  const std::string_view text = fields[columns.time];
  double time = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(time)) {
    table.refuse(columns.time, wrong_number(text, error == std::errc::result_out_of_range));
    return false;
  }
  if (columns.behaviour && missing_value(fields[*columns.behaviour])) {
    table.refuse(*columns.behaviour, "the behaviour is missing.");
    return false;
  }
  if (columns.behaviour && !interactions.add_behaviour(fields[*columns.behaviour])) {
    throw DataError(printable(table.path()) + ":" + std::to_string(table.line()) +
                    ":1: more than 255 different behaviours. Is the right column named behaviour?");
  }
  interactions.add(fields[columns.sequence], fields[columns.item], time);
  return true;
}

void read_interactions(const std::string& path, const Layout& layout, BadRows& bad,
                       Interactions& interactions) {
  TableReader table(path, bad);
  const Columns columns = find_columns(table, layout);
  while (table.next()) {
    if (interactions.events() >= Interactions::kMost) {
      throw DataError(printable(path) + ": more than " + std::to_string(Interactions::kMost) +
                      " interactions.");
    }
    add_row(table, columns, interactions);
  }
}

// The texts of the kept items, in item order. Items without a row get empty texts.
class ItemTexts {
 public:
  ItemTexts(const std::string& path, const Layout& layout, BadRows& bad,
            const Interactions& interactions) {
    TableReader table(path, bad);
    const std::vector<std::string> names = names_of(table, layout.typed);
    const size_t id = need_column(table, names, "item_id");
    if (layout.typed) check_type(table, id, "token");
    if (layout.strict && id != 0) table.refuse_header("the first column must be item_id.");
    header_ = "item_id";
    for (size_t c = 0; c < names.size(); ++c) {
      if (c != id) header_ += "\t" + names[c];
    }
    empty_ = std::string(names.size() - 1, '\t');
    rows_.resize(interactions.kept_items());
    seen_.resize(rows_.size());
    while (table.next()) add(table, id, interactions);
  }

  void write(OutputFolder& folder, const Interactions& interactions) const {
    OutputFolder::File file(folder, "items.tsv");
    file.write(header_ + "\n");
    for (uint32_t i = 0; i < rows_.size(); ++i) {
      file.write(interactions.item_id(i));
      file.write(seen_[i] ? rows_[i] : empty_);
      file.write("\n");
    }
    file.close();
  }

  int64_t missing() const { return std::count(seen_.begin(), seen_.end(), false); }

 private:
  void add(TableReader& table, size_t id, const Interactions& interactions) {
    const auto& fields = table.fields();
    const uint32_t number = interactions.item_number(fields[id]);
    if (number == IdTable::kNone) return;
    if (seen_[number]) {
      table.refuse(id, "item `" + printable(fields[id].substr(0, 80)) + "` has a second row.");
      return;
    }
    seen_[number] = true;
    for (size_t c = 0; c < fields.size(); ++c) {
      if (c != id) (rows_[number] += '\t') += fields[c];
    }
  }

  std::string header_, empty_;
  std::vector<std::string> rows_;  // "\ttext\ttext"
  std::vector<bool> seen_;
};

// Called before the file is read, because a FIFO can block and a device may never end.
void check_regular(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    throw DataError(printable(path) + ": is not a regular file.");
}

json source_record(const Source& source, const ImportOptions& options) {
  json files = json::array();
  for (const std::string& path : {source.interactions, source.items}) {
    if (path.empty()) continue;
    check_regular(path);
    json file = file_record(path);
    // JSON is UTF-8, which the name of a file need not be.
    file["name"] = printable(fs::path(path).filename().string());
    files.push_back(file);
  }
  return {{"format", options.format},
          {"files", files},
          {"options",
           {{"min_sequence", options.min_sequence},
            {"min_item", options.min_item},
            {"filter", options.filter},
            {"skip_bad_rows", options.skip_bad_rows}}}};
}

std::string all_filtered(const Interactions& interactions, const ImportOptions& options,
                         const std::string& path) {
  if (interactions.events() == 0)
    return printable(path) + ": the file has a header but no interactions.";
  return printable(path) + ": the filters (min_sequence " + std::to_string(options.min_sequence) +
         ", min_item " + std::to_string(options.min_item) + ", " + options.filter + ") drop all " +
         std::to_string(interactions.events()) + " interactions. Lower them.";
}

void check_options(const ImportOptions& options) {
  layout_of(options.format);
  if (options.filter != "once" && options.filter != "stable") {
    throw ConfigError("filter must be once or stable, but is `" + printable(options.filter) + "`.");
  }
  if (options.min_sequence < 0 || options.min_item < 0 || options.skip_bad_rows < 0) {
    throw ConfigError("min_sequence, min_item and skip_bad_rows must not be negative.");
  }
}

}  // namespace

void check_name(const std::string& name) {
  if (is_name(name)) return;
  throw UsageError(in_backticks(name) + " cannot name a data set: a name must be " + kNameRule +
                   ".");
}

struct PreparedImport::Read {
  Interactions interactions;
  std::optional<ItemTexts> texts;
  std::vector<double> times;              // in data order; filled when they are first asked for
  std::vector<std::string> sequence_ids;  // likewise
  int64_t skipped_rows = 0;

  Read(const Source& source, const ImportOptions& options) {
    const Layout layout = layout_of(options.format);
    BadRows bad(options.skip_bad_rows);
    read_interactions(source.interactions, layout, bad, interactions);
    bad.finish();
    interactions.filter(options.min_sequence, options.min_item, options.filter == "stable");
    if (!interactions.arrange())
      throw DataError(all_filtered(interactions, options, source.interactions));
    if (!source.items.empty()) {
      texts.emplace(source.items, layout, bad, interactions);
      bad.finish();
    }
    skipped_rows = bad.count();
  }
};

PreparedImport::~PreparedImport() = default;
PreparedImport::PreparedImport(PreparedImport&&) noexcept = default;

PreparedImport::PreparedImport(const std::string& lab, const std::string& name,
                               const std::string& source, const ImportOptions& options)
    : target_(dataset_folder(lab, name)), options_(options) {
  check_name(name);
  check_options(options);
  const Source files = find_source(source, options.format);
  origin_ = source_record(files, options);
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
    return;
  }
  read_ = std::make_unique<Read>(files, options);
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
  if (read_->texts) {
    read_->texts->write(folder, interactions);
    document["items_without_text"] = read_->texts->missing();
  }
  document["format"] = "lea-data";
  document["version"] = 1;
  document["read"] = {{"events", interactions.events()},
                      {"sequences", interactions.sequences()},
                      {"items", interactions.items()},
                      {"skipped_rows", read_->skipped_rows}};
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
