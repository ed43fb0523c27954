// Finds, makes and checks the folder of the lab that a command works in.
#pragma once

#include <string>

namespace lea::lab {

// `option` (--lab DIR) when it is not empty, otherwise $LEALAB, otherwise ./lab. Its links are
// followed (core/base/links.h), so that a command works in one lab even if a link is changed
// meanwhile.
std::string lab_folder(const std::string& option);

// Returns lab_folder(option) after making it and its subfolders where they are missing. Throws
// Error(kEnvironment) when that is impossible.
std::string open_lab(const std::string& option);

// Returns lab_folder(option), for commands that only read. Throws Error(kBadInput) when the folder
// is no lab: it does not exist, or has neither runs nor data sets.
std::string existing_lab(const std::string& option);

// LAB/models: the language models of the lab by their names, folders or links to folders.
std::string models_folder(const std::string& lab);

}  // namespace lea::lab
