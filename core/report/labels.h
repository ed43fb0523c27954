// The labels of a run for people, and a natural order of labels.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/report/statistics.h"
#include "db/store/store.h"

namespace lea::report {

// The names of a run's slots, in the order of a table's columns.
const std::vector<std::string>& slots();

// Returns the label of a run on an axis. An empty slot has "-" for the backbone and "none" for the
// others. Otherwise labels_of() gives the label. Where it has none, the label is the last part of the
// slot's plugin id, or the value at the dotted key ("-" when absent). It is empty for a run that is
// only planned and has no label on the axis.
std::string label_of(const db::RunRow& run, const std::string& axis);

// Returns the labels of a run as its experiment wrote them. Where older programs wrote "none" or
// "default", the label is what was resolved.
std::map<std::string, std::string> labels_of(const db::RunRow& run);

// A short name of a run for messages: "gru4rec snqn reward=le".
std::string describe(const db::RunRow& run);

// A strict order. Compares digits as numbers ("a2" < "a10") and other text as bytes. "", "-" and
// "none" come first.
bool natural_less(const std::string& a, const std::string& b);

// Numbers as "1, 2".
std::string seed_list(const std::set<int64_t>& seeds);

// "seed 1, 2", and in a table over splits "split 5 seed 1, 2; split 6 seed 1". The seed 0 of a run
// without one is not named: "split 5", and "" without a split.
std::string repetitions_text(const std::set<Repetition>& repetitions);

// Returns the name of a row with its repetitions: "gru4rec snqn, seed 1", and "popularity" for a run
// without a seed.
std::string with_repetitions(const std::string& name, const std::set<Repetition>& repetitions);

// Whether the run has a framework without training: `train` is null in its resolved spec. False for
// imported ranks.
bool untrained(const db::RunRow& run);

}  // namespace lea::report
