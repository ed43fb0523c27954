// Files beside the interactions that may hold item texts and were not read.
#pragma once

#include <string>
#include <vector>

#include "core/data/source_format.h"

namespace lea::data {

// Returns at most five files of the folder of the interactions that may hold item texts, by their name
// or by the names of their columns, and that the source leaves out. They are none when the folder
// cannot be listed, because the interactions can be read without it.
std::vector<std::string> unread_texts(const Source& source, const Layout& layout);

}  // namespace lea::data
