#include "core/lab/rank_reader.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/lfs_pointer.h"
#include "core/base/text.h"
#include "core/lab/rank_table.h"

namespace lea::lab {
namespace {

constexpr size_t kMessages = 5;
const std::vector<std::string> kColumns = {"sequence",    "position",   "rank",
                                           "target",      "ties",       "rank_unseen",
                                           "ties_unseen", "popularity", kSplitColumn};

// Reads a whole number from 0, which other programs may write as 2.0.
bool read_whole(const std::string& text, uint32_t* value) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, *value);
  if (error != std::errc()) return false;
  return rest == end ||
         (*rest == '.' && std::all_of(rest + 1, end, [](char digit) { return digit == '0'; }));
}

// The test events as records with rank 0.
std::vector<eval::RankRecord> expected_records(const data::Dataset& data,
                                               const data::Split& split) {
  std::vector<uint32_t> popularity(static_cast<size_t>(data.items()) + 1, 0);
  for (const uint32_t event : data::events_of(split, data::Part::kTrain))
    ++popularity[data.item()[event]];
  const std::vector<uint32_t> events = data::events_of(split, data::Part::kTest);
  const std::vector<uint32_t> sequences = data::sequences_of(data, events);
  std::vector<eval::RankRecord> records;
  for (size_t i = 0; i < events.size(); ++i) {
    eval::RankRecord record{};
    record.sequence = sequences[i];
    record.position = static_cast<uint32_t>(events[i] - data.offsets()[sequences[i]]);
    record.target = data.item()[events[i]];
    record.popularity = popularity[record.target];
    records.push_back(record);
  }
  return records;
}

class ForeignReader {
 public:
  ForeignReader(const std::string& path, const data::Dataset& data, const data::Split& split)
      : path_(path), data_(data), split_(split), records_(expected_records(data, split)) {
    for (size_t i = 0; i < data.sequence_ids().size(); ++i) {
      sequence_of_.emplace(data.sequence_ids()[i], static_cast<uint32_t>(i));
    }
    for (size_t i = 0; i < records_.size(); ++i) record_of_.emplace(key(records_[i]), i);
  }

  void read() {
    refuse_lfs_pointer_at(path_);
    RankTable table(path_);
    place_ = table.place();
    read_header(table.columns());
    while (table.next()) {
      place_ = table.place();
      read_row(table.fields());
    }
    finish();
  }

  const std::vector<eval::RankRecord>& records() const { return records_; }
  bool has(const char* column) const { return column_.contains(column); }
  void require_coverage(bool first_event) {
    size_t missing = 0;
    std::string first;
    std::vector<eval::RankRecord> kept;
    for (const eval::RankRecord& record : records_) {
      if (record.rank > 0) {
        kept.push_back(record);
      } else if (first_event || record.position > 0) {
        if (++missing <= kMessages) {
          first += "\n  sequence " + printable(data_.sequence_ids()[record.sequence]) +
                   ", position " + std::to_string(record.position);
        }
      }
    }
    if (missing > 0) {
      throw DataError(printable(path_) + ": " + std::to_string(missing) + " of " +
                      counted(std::ssize(records_), "test event") +
                      (missing == 1 ? " has" : " have") + " no rank:" + first +
                      "\nA table compares systems on the same events only.");
    }
    records_ = std::move(kept);
  }

 private:
  static uint64_t key(const eval::RankRecord& r) { return uint64_t{r.sequence} << 32 | r.position; }

  // A single column is a file with another separator.
  void refuse_other_forms(const std::vector<std::string>& names) const {
    const std::string line = names.empty() ? "" : names.front();
    if (line.starts_with("\x1f\x8b")) {
      throw DataError(place_ + ": the file is compressed with gzip. Unpack it, as by `gzip -dk`.");
    }
    if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff"))
      throw DataError(place_ + ": the file is UTF-16. Convert it to UTF-8.");
    if (names.size() > 1) return;
    for (const auto& [separator, name] :
         {std::pair{'\t', "tab"}, std::pair{';', "semicolon"}, std::pair{'|', "vertical bar"}}) {
      const auto found = std::count(line.begin(), line.end(), separator);
      if (found > 0) {
        throw DataError(place_ + ": the first line has no comma, but " + counted(found, name) +
                        ". Ranks are read from CSV: put commas between the columns.");
      }
    }
  }

  void read_header(const std::vector<std::string>& names) {
    refuse_other_forms(names);
    for (const std::string& name : names) {
      if (std::find(kColumns.begin(), kColumns.end(), name) == kColumns.end()) {
        const std::string meant = did_you_mean(name, kColumns);
        throw DataError(place_ + ": unknown column " + in_backticks(name) +
                        (meant.empty() ? "." : meant) + " The columns are " + joined(kColumns) +
                        "; leave out any other.");
      }
      if (!column_.emplace(name, column_.size()).second)
        throw DataError(place_ + ": the column `" + name + "` is there twice.");
    }
    for (const char* required : {"sequence", "position", "rank"}) {
      if (!has(required)) {
        throw DataError(place_ + ": the header lacks `" + required +
                        "`; it must be sequence,position,rank and may have target, ties, "
                        "rank_unseen, ties_unseen");
      }
    }
  }

