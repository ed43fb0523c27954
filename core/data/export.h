// Writes a data set and its split as files that other programs read.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"

namespace lea::data {

// The files of an export with the numbers of items, sequences and behaviours. An import of a folder
// that has all three numbers its data by them.
inline constexpr const char* kMapFiles[] = {"items.map.tsv", "sequences.map.tsv",
                                            "behaviours.map.tsv"};

// The file of an export with a split that identifies both: an object with the name of the data set
// ("data"), "data_fingerprint" and "split_fingerprint".
inline constexpr const char* kSplitFile = "split.json";

// Makes `folder`, which must not exist. An import of the folder in the same format gives a data set
// with the same fingerprint. Every format has the numbers of items, sequences and behaviours:
//   items.map.tsv       item_id, item (1 .. N)
//   sequences.map.tsv   user_id, sequence (0 ..)
//   behaviours.map.tsv  behaviour, number (0 ..)
// With a split, every format has kSplitFile.
//
// The other files depend on the format. Events are in data order and have their original ids.
//
// tsv, which import reads again:
//   interactions.tsv                the events
//   items.tsv                       the item texts, if there are any
//   train.tsv valid.tsv test.tsv    with a split: the events of each part
//   split.tsv                       user_id, part; with a split that divides no sequence. The split
//                                   `{by: file}` reads it
// recbole:
//   NAME.inter                      the events
//   NAME.train.inter NAME.valid.inter NAME.test.inter
//                                   with a split: the events of each part (benchmark_filename)
//   NAME.item                       the item texts, if there are any
//
// An import of a single file numbers anew what does not first appear in the order of the numbers.
// `split` may be null. Throws DataError when the folder exists, ConfigError for an unknown format.
void export_dataset(const Dataset& data, const Split* split, const std::string& name,
                    const std::string& format, const std::string& folder);

}  // namespace lea::data
