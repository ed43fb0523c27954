// Standard output of the commands.
#pragma once

#include <string>

namespace lea::cli {

// Writes the text at once. Throws Error(kEnvironment) when the disk is full or the reader has gone.
void print(const std::string& text);

}  // namespace lea::cli
