// A command as text for a shell.
#pragma once

#include <string>
#include <vector>

namespace lea {

// A command as one line for a POSIX shell.
std::string shell_line(const std::vector<std::string>& command);

}  // namespace lea
