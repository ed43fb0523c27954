#include "core/base/npz.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <new>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr size_t kArrayLimit = 1000;
constexpr size_t kHeaderLimit = size_t{1} << 20;
constexpr size_t kShapeLimit = 16;
// Deflate turns at most 1,032 bytes into one.
constexpr uint64_t kDeflateRatio = 1032;

struct Type {
  std::string_view numpy, name;
  uint64_t bytes;
};
constexpr std::array<Type, 5> kTypes = {{{"<f8", "F64", 8},
                                         {"<f4", "F32", 4},
                                         {"<f2", "F16", 2},
                                         {"<i8", "I64", 8},
                                         {"<i4", "I32", 4}}};

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw DataError(printable(where) + ": not a valid npz file: " + why);
}

// The entries of a zip archive, one after the other.
class Entries {
 public:
  explicit Entries(const std::string& path) : path_(path), handle_(archive_read_new()) {
    if (!handle_) throw std::bad_alloc();
    // The other reader would also take a file that was cut, up to where it ends.
    archive_read_support_format_zip_seekable(handle_.get());
    if (archive_read_open_filename(handle_.get(), path.c_str(), size_t{1} << 18) != ARCHIVE_OK)
      fail();
  }

  // Goes to the next entry. Returns false after the last one.
  bool next() {
    const int code = archive_read_next_header(handle_.get(), &entry_);
    if (code == ARCHIVE_EOF) return false;
    if (code != ARCHIVE_OK) fail();
    return true;
  }

  std::string name() const {
    const char* name = archive_entry_pathname(entry_);
    if (!name) refuse(path_, "an entry has no readable name");
    return name;
  }

  // The unpacked size that the archive states; -1 when it states none.
  int64_t size() const {
    return archive_entry_size_is_set(entry_) ? archive_entry_size(entry_) : -1;
  }

  // Reads the next `bytes` bytes of the entry.
  void read(char* into, uint64_t bytes) {
    while (bytes > 0) {
      const la_ssize_t count = archive_read_data(handle_.get(), into, bytes);
      if (count < 0) fail();
      if (count == 0) refuse(path_, in_backticks(name()) + " ends too early");
      into += count;
      bytes -= static_cast<uint64_t>(count);
    }
  }

  // The entry must have been read to its end. Only then libarchive compares the checksum.
  void end() {
    char more = 0;
    const la_ssize_t count = archive_read_data(handle_.get(), &more, 1);
    if (count < 0) fail();
    if (count > 0) refuse(path_, in_backticks(name()) + " is longer than its header states");
  }

 private:
  struct Free {
    void operator()(archive* handle) const { archive_read_free(handle); }
  };

  [[noreturn]] void fail() const {
    if (archive_errno(handle_.get()) == ENOMEM) throw std::bad_alloc();
    const char* reason = archive_error_string(handle_.get());
    refuse(path_, printable(reason ? reason : "damaged"));
  }

  std::string path_;
  std::unique_ptr<archive, Free> handle_;
  archive_entry* entry_ = nullptr;
};

// The header of an npy file is the text of a Python dictionary:
//
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderText {
 public:
  HeaderText(std::string_view text, std::string where) : rest_(text), where_(std::move(where)) {}

  void parse(NpzArray* array) {
    bool descr = false, order = false, shape = false;
    need('{');
    while (!take('}')) {
      const std::string key = quoted();
      need(':');
      if (key == "descr" && !std::exchange(descr, true)) {
        array->dtype = quoted();
      } else if (key == "fortran_order" && !std::exchange(order, true)) {
        array->row_major = !truth();
      } else if (key == "shape" && !std::exchange(shape, true)) {
        array->shape = sizes();
      } else {
        wrong();
      }
      if (!take(',')) {
        need('}');
        break;
      }
    }
    skip_space();
    if (!descr || !order || !shape || !rest_.empty()) wrong();
  }

 private:
  [[noreturn]] void wrong() const {
    refuse(where_, "the header is not that of a plain NumPy array");
  }
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char c) {
    if (!take(c)) wrong();
  }
  std::string quoted() {
    const char mark = take('\'') ? '\'' : '"';
    if (mark == '"') need('"');
    const size_t end = rest_.find(mark);
    if (end == std::string_view::npos) wrong();
    const std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool truth() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    wrong();
  }
  std::vector<int64_t> sizes() {
    std::vector<int64_t> sizes;
    need('(');
    while (!take(')')) {
      skip_space();
      int64_t size = 0;
      const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (read.ec != std::errc() || size < 0 || sizes.size() == kShapeLimit) wrong();
      rest_.remove_prefix(static_cast<size_t>(read.ptr - rest_.data()));
      sizes.push_back(size);
      if (!take(',')) {
        need(')');
        break;
      }
    }
    return sizes;
  }

  std::string_view rest_;
  std::string where_;
};

