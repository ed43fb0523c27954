#include "core/data/export.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/error.h"
#include "core/base/folder_writer.h"
#include "core/base/text.h"
#include "core/data/table_reader.h"

namespace lea::data {
namespace {

// Returns the shortest text that reads back as the same double, also as -0. Whole numbers have no
// exponent.
std::string time_text(double time) {
  char text[400];
  const bool negative_zero = time == 0 && std::signbit(time);
  const bool whole = std::abs(time) < 9e15 && time == std::floor(time) && !negative_zero;
  const auto result = whole ? std::to_chars(text, text + sizeof(text), static_cast<int64_t>(time))
                            : std::to_chars(text, text + sizeof(text), time);
  return std::string(text, result.ptr);
}

class Exporter {
 public:
  Exporter(const Dataset& data, const Split* split, const std::string& name, FolderWriter& folder)
      : data_(data), split_(split), name_(name), folder_(folder) {}

  void maps() const {
    map(kMapFiles[0], "item_id\titem\n", data_.item_ids(), 1);
    map(kMapFiles[1], "user_id\tsequence\n", data_.sequence_ids(), 0);
    map(kMapFiles[2], "behaviour\tnumber\n", data_.behaviours(), 0);
  }

  void split_record() const {
    const nlohmann::json record = {{"data", name_},
                                   {"data_fingerprint", data_.fingerprint()},
                                   {"split_fingerprint", split_->fingerprint}};
    FileWriter file(folder_.path(kSplitFile));
    file.write(record.dump(1) + "\n");
    file.close();
  }

  void tsv() const {
    const std::string header = columns("user_id\titem_id\ttimestamp", "\tbehaviour");
    events("interactions.tsv", header, std::nullopt);
    if (split_ != nullptr) {
      for (const Part part : kParts) events(std::string(name_of(part)) + ".tsv", header, part);
      parts_of_sequences();
    }
    if (!data_.items_file().empty()) items("items.tsv", false);
  }

  void recbole() const {
    const std::string header =
        columns("user_id:token\titem_id:token\ttimestamp:float", "\tbehaviour:token");
    events(name_ + ".inter", header, std::nullopt);
    for (const Part part : kParts) {
      if (split_ != nullptr) events(name_ + "." + name_of(part) + ".inter", header, part);
    }
    if (!data_.items_file().empty()) items(name_ + ".item", true);
  }

 private:
  static constexpr Part kParts[] = {Part::kTrain, Part::kValid, Part::kTest};

  std::string columns(const std::string& always, const std::string& behaviour) const {
    return always + (data_.behaviour().empty() ? "" : behaviour) + "\n";
  }

  void map(const std::string& file_name, const std::string& header,
           const std::vector<std::string>& ids, size_t first) const {
    FileWriter file(folder_.path(file_name));
    file.write(header);
    for (size_t i = 0; i < ids.size(); ++i)
      file.write(ids[i] + "\t" + std::to_string(i + first) + "\n");
    file.close();
  }

  void events(const std::string& file_name, const std::string& header,
              std::optional<Part> part) const {
    FileWriter file(folder_.path(file_name));
    file.write(header);
    for (size_t s = 0; s + 1 < data_.offsets().size(); ++s) {
      for (uint64_t e = data_.offsets()[s]; e < data_.offsets()[s + 1]; ++e) {
        if (part && split_->part[e] != static_cast<uint8_t>(*part)) continue;
        file.write(data_.sequence_ids()[s] + "\t" + data_.item_ids()[data_.item()[e] - 1] + "\t" +
                   time_text(data_.time()[e]));
        if (!data_.behaviour().empty()) file.write("\t" + data_.behaviours()[data_.behaviour()[e]]);
        file.write("\n");
      }
    }
    file.close();
  }

  void parts_of_sequences() const {
    for (size_t s = 0; s + 1 < data_.offsets().size(); ++s) {
      // The parts never fall within a sequence, so comparing its first and last event suffices.
      if (split_->part[data_.offsets()[s]] != split_->part[data_.offsets()[s + 1] - 1]) return;
    }
    FileWriter file(folder_.path("split.tsv"));
    file.write("user_id\tpart\n");
    for (size_t s = 0; s + 1 < data_.offsets().size(); ++s) {
      const auto part = static_cast<Part>(split_->part[data_.offsets()[s]]);
      file.write(data_.sequence_ids()[s] + "\t" + name_of(part) + "\n");
    }
    file.close();
  }

  void items(const std::string& file_name, bool typed) const {
    BadRows bad(0);
    TableReader table(data_.items_file(), bad);
    FileWriter file(folder_.path(file_name));
    for (size_t c = 0; c < table.header().size(); ++c) {
      file.write((c == 0 ? "" : "\t") + table.header()[c]);
      if (typed) file.write(c == 0 ? ":token" : ":token_seq");
    }
    file.write("\n");
    while (table.next()) {
      for (size_t c = 0; c < table.fields().size(); ++c) {
        if (c > 0) file.write("\t");
        file.write(table.fields()[c]);
      }
      file.write("\n");
    }
    bad.finish();
    file.close();
  }

  const Dataset& data_;
  const Split* split_;
  const std::string& name_;
  const FolderWriter& folder_;
};

}  // namespace

void export_dataset(const Dataset& data, const Split* split, const std::string& name,
                    const std::string& format, const std::string& folder) {
  if (format != "tsv" && format != "recbole") {
    throw ConfigError("format must be tsv or recbole, but is `" + printable(format) + "`.");
  }
  const std::string exists =
      printable(folder) + ": exists already; name a new folder, or remove it.";
  std::error_code ignored;
  if (std::filesystem::exists(folder, ignored)) throw DataError(exists);
  FolderWriter writer(folder);
  const Exporter exporter(data, split, name, writer);
  exporter.maps();
  if (split != nullptr) exporter.split_record();
  if (format == "tsv") {
    exporter.tsv();
  } else {
    exporter.recbole();
  }
  if (!writer.publish(/*replace=*/false)) throw DataError(exists);
}

}  // namespace lea::data
