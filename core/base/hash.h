// SHA-256 of bytes and files, as 64 lower-case hexadecimal digits.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lea {

std::string sha256(std::string_view bytes);

// The sum of bytes that come in parts.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  std::string hex();  // of everything that was added; add nothing after it

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Throws StoreError when the path is not a regular file that can be read.
std::string sha256_file(const std::string& path);

// Throws as sha256_file does for a path that it cannot open, and reads nothing.
void require_regular_file(const std::string& path);

}  // namespace lea
