// A copy of a data set in which the validation and test events are other ones. What is made from it
// shows whether its maker knows more than the training events.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/data/dataset.h"

namespace lea::data {

// Publishes the copy as the folder `target`, which must not exist. Each event outside training gets
// another item at random, and another behaviour where there are several. All else stays: training
// events, lengths, times, ids and item texts. So every split and all sums of core/data/read_sums.h
// stay, too. `part` is the part of every event. Throws DataError when the data set has one item, and
// StoreError when the copy cannot be written.
void write_other_events(const Dataset& data, std::span<const uint8_t> part, uint64_t seed,
                        const std::string& target);

}  // namespace lea::data
