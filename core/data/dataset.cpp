#include "core/data/dataset.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/lfs_pointer.h"
#include "core/base/presence.h"
#include "core/base/text.h"

namespace lea::data {

using nlohmann::json;

struct Dataset::Mapping {
  void* address = nullptr;
  size_t size = 0;
  ~Mapping() {
    if (address != nullptr) ::munmap(address, size);
  }
};

namespace {

constexpr const char* kDescription = "/dataset.json";
constexpr size_t kDescriptionLimit = size_t{16} << 20;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw DataError(printable(path) + ": " + what +
                  " Import the data set again (lealab data import --replace).");
}

const json& member(const json& object, const char* key, const std::string& path) {
  if (!object.is_object() || !object.contains(key)) {
    refuse(path, std::string("the key `") + key + "` is missing.");
  }
  return object.at(key);
}

int64_t count_in(const json& object, const char* key, int64_t most, const std::string& path) {
  const json& value = member(object, key, path);
  if (!value.is_number_integer() ||
      (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) ||
      value.get<int64_t>() < 0 || value.get<int64_t>() > most) {
    refuse(path, std::string("`") + key + "` must be a whole number from 0 to " +
                     std::to_string(most) + ", but is " +
                     value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 80) +
                     ".");
  }
  return value.get<int64_t>();
}

std::string text_in(const json& object, const char* key, const std::string& path) {
  const json& value = member(object, key, path);
  if (!value.is_string()) refuse(path, std::string("`") + key + "` must be text.");
  return value.get<std::string>();
}

json read_description(const std::string& folder) {
  const std::string path = folder + kDescription;
  if (!is_there(folder) || !std::filesystem::is_directory(folder)) {
    throw DataError("There is no data set in " + printable(folder) +
                    ". Import it: lealab data import NAME SOURCE.");
  }
  if (!is_there(path) || !std::filesystem::is_regular_file(path)) {
    refuse(path, "is missing: the folder is not a whole data set.");
  }
  json description =
      json::parse(read_file(path, kDescriptionLimit), nullptr, /*allow_exceptions=*/false);
  if (description.is_discarded()) refuse(path, "is not JSON.");
  if (text_in(description, "format", path) != "lea-data") refuse(path, "`format` is not lea-data.");
  if (const int64_t version = count_in(description, "version", INT64_MAX, path); version != 1) {
    refuse(path, "the data set has format version " + std::to_string(version) +
                     "; this program reads version 1.");
  }
  return description;
}

}  // namespace

std::string datasets_folder(const std::string& lab) { return lab + "/data"; }

std::string dataset_folder(const std::string& lab, const std::string& name) {
  return datasets_folder(lab) + "/" + name;
}

std::vector<std::string> dataset_names(const std::string& lab) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(datasets_folder(lab), error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(".")) names.push_back(name);  // an import in progress has a dot
  }
  require_listed(datasets_folder(lab), error);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<json> describe_dataset(const std::string& lab, const std::string& name) {
  return read_json(dataset_folder(lab, name) + kDescription);
}

const std::string& Fingerprints::of(const std::string& name) {
  const auto [found, added] = known_.emplace(name, "");
  if (!added) return found->second;
  try {
    if (const auto description = describe_dataset(lab_, name)) {
      found->second = JsonFields(*description, name).text("fingerprint", "");
    }
  } catch (const Error&) {
    // See the header: the name stays without a fingerprint.
  }
  return found->second;
}

std::shared_ptr<const Dataset> Dataset::open(const std::string& folder) {
  std::shared_ptr<Dataset> data(new Dataset());
  data->folder_ = folder;
  data->description_ = read_description(folder);
  data->read_header();
  data->map_arrays();
  data->check_values();
  return data;
}

void Dataset::read_header() {
  const std::string path = folder_ + kDescription;
  const json& counts = member(description_, "counts", path);
  items_count_ = count_in(counts, "items", UINT32_MAX - 1, path);
  sequences_count_ = count_in(counts, "sequences", UINT32_MAX - 1, path);
  events_count_ = count_in(counts, "events", UINT32_MAX - 1, path);
  if (events_count_ == 0) refuse(path, "the data set has no interactions.");
  const json& position = member(description_, "time_is_position", path);
  if (!position.is_boolean()) refuse(path, "`time_is_position` must be true or false.");
  time_is_position_ = position.get<bool>();
  const json& behaviours = member(description_, "behaviours", path);
  if (!behaviours.is_array() || behaviours.size() > 255)
    refuse(path, "`behaviours` must list at most 255 names.");
  for (const json& name : behaviours) {
    if (!name.is_string()) refuse(path, "`behaviours` must hold texts only.");
    behaviours_.push_back(name.get<std::string>());
  }
  fingerprint_ = text_in(description_, "fingerprint", path);
  if (fingerprint_.size() != 64) refuse(path, "`fingerprint` must be 64 hexadecimal digits.");
}

