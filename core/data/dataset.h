// A data set in the lab: interactions grouped by sequence in time order, memory-mapped.
//
//   lab/data/NAME/
//     dataset.json      counts, origin, filters, fingerprint, format version
//     offsets.u64       [sequences + 1] first event of each sequence; the last entry is the end
//     items.u32         [events] item 1..N (0 is padding and never occurs)
//     times.f64         [events] non-decreasing in a sequence
//     behaviours.u8     [events] index into dataset.json "behaviours"; absent without that column
//     item_ids.txt      original ids: line i (from 0) for item i + 1
//     sequence_ids.txt  original ids: line i (from 0) for sequence i
//     items.tsv         item texts as imported, in item order; absent without them
//
// Events with equal times keep the order of the source file. Opening a data set is cheap. This file
// does not need LibTorch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lea::data {

// The folder of all data sets (lab/data), and the folder of one data set in it.
std::string datasets_folder(const std::string& lab);
std::string dataset_folder(const std::string& lab, const std::string& name);

// The names of all data sets of a lab, sorted. A data set may be damaged. Empty without a lab.
std::vector<std::string> dataset_names(const std::string& lab);

// The content of dataset.json, read without opening the data. Empty when the lab has no data set of
// that name. Throws DataError when the file is damaged.
std::optional<nlohmann::json> describe_dataset(const std::string& lab, const std::string& name);

// Fingerprints of the data sets of a lab. Each description is read once.
class Fingerprints {
 public:
  explicit Fingerprints(std::string lab) : lab_(std::move(lab)) {}
  // Empty when the lab has no data set of that name. Also empty when its description is damaged,
  // because whoever opens the data set reports that.
  const std::string& of(const std::string& name);

 private:
  std::string lab_;
  std::map<std::string, std::string> known_;  // by name
};

class Dataset {
 public:
  // Throws DataError when the folder is missing or incomplete, has another format version, has
  // other sizes than dataset.json states, or holds values out of range.
  static std::shared_ptr<const Dataset> open(const std::string& folder);

  int64_t items() const { return items_count_; }  // N
  int64_t sequences() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t events() const { return static_cast<int64_t>(item_.size()); }
  std::span<const uint64_t> offsets() const { return offsets_; }
  std::span<const uint32_t> item() const { return item_; }
  std::span<const double> time() const { return time_; }
  std::span<const uint8_t> behaviour() const { return behaviour_; }  // empty without behaviours
  const std::vector<std::string>& behaviours() const { return behaviours_; }
  // True when the times in every sequence are only the positions 0, 1, 2 ... A split by time is
  // then impossible.
  bool time_is_position() const { return time_is_position_; }
  // sha256 over everything above, the ids and the item texts. Two data sets with equal fingerprints
  // hold the same data.
  const std::string& fingerprint() const { return fingerprint_; }
  const nlohmann::json& description() const { return description_; }

  const std::string& folder() const { return folder_; }
  // Path of items.tsv: a header and one row for each item in item order. Empty without item texts.
  std::string items_file() const;

  // The original ids. The first call reads them. Several threads may call at the same time.
  const std::vector<std::string>& item_ids() const;
  const std::vector<std::string>& sequence_ids() const;

 private:
  Dataset() = default;
  struct Mapping;
  template <class T>
  std::span<const T> map(const char* name, int64_t count);
  void read_header();
  void map_arrays();
  void check_values() const;

  std::vector<std::shared_ptr<Mapping>> mappings_;
  std::string folder_;
  int64_t items_count_ = 0, sequences_count_ = 0, events_count_ = 0;
  std::span<const uint64_t> offsets_;
  std::span<const uint32_t> item_;
  std::span<const double> time_;
  std::span<const uint8_t> behaviour_;
  std::vector<std::string> behaviours_;
  bool time_is_position_ = false;
  std::string fingerprint_;
  nlohmann::json description_;
  mutable std::mutex ids_lock_;
  mutable std::vector<std::string> item_ids_, sequence_ids_;
};

}  // namespace lea::data
