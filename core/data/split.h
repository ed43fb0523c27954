// Divides the interactions of a data set into training, validation and test events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/spec/sections.h"

namespace lea::data {

enum class Part : uint8_t { kTrain = 0, kValid = 1, kTest = 2 };
const char* name_of(Part part);  // train, valid, test

// The part of every event. In every sequence the training events come first, then the validation
// events, then the test events. A history therefore never holds an event of a later part, but it
// may hold events of earlier parts. Training uses the training events only.
struct Split {
  std::vector<uint8_t> part;  // [events] Part
  std::string fingerprint;    // sha256 over the parts and the data's fingerprint
  int64_t count(Part p) const;
};

// What a split depends on besides its section.
struct Sequences {
  std::span<const uint64_t> offsets;  // first event of each sequence; the last entry is the end
  std::span<const double> time;       // of each event, in data order
  bool time_is_position = false;
  std::function<const std::vector<std::string>&()> ids;  // original ids; called only by: file

  size_t count() const { return offsets.size() - 1; }
};
// Valid as long as `data`.
Sequences sequences_in(const Dataset& data);

// The part of every event, as make_split gives it. Throws as make_split does. Writes nothing and
// needs no imported data set.
std::vector<uint8_t> parts_of(const Sequences& sequences, const spec::SplitSection& section);

// Divides a data set by the rule `by`:
//   sequence  whole sequences, shuffled by `seed` and cut at the ratios
//   file      whole sequences, as the file states
//   last_one  in sequences with three events or more the last is test and the one before is valid;
//             all other events are train
//   time      train before `valid_from`, valid before `test_from`, then test; a bound of 0 follows
//             from the ratios; events with equal times are never divided
//
// The result is deterministic. Except for last_one it does not depend on the order of events with
// equal times. Throws DataError for an impossible split: by time where times are only positions,
// unknown or missing users in the file, wrong ratios, or a part that stays empty although its ratio
// is not 0.
Split make_split(const Dataset& data, const spec::SplitSection& section);

// The end of the training events of a sequence, which are a prefix of it: the first event that is not
// one of them, counted in the data set. `part` is that of every event.
uint64_t training_end(const Dataset& data, std::span<const uint8_t> part, size_t sequence);

// Events of one part in data order.
std::vector<uint32_t> events_of(const Split& split, Part part);

// The sequence of each event in an ascending list of events.
std::vector<uint32_t> sequences_of(const Dataset& data, std::span<const uint32_t> events);

}  // namespace lea::data
