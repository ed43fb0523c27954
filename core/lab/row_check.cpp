#include "core/lab/row_check.h"

#include <string_view>
#include <unordered_map>

#include "core/base/event_rows.h"
#include "core/base/text.h"
#include "core/data/split.h"

namespace lea::lab {
namespace {

enum class Place { kTraining, kOutside, kUnknown };

// What a row at a position belongs to, in a sequence of `events` events that begins with `training`
// training events.
Place place_of(int64_t position, FileRows rows, int64_t training, int64_t events) {
  // A history of p items belongs to training when all of them do. That of a whole sequence exists.
  const int64_t last = rows == FileRows::kHistories ? events : events - 1;
  const int64_t last_of_training = rows == FileRows::kHistories ? training : training - 1;
  if (position > last) return Place::kUnknown;
  return training > 0 && position <= last_of_training ? Place::kTraining : Place::kOutside;
}

}  // namespace

RowCount count_rows(const std::string& path, FileRows rows, const data::Dataset& data,
                    std::span<const uint8_t> part) {
  std::unordered_map<std::string_view, size_t> sequences;
  for (size_t s = 0; s < data.sequence_ids().size(); ++s) sequences[data.sequence_ids()[s]] = s;
  EventRows table(path, {"..."});
  RowCount count;
  while (table.next()) {
    ++count.rows;
    const auto found = sequences.find(table.sequence());
    if (found == sequences.end()) {
      ++count.unknown;
      continue;
    }
    const uint64_t begin = data.offsets()[found->second];
    const auto events = static_cast<int64_t>(data.offsets()[found->second + 1] - begin);
    const auto training =
        static_cast<int64_t>(data::training_end(data, part, found->second) - begin);
    const int64_t position = table.position();
    const Place place = place_of(position, rows, training, events);
    count.unknown += place == Place::kUnknown;
    if (place != Place::kOutside || count.outside++ > 0) continue;
    // The newest event that the row knows of.
    const int64_t event = rows == FileRows::kHistories && position > 0 ? position - 1 : position;
    const auto of = static_cast<data::Part>(part[begin + static_cast<uint64_t>(event)]);
    count.first = "line " + std::to_string(table.line()) + " (sequence " +
                  in_backticks(table.sequence()) + ", position " + std::to_string(position) + ", " +
                  data::name_of(of) + ")";
  }
  return count;
}

}  // namespace lea::lab
