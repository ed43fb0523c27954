// Writes a data set and its split as files that other programs read.
#pragma once

#include <string>

#include "core/data/dataset.h"
#include "core/data/split.h"

namespace lea::data {

// Makes `folder`, which must not exist, with
//   items.map.tsv      item_id, item (1 .. N)        sequences.map.tsv   user_id, sequence (0 ..)
// and by format, in data order with the original ids,
//   tsv:      interactions.tsv and items.tsv, which import again (items are numbered anew when
//             sequences interleaved in the first source); with a split
//             train.tsv, valid.tsv and test.tsv as well, and, where every sequence lies in one
//             part, split.tsv (user_id, part), which `split: {by: file}` reads
//   recbole:  NAME.inter, or with a split NAME.train.inter, NAME.valid.inter and NAME.test.inter
//   (its
//             benchmark_filename), and NAME.item
// `split` may be null. Throws DataError when the folder exists, ConfigError for an unknown format.
void export_dataset(const Dataset& data, const Split* split, const std::string& name,
                    const std::string& format, const std::string& folder);

}  // namespace lea::data