  void read_row(const std::vector<std::string>& fields) {
    if (fields.size() != column_.size()) {
      return refuse("has " + counted(fields.size(), "field") + ", not " +
                    std::to_string(column_.size()));
    }
    check_split(fields);
    const auto sequence = sequence_of_.find(fields[column_.at("sequence")]);
    if (sequence == sequence_of_.end()) {
      return refuse("sequence `" + printable(fields[column_.at("sequence")]) +
                    "` is not in the data set");
    }
    eval::RankRecord wanted{};
    wanted.sequence = sequence->second;
    uint32_t rank = 0, ties = 0;
    if (!number(fields, "position", &wanted.position) || !number(fields, "rank", &rank) ||
        !number(fields, "ties", &ties)) {
      return;
    }
    const auto found = record_of_.find(key(wanted));
    if (found == record_of_.end()) {
      return refuse("position " + std::to_string(wanted.position) +
                    " of this sequence is no test event");
    }
    fill(records_[found->second], fields, rank, ties);
  }

  // The positions of another split may be test events of this one, too.
  void check_split(const std::vector<std::string>& fields) const {
    const auto column = column_.find(kSplitColumn);
    if (column == column_.end() || fields[column->second] == split_.fingerprint) return;
    throw DataError(
        place_ + ": " + kSplitColumn + " is " + in_backticks(fields[column->second].substr(0, 12)) +
        ", but the split that the ranks are read with has `" + split_.fingerprint.substr(0, 12) +
        "`. The ranks are of another split or data set; name the one that was ranked, "
        "as with --split-of RUN.");
  }

  void fill(eval::RankRecord& record, const std::vector<std::string>& fields, uint32_t rank,
            uint32_t ties) {
    if (record.rank > 0) return refuse("gives this event a second time");
    if (rank < 1 || uint64_t{rank} + ties > static_cast<uint64_t>(data_.items())) {
      return refuse("rank must be 1 or more, and rank + ties at most the " +
                    counted(data_.items(), "item") + ", but they are " + std::to_string(rank) +
                    " and " + std::to_string(ties));
    }
    const auto target = column_.find("target");
    if (target != column_.end() && fields[target->second] != data_.item_ids()[record.target - 1]) {
      return refuse("target is `" + printable(fields[target->second]) +
                    "`, but this event's item is `" +
                    printable(data_.item_ids()[record.target - 1]) + "`");
    }
    uint32_t popularity = record.popularity;
    if (!number(fields, "popularity", &popularity)) return;
    if (popularity != record.popularity) {
      return refuse("popularity is " + std::to_string(popularity) + ", but this event's item has " +
                    counted(record.popularity, "training event") + "; leave the column out");
    }
    uint32_t rank_unseen = rank, ties_unseen = ties;
    if (has("rank_unseen") && !number(fields, "rank_unseen", &rank_unseen)) return;
    if (has("ties_unseen") && !number(fields, "ties_unseen", &ties_unseen)) return;
    if (rank_unseen < 1 || rank_unseen > rank || ties_unseen > ties) {
      return refuse("rank_unseen and ties_unseen cannot be larger than rank and ties");
    }
    record.rank = rank;
    record.ties = ties;
    record.rank_unseen = rank_unseen;
    record.ties_unseen = ties_unseen;
  }

  // Does not change the value when the column is absent. False after a refused value.
  bool number(const std::vector<std::string>& fields, const char* name, uint32_t* value) {
    const auto column = column_.find(name);
    if (column == column_.end()) return true;
    const std::string& text = fields[column->second];
    if (read_whole(text, value)) return true;
    refuse(std::string(name) + " must be a whole number from 0, but is `" + printable(text) + "`");
    return false;
  }

  void refuse(const std::string& what) {
    if (++bad_ <= kMessages) messages_ += "\n" + place_ + ": " + what;
  }

  void finish() const {
    if (bad_ == 0) return;
    throw DataError(printable(path_) + ": " + counted(bad_, "row") +
                    " cannot be used:" + messages_);
  }

  const std::string& path_;
  const data::Dataset& data_;
  const data::Split& split_;
  std::vector<eval::RankRecord> records_;
  std::unordered_map<std::string, uint32_t> sequence_of_;
  std::unordered_map<uint64_t, size_t> record_of_;
  std::map<std::string, size_t> column_;
  size_t bad_ = 0;
  std::string place_, messages_;
};

}  // namespace

EventRanks read_foreign_ranks(const std::string& path, const data::Dataset& data,
                              const data::Split& split, bool first_event) {
  ForeignReader reader(path, data, split);
  reader.read();
  reader.require_coverage(first_event);
  EventRanks ranks;
  ranks.unseen = reader.has("rank_unseen") && (reader.has("ties_unseen") || !reader.has("ties"));
  ranks.file = {data.fingerprint(), split.fingerprint, static_cast<uint32_t>(data.items()),
                reader.records()};
  return ranks;
}

}  // namespace lea::lab
