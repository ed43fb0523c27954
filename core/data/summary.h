// Statistics of a data set, and of what a split leaks from valid or test into training.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/data/dataset.h"
#include "core/data/split.h"

namespace lea::data {

struct Summary {
  int64_t items = 0, sequences = 0, events = 0;
  int64_t shortest = 0, longest = 0;
  double mean_length = 0, median_length = 0;
  int64_t repeats = 0;  // events with an item that occurred earlier in the sequence
  int64_t sequences_with_repeats = 0;
  int64_t immediate_repeats = 0;  // events with the same item as the event before
  int64_t equal_times = 0;        // events with the same time as the event before in the sequence
  bool time_is_position = false;
  double first_time = 0, last_time = 0;
  std::vector<std::pair<std::string, int64_t>> behaviours;  // name, events
};

// The item texts.
struct TextSummary {
  int64_t items = 0;
  int64_t with_text = 0;                                 // items with some text that is not empty
  std::vector<std::pair<std::string, int64_t>> columns;  // name, items whose text is not empty
  // The rows of the source whose item the data set lacks. It is empty where an older import did not
  // count them.
  std::optional<int64_t> rows_without_item;
};

// Counts over the events of valid or test. `older` is empty where the times of different sequences
// cannot be compared.
struct Leakage {
  int64_t events = 0;
  int64_t unseen = 0;                 // events with an item that has no training event
  std::optional<int64_t> older;       // events earlier than the newest training event
  int64_t in_training_sequences = 0;  // events in a sequence that has training events
};

Summary summarize(const Dataset& data);
// The result is empty when there are no item texts. Throws DataError when their file is damaged.
std::optional<TextSummary> summarize_texts(const Dataset& data);
Leakage leakage(const Dataset& data, const Split& split, Part part);

nlohmann::json to_json(const Summary& summary);
nlohmann::json to_json(const TextSummary& texts);
nlohmann::json to_json(const Leakage& leakage);

}  // namespace lea::data
