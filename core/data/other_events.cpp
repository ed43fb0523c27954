#include "core/data/other_events.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/folder_writer.h"
#include "core/base/text.h"
#include "core/data/counter_random.h"
#include "core/data/output_folder.h"
#include "core/data/split.h"

namespace lea::data {
namespace {

constexpr size_t kBlock = size_t{1} << 20;

template <class T>
void write_array(OutputFolder& folder, const char* name, std::span<const T> values) {
  OutputFolder::File file(folder, name);
  for (const T& value : values) file.value(value);
  file.close();
}

void write_lines(OutputFolder& folder, const char* name, const std::vector<std::string>& lines) {
  OutputFolder::File file(folder, name);
  for (const std::string& line : lines) {
    file.write(line);
    file.write("\n");
  }
  file.close();
}

void copy_text(OutputFolder& folder, const char* name, const std::string& path) {
  OutputFolder::File file(folder, name);
  std::ifstream in(path, std::ios::binary);
  std::vector<char> block(kBlock);
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    file.write(std::string_view(block.data(), static_cast<size_t>(in.gcount())));
  }
  if (!in.eof()) throw StoreError(printable(path) + ": cannot be read");
  file.close();
}

// The values with another one of `first` to `first` + `count` - 1 for each event outside training.
template <class T>
std::vector<T> others(std::span<const T> values, const std::vector<bool>& training, uint64_t first,
                      uint64_t count, CounterRandom& random) {
  std::vector<T> others(values.begin(), values.end());
  for (size_t e = 0; e < others.size(); ++e) {
    if (training[e]) continue;
    const uint64_t step = 1 + random.below(count - 1);
    others[e] = static_cast<T>(first + (others[e] - first + step) % count);
  }
  return others;
}

std::vector<bool> training_events(const Dataset& data, std::span<const uint8_t> part) {
  std::vector<bool> training(static_cast<size_t>(data.events()), false);
  for (size_t s = 0; s + 1 < data.offsets().size(); ++s) {
    const uint64_t end = training_end(data, part, s);
    for (uint64_t e = data.offsets()[s]; e < end; ++e) training[e] = true;
  }
  return training;
}

}  // namespace

void write_other_events(const Dataset& data, std::span<const uint8_t> part, uint64_t seed,
                        const std::string& target) {
  if (data.items() < 2)
    throw DataError(printable(data.folder()) + ": has one item, so no event can be another one");
  const std::vector<bool> training = training_events(data, part);
  CounterRandom random(seed);
  FolderWriter writer(target);
  OutputFolder files(&writer);
  write_array(files, "offsets.u64", data.offsets());
  write_array<uint32_t>(
      files, "items.u32",
      others(data.item(), training, 1, static_cast<uint64_t>(data.items()), random));
  write_array(files, "times.f64", data.time());
  const size_t behaviours = data.behaviours().size();
  if (behaviours == 1) write_array(files, "behaviours.u8", data.behaviour());
  if (behaviours > 1) {
    write_array<uint8_t>(files, "behaviours.u8",
                         others(data.behaviour(), training, 0, behaviours, random));
  }
  write_lines(files, "item_ids.txt", data.item_ids());
  write_lines(files, "sequence_ids.txt", data.sequence_ids());
  if (!data.items_file().empty()) copy_text(files, "items.tsv", data.items_file());
  nlohmann::json description = data.description();
  description["files"] = files.records();
  description["fingerprint"] = sum_of_description(description);
  FileWriter file(writer.path("dataset.json"));
  file.write(description.dump(2) + "\n");
  file.close();
  if (!writer.publish(/*replace=*/false)) throw StoreError(printable(target) + ": exists already");
}

}  // namespace lea::data