// Reads what stands before the elements of the entry, and returns how many bytes that are.
uint64_t read_header(Entries* entries, const std::string& where, NpzArray* array) {
  char front[12];
  entries->read(front, 10);
  if (std::string_view(front, 6) != "\x93NUMPY" || front[6] < 1 || front[6] > 3)
    refuse(where, "it is no npy file of version 1, 2 or 3");
  const auto byte = [&](size_t at) { return size_t{static_cast<unsigned char>(front[at])}; };
  size_t length = byte(8) | byte(9) << 8, before = 10;
  if (front[6] > 1) {
    entries->read(front + 10, 2);
    length |= byte(10) << 16 | byte(11) << 24;
    before = 12;
  }
  if (length > kHeaderLimit) refuse(where, "its header is too long");
  std::string text(length, ' ');
  entries->read(text.data(), length);
  HeaderText(text, where).parse(array);
  return before + length;
}

// Returns the size of an element of NumPy's byte strings ("|S5"), and 0 for another dtype.
uint64_t width_of(std::string_view dtype) {
  uint64_t width = 0;
  if (!dtype.starts_with("|S")) return 0;
  const char* end = dtype.data() + dtype.size();
  const auto read = std::from_chars(dtype.data() + 2, end, width);
  return read.ec == std::errc() && read.ptr == end ? width : 0;
}

// Gives the dtype its name, and the elements their number of bytes.
void size_elements(const std::string& where, NpzArray* array) {
  const auto known = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const Type& type) { return type.numpy == array->dtype; });
  array->bytes = known == kTypes.end() ? width_of(array->dtype) : known->bytes;
  if (array->bytes == 0) return;
  if (known != kTypes.end()) array->dtype = known->name;
  for (const int64_t size : array->shape) {
    if (__builtin_mul_overflow(array->bytes, static_cast<uint64_t>(size), &array->bytes))
      refuse(where, "its shape exceeds any file");
  }
}

std::string where_of(const std::string& path, const std::string& name) {
  return path + ": " + name;
}

}  // namespace

bool begins_as_npz(std::string_view start) {
  // The second form is an archive without entries.
  return start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06");
}

NpzFile::NpzFile(const std::string& path) : path_(path) {
  Entries entries(path);
  std::error_code none;
  const uint64_t file = std::filesystem::file_size(path, none);
  for (size_t number = 0; entries.next(); ++number) {
    if (number == kArrayLimit) refuse(path, "it has too many entries");
    NpzArray array;
    array.name = entries.name();
    array.entry = number;
    const std::string where = where_of(path, array.name);
    if (!array.name.ends_with(".npy")) refuse(where, "it is no npy file");
    array.name.resize(array.name.size() - 4);
    const uint64_t before = read_header(&entries, where, &array);
    size_elements(where, &array);
    const int64_t size = entries.size();
    if (array.bytes / kDeflateRatio > file ||
        (array.bytes > 0 && size >= 0 && static_cast<uint64_t>(size) != before + array.bytes)) {
      refuse(where, "its shape states another number of bytes than it has");
    }
    if (std::any_of(arrays_.begin(), arrays_.end(),
                    [&](const NpzArray& other) { return other.name == array.name; })) {
      refuse(where, "it is there twice");
    }
    arrays_.push_back(std::move(array));
  }
}

void NpzFile::read(const NpzArray& array, char* into) const {
  Entries entries(path_);
  for (size_t number = 0; number <= array.entry; ++number) {
    if (!entries.next()) refuse(path_, "it changed while it was read");
  }
  NpzArray again;
  const std::string where = where_of(path_, array.name);
  read_header(&entries, where, &again);
  size_elements(where, &again);
  if (again.bytes != array.bytes) refuse(path_, "it changed while it was read");
  entries.read(into, array.bytes);
  entries.end();
}

}  // namespace lea
