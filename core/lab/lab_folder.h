// The folder of a lab: which one a command works in, and what stands in it.
#pragma once

#include <string>

namespace lea::lab {

// The folder that a command names: `option` (--lab DIR), else $LEALAB, else ./lab.
std::string lab_folder(const std::string& option);

// The same, with all folders that a lab has; they are made where they are missing. Throws
// Error(kEnvironment) when that is impossible.
std::string open_lab(const std::string& option);

// The same, for what only reads: a folder that is not there is a mistake to report. Throws
// Error(kBadInput).
std::string existing_lab(const std::string& option);

}  // namespace lea::lab
