// Makes the messages about a wrong command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace lea::cli {

// Returns the message for an error of the parser of `lealab`, for CLI::App::failure_message. It names
// the nearest command or option, and the command whose --help lists them.
std::string usage_message(const CLI::App* lealab, const CLI::Error& error);

}  // namespace lea::cli
