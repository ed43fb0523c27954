// The standard streams of a process.
#pragma once

namespace lea {

// Opens /dev/null in the place of each standard stream that is closed. A program calls it first:
// otherwise a file that it opens becomes standard output, and what is printed goes there.
void keep_standard_streams();

}  // namespace lea
