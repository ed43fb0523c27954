// What a data set is like, and what a split lets slip from test into training.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"

namespace lea::data {

struct Summary {
  int64_t items = 0, sequences = 0, events = 0;
  int64_t shortest = 0, longest = 0;
  double mean_length = 0, median_length = 0;
  int64_t repeats = 0;  // events whose item occurred earlier in the sequence
  int64_t sequences_with_repeats = 0;
  int64_t immediate_repeats = 0;  // events whose item is that of the event before
  int64_t equal_times = 0;        // events at the time of the event before in the sequence
  bool time_is_position = false;
  double first_time = 0, last_time = 0;
  std::vector<std::pair<std::string, int64_t>> behaviours;  // name, events
};

// Of the events of valid or test. `older` is empty where times of different sequences cannot be
// compared.
struct Leakage {
  int64_t events = 0;
  int64_t unseen = 0;                 // the item has no training event
  std::optional<int64_t> older;       // earlier than the newest training event
  int64_t in_training_sequences = 0;  // the sequence has training events
};

Summary summarize(const Dataset& data);
Leakage leakage(const Dataset& data, const Split& split, Part part);

nlohmann::json to_json(const Summary& summary);
nlohmann::json to_json(const Leakage& leakage);

}  // namespace lea::data
