// Writes the standard output of the commands.
#pragma once

#include <string>

namespace lea::cli {

// Writes the text at once. Throws Error(kEnvironment) when the disk is full or the reader has gone.
void print(const std::string& text);

// Writes out what printf has left in its buffer. Returns the exit code of the command: `code`, or
// kEnvironment, with a message, when something that was printed could not be written.
int finish_output(int code);

// Prints the lines, and a sentence about what was written to `out`, the value of --out. They go to
// standard error when `out` is standard output, so that this holds nothing but the file.
void print_about(const std::string& out, const std::string& sentence,
                 const std::string& lines = "");

// Throws UsageError when `out`, the folder that a command makes, is `-`.
void require_folder_name(const std::string& out);

}  // namespace lea::cli
