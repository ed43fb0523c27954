#include "core/base/presence.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

[[noreturn]] void fail(const std::string& path, const std::error_code& error) {
  throw StoreError(printable(path) + ": cannot be read: " + error.message());
}

}  // namespace

bool is_there(const std::string& path) {
  std::error_code error;
  const bool there = std::filesystem::exists(path, error);
  if (error) fail(path, error);
  return there;
}

void require_listed(const std::string& folder, const std::error_code& error) {
  if (error && error != std::errc::no_such_file_or_directory) fail(folder, error);
}

}  // namespace lea
