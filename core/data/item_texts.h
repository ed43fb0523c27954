// The texts of the items of a data set.
#pragma once

#include <string>
#include <vector>

#include "core/data/dataset.h"

namespace lea::data {

// The names of the columns of the item texts, without the id. Empty without item texts.
std::vector<std::string> text_columns(const Dataset& data);

// One column of the item texts, such as "title": the text of item j + 1 stands at j. It is empty for
// an item that the texts lacked. Throws ConfigError when the data set has no item texts, or none
// with this column; DataError when the file is damaged.
std::vector<std::string> item_texts(const Dataset& data, const std::string& column);

}  // namespace lea::data
