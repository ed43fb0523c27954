// SHA-256 of bytes and files, as 64 lower-case hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace lea {

std::string sha256(std::string_view bytes);

// Throws StoreError when the path is not a regular file that can be read.
std::string sha256_file(const std::string& path);

}  // namespace lea
