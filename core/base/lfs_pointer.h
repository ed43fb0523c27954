// Git LFS leaves a small text file, a pointer, in the place of each large file that was not fetched.
// Readers would report it as a damaged file. These functions name what it is instead:
//
//   DIR/model.safetensors: is a Git LFS pointer, not the file itself: run `git lfs pull`.
//
// read_file, read_input, read_json and MappedFile call them. A reader that opens a file in another
// way calls refuse_lfs_pointer_at first.
#pragma once

#include <string>
#include <string_view>

namespace lea {

// Whether `bytes`, the whole content of a file, is a pointer.
bool is_lfs_pointer(std::string_view bytes);

// Throws DataError when `bytes`, the whole content of the file `path`, is a pointer.
void refuse_lfs_pointer(std::string_view bytes, const std::string& path);

// The same for a file that was not read yet. Accepts a file that cannot be opened, because the caller
// reports that.
void refuse_lfs_pointer_at(const std::string& path);

}  // namespace lea