template <class T>
std::span<const T> Dataset::map(const char* name, int64_t count) {
  const std::string path = folder_ + "/" + name;
  const size_t size = static_cast<size_t>(count) * sizeof(T);
  refuse_lfs_pointer_at(path);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) refuse(path, std::string("cannot be opened: ") + std::strerror(errno) + ".");
  struct stat info = {};
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  if (!regular || static_cast<size_t>(info.st_size) != size) {
    ::close(file);
    refuse(path, regular ? "has " + counted(info.st_size, "byte") + ", but dataset.json implies " +
                               std::to_string(size) + "."
                         : "is not a regular file.");
  }
  auto mapping = std::make_shared<Mapping>();
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (address == MAP_FAILED) {
    throw Error(Exit::kEnvironment,
                printable(path) + ": cannot be mapped: " + std::strerror(errno) + ".");
  }
  mapping->address = address;
  mapping->size = size;
  mappings_.push_back(std::move(mapping));
  return {static_cast<const T*>(address), static_cast<size_t>(count)};
}

void Dataset::map_arrays() {
  offsets_ = map<uint64_t>("offsets.u64", sequences_count_ + 1);
  item_ = map<uint32_t>("items.u32", events_count_);
  time_ = map<double>("times.f64", events_count_);
  if (!behaviours_.empty()) behaviour_ = map<uint8_t>("behaviours.u8", events_count_);
}

// Other code uses these values as indices without checking them. One pass costs about 2 ms for a
// million events.
void Dataset::check_values() const {
  const std::string offsets = folder_ + "/offsets.u64";
  if (offsets_.front() != 0 || offsets_.back() != item_.size()) {
    refuse(offsets, "does not span the " + counted(std::ssize(item_), "interaction") + ".");
  }
  for (size_t s = 0; s + 1 < offsets_.size(); ++s) {
    if (offsets_[s] >= offsets_[s + 1])
      refuse(offsets, "is not increasing at sequence " + std::to_string(s) + ".");
  }
  uint32_t wrong = 0;
  const auto most = static_cast<uint32_t>(items_count_);
  for (const uint32_t item : item_) wrong |= static_cast<uint32_t>(item - 1U >= most);
  if (wrong)
    refuse(folder_ + "/items.u32", "holds an item outside 1 to " + std::to_string(most) + ".");
  for (size_t s = 0; s + 1 < offsets_.size(); ++s) {
    for (uint64_t e = offsets_[s]; e < offsets_[s + 1]; ++e) {
      // The negated comparison also refuses a NaN.
      const double least = e > offsets_[s] ? time_[e - 1] : -std::numeric_limits<double>::max();
      if (!(time_[e] >= least && time_[e] <= std::numeric_limits<double>::max())) {
        refuse(folder_ + "/times.f64",
               "time falls or is not finite at interaction " + std::to_string(e) + ".");
      }
    }
  }
  for (const uint8_t behaviour : behaviour_) {
    if (behaviour >= behaviours_.size())
      refuse(folder_ + "/behaviours.u8", "names a behaviour that does not exist.");
  }
}

namespace {

std::vector<std::string> read_lines(const std::string& path, int64_t expected) {
  std::vector<std::string> lines;
  const std::string text = read_file(path);
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(text.substr(begin, end - begin));
  }
  if (begin != text.size() || static_cast<int64_t>(lines.size()) != expected) {
    refuse(path, "holds " + counted(std::ssize(lines), "whole line") + "; " +
                     counted(expected, "id") + (expected == 1 ? " is" : " are") + " needed.");
  }
  return lines;
}

}  // namespace

const std::vector<std::string>& Dataset::item_ids() const {
  const std::lock_guard lock(ids_lock_);
  if (item_ids_.empty()) item_ids_ = read_lines(folder_ + "/item_ids.txt", items_count_);
  return item_ids_;
}

const std::vector<std::string>& Dataset::sequence_ids() const {
  const std::lock_guard lock(ids_lock_);
  if (sequence_ids_.empty())
    sequence_ids_ = read_lines(folder_ + "/sequence_ids.txt", sequences_count_);
  return sequence_ids_;
}

std::string Dataset::items_file() const {
  const std::string path = folder_ + "/items.tsv";
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) ? path : "";
}

}  // namespace lea::data
