#include "core/data/unread_texts.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "core/base/letter_case.h"
#include "core/data/field_cutter.h"

namespace lea::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostNamed = 5;
constexpr size_t kMostOpened = 100;  // files of a folder whose first line is read

// The regular files of the folder that look like tables, sorted.
std::vector<std::string> tables_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.is_regular_file(ignored)) continue;
    const std::string name = entry.path().filename().string();
    std::string plain = lower(name);
    if (plain.ends_with(".gz")) plain.resize(plain.size() - 3);
    for (const char* end : {".tsv", ".csv", ".txt", ".dat", ".item", ".json", ".jsonl"}) {
      if (plain.ends_with(end)) names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool has_any(const std::string& name, const std::vector<const char*>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return name.find(part) != name.npos; });
}

bool is_of_items_by_name(const std::string& name) {
  return has_any(name, {"item", "meta", "title", "product", "movie", "catalog"}) &&
         !has_any(name, {"interaction", "rating", "review", "event", "click"});
}

// Returns the first line of a file, compressed or not, or as much of a long one as is looked at.
std::string first_line(const fs::path& file) {
  constexpr unsigned kBytes = 1 << 16;
  std::string bytes(kBytes, '\0');
  gzFile stream = ::gzopen(file.c_str(), "rb");
  if (stream == nullptr) return "";
  const int got = ::gzread(stream, bytes.data(), kBytes);
  ::gzclose(stream);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  bytes.resize(std::min(bytes.find('\n'), bytes.size()));
  if (bytes.ends_with('\r')) bytes.pop_back();
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.erase(0, 3);
  return bytes;
}

bool names_a_text(const std::string& name) {
  static const std::vector<std::string> known = {
      "title", "name",   "description", "brand", "category", "categories", "genre",   "genres",
      "text",  "author", "authors",     "plot",  "artist",   "abstract",   "headline"};
  return std::find(known.begin(), known.end(), lower(name)) != known.end();
}

// Whether these are columns of items and not of interactions.
bool are_of_items(const std::vector<std::string_view>& fields, const Layout& layout) {
  if (fields.size() < 2) return false;
  bool items = false;
  for (const std::string_view field : fields) {
    const std::string name(field.substr(0, field.rfind(':')));  // without RecBole's type
    const bool sequence =
        std::find(layout.sequence.begin(), layout.sequence.end(), name) != layout.sequence.end();
    if (sequence || name == layout.time || names_users(name)) return false;
    items |= name == layout.item || names_a_text(name);
  }
  return items;
}

bool is_of_items_by_columns(const fs::path& file, const Layout& layout) {
  const std::string line = first_line(file);
  // A line of JSON is an item with the names of its fields.
  if (line.starts_with('{')) return line.find("\"title\"") != line.npos;
  for (const char* separator : {"\t", ",", ";", "|"}) {
    FieldCutter cutter(separator);
    size_t where = 0;
    if (cutter.cut(line, &where).empty() && are_of_items(cutter.fields(), layout)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> unread_texts(const Source& source, const Layout& layout) {
  const fs::path parent = fs::path(source.interactions).parent_path();
  const fs::path folder = parent.empty() ? fs::path(".") : parent;
  std::vector<std::string> found;
  size_t opened = 0;
  for (const std::string& name : tables_in(folder)) {
    const fs::path file = parent / name;
    std::error_code ignored;
    const auto is = [&](const std::string& other) {
      return !other.empty() && fs::equivalent(file, other, ignored);
    };
    // An export's numbers of ids are read with it.
    if (has_any(lower(name), {".map."}) || is(source.interactions) || is(source.items)) continue;
    if (!is_of_items_by_name(lower(name)) &&
        (++opened > kMostOpened || !is_of_items_by_columns(file, layout))) {
      continue;
    }
    found.push_back(file.string());
    if (found.size() == kMostNamed) break;
  }
  return found;
}

}  // namespace lea::data
