// Which part each interaction belongs to, and what follows for training.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/data/dataset.h"
#include "core/spec/sections.h"

namespace lea::data {

enum class Part : uint8_t { kTrain = 0, kValid = 1, kTest = 2 };
const char* name_of(Part part);  // train, valid, test

// A part for every event. In every sequence the training events are a prefix, then valid, then
// test, so that a history never holds a later part's event. Histories may cross parts (a test
// event's history includes the sequence's earlier training events); training never looks past the
// prefix.
struct Split {
  std::vector<uint8_t> part;  // [events] Part
  std::string fingerprint;    // sha256 over the parts and the data's fingerprint
  int64_t count(Part p) const;
};

// by: sequence   whole sequences, shuffled by `seed` and cut at the ratios
//     file       whole sequences, as the file states
//     last_one   of sequences with three events or more, the last is test, the one before is valid
//     time       before `valid_from`, before `test_from`, the rest; equal times are never divided
// Deterministic, and independent of the order of equal timestamps. Throws DataError for an
// impossible split: by time where time is only a position, unknown or missing users in the file, a
// part that stays empty although its ratio is not 0.
Split make_split(const Dataset& data, const spec::SplitSection& section);

// Events of one part in data order.
std::vector<uint32_t> events_of(const Split& split, Part part);

// sequence_of[i] for an ascending list of events.
std::vector<uint32_t> sequences_of(const Dataset& data, std::span<const uint32_t> events);

}  // namespace lea::data
