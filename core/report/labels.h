// How people name a run: its labels, and an order of labels that people expect.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "db/store/store.h"

namespace lea::report {

// The slots of a run in the order of a table's columns.
const std::vector<std::string>& slots();

// The label on an axis: as the spec wrote it, else the last part of the slot's plugin id, else the
// value at the dotted key. "-" for a backbone that the framework does not read, "none" for other
// empty slots.
std::string label_of(const db::RunRow& run, const std::string& axis);

// "gru4rec snqn reward=le", for messages.
std::string describe(const db::RunRow& run);

// "a2" < "a10"; text otherwise as bytes; "-" and "none" before all.
bool natural_less(const std::string& a, const std::string& b);

// True for a framework without training (`train` was made null by the spec).
bool untrained(const db::RunRow& run);

}  // namespace lea::report
