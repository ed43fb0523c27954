#include "core/base/links.h"

#include <deque>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as many as the kernel follows

}  // namespace

std::string follow_links(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (path.empty() || error) return path;
  std::deque<fs::path> rest(whole.begin(), whole.end());
  fs::path place;
  int links = 0;
  while (!rest.empty()) {
    const fs::path part = rest.front();
    rest.pop_front();
    if (part.empty() || part == ".") continue;  // the last part of "DIR/" is empty
    if (part == "..") {
      // `place` has no link, so the folder above it is the one that its path names.
      place = place.parent_path();
      continue;
    }
    const fs::path next = place / part;
    const fs::path target = fs::read_symlink(next, error);
    if (error) {  // no link, or nothing
      place = next;
      continue;
    }
    if (++links > kMostLinks)
      throw DataError(printable(path) + ": its links lead in a circle. Name another path.");
    rest.insert(rest.begin(), target.begin(), target.end());
    if (target.is_absolute()) place.clear();
  }
  return links == 0 ? path : place.string();
}

bool has_name(const std::string& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

}  // namespace lea
