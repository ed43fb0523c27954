#include "core/data/table_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/base/lfs_pointer.h"
#include "core/base/presence.h"
#include "core/base/text.h"

namespace lea::data {
namespace {

constexpr int64_t kGiveUp = 10000;
constexpr size_t kFirst = 5;

std::string place(const std::string& path, int64_t line, size_t column) {
  return printable(path) + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
}

}  // namespace

void BadRows::add(const std::string& path, int64_t line, size_t column, const std::string& what) {
  ++count_;
  if (first_.size() < kFirst) first_.push_back(place(path, line, column) + what);
  if (count_ >= allowed_ + kGiveUp) finish();
}

void BadRows::finish() const {
  if (count_ <= allowed_) return;
  std::string message;
  for (const std::string& line : first_) message += line + "\n";
  message += count_ >= allowed_ + kGiveUp ? std::to_string(count_) + " or more bad rows"
                                          : counted(count_, "bad row");
  if (count_ > static_cast<int64_t>(first_.size())) message += " (the first 5 are shown)";
  if (allowed_ > 0) message += ", " + std::to_string(allowed_) + " may be skipped";
  message += ". Nothing was imported. Correct the file, or skip them with --skip-bad-rows N.";
  throw DataError(message);
}

std::string with_or_without_gz(const std::string& path) {
  if (is_there(path)) return path;
  if (is_there(path + ".gz")) return path + ".gz";
  return "";
}

// Cuts the decompressed bytes into lines. zlib returns uncompressed files as they are.
struct TableReader::Stream {
  std::string path;
  int file = -1;  // a second handle on the same file, to detect changes
  gzFile gz = nullptr;
  struct stat before = {};
  std::vector<char> buffer;
  size_t begin = 0, end = 0;
  bool at_end = false;
  int64_t line = 0;

  explicit Stream(const std::string& name) : path(name), buffer(2 * kMaxLine) {
    refuse_lfs_pointer_at(path);
    // O_NONBLOCK: opening a FIFO must not wait for its writer, because a FIFO is refused.
    file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
      throw DataError(printable(path) + ": cannot be opened: " + std::strerror(errno) + ".");
    }
    if (::fstat(file, &before) != 0 || !S_ISREG(before.st_mode)) {
      ::close(file);
      throw DataError(printable(path) + ": is not a regular file.");
    }
    const int handle = ::dup(file);
    gz = handle < 0 ? nullptr : ::gzdopen(handle, "rb");
    if (gz == nullptr) {
      if (handle >= 0) ::close(handle);
      ::close(file);
      throw Error(Exit::kEnvironment,
                  printable(path) + ": cannot be read: out of memory or handles.");
    }
    ::gzbuffer(gz, 1 << 18);
  }

  ~Stream() {
    ::gzclose(gz);
    ::close(file);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(printable(path) + ":" + std::to_string(line + 1) + ":1: " + what);
  }

  void fill() {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    end -= begin;
    begin = 0;
    const int got = ::gzread(gz, buffer.data() + end, static_cast<unsigned>(buffer.size() - end));
    int error = Z_OK;
    const char* reason = ::gzerror(gz, &error);
    if (error == Z_MEM_ERROR) throw std::bad_alloc();
    if (error == Z_ERRNO) {
      throw Error(Exit::kEnvironment,
                  printable(path) + ": cannot be read: " + std::strerror(errno) + ".");
    }
    if (got < 0 || (error != Z_OK && error != Z_STREAM_END)) {
      // zlib begins with a name for the file, which it knows only by its number.
      const std::string text = reason;
      const size_t name = text.starts_with("<fd:") ? text.find(": ") : text.npos;
      fail("the compressed file is damaged or cut (" +
           text.substr(name == text.npos ? 0 : name + 2) + "). Fetch it again.");
    }
    if (got == 0) {
      at_end = true;
      struct stat after = {};
      if (::fstat(file, &after) != 0 || after.st_size != before.st_size ||
          after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
          after.st_mtim.tv_nsec != before.st_mtim.tv_nsec) {
        fail("the file changed while it was read. Import it again when it is complete.");
      }
    }
    end += static_cast<size_t>(got);
  }

  // Returns false at the end. The view is valid until the next call.
  bool next(std::string_view* text) {
    size_t searched = 0;
    for (;;) {
      const char* start = buffer.data() + begin;
      const void* found = std::memchr(start + searched, '\n', end - begin - searched);
      if (found != nullptr || (at_end && begin < end)) {
        const size_t size =
            found ? static_cast<size_t>(static_cast<const char*>(found) - start) : end - begin;
        if (size > kMaxLine) break;
        begin += size + (found ? 1 : 0);
        ++line;
        *text = std::string_view(start, size);
        if (!text->empty() && text->back() == '\r') text->remove_suffix(1);
        return true;
      }
      if (at_end) return false;
      searched = end - begin;
      if (searched > kMaxLine) break;
      fill();
    }
    fail("the line is longer than 1 MiB. Is this a tab-separated table?");
  }
};

namespace {

// Most rows are plain ASCII, and this test reads eight bytes at a time.
bool is_ascii(std::string_view text) {
  uint64_t high = 0, word = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::memcpy(&word, text.data() + i, 8);
    high |= word;
  }
  for (; i < text.size(); ++i) high |= static_cast<unsigned char>(text[i]);
  return (high & 0x8080808080808080ULL) == 0;
}

}  // namespace

TableReader::TableReader(const std::string& path, BadRows& bad, const TableForm& form)
    : stream_(std::make_unique<Stream>(path)), bad_(bad), form_(form), cutter_(form.separator) {
  std::string_view record;
  if (!next_record(&record)) {
    stream_->fail(form.header ? "the file is empty; a header line is needed."
                              : "the file is empty.");
  }
  first_ = record;
  read_header(first_);
}

void TableReader::read_header(std::string_view record) {
  const std::string what = form_.header ? "the header" : "the first line";
  if (invalid_utf8(record) != record.npos || record.find('\0') != record.npos)
    refuse_header(what + " is not UTF-8 text. Convert the file to UTF-8.");
  size_t where = 0;
  if (const std::string problem = cutter_.cut(record, &where); !problem.empty())
    throw DataError(place(path(), line_, where + 1) + problem);
  const auto& names = cutter_.fields();
  if (names.size() > kMaxColumns) {
    refuse_header(what + " has " + counted(std::ssize(names), "column") +
                  "; at most 1000 are read.");
  }
  first_is_row_ = !form_.header;
  std::set<std::string> seen;
  for (const std::string_view field : names) {
    const std::string number = std::to_string(header_.size() + 1);
    std::string name = form_.header ? std::string(field) : number;
    // A single column is a file with another separator, which the caller names.
    if (names.size() > 1 && form_.separator != "\t" && name.find_first_of("\t\n\r") != name.npos)
      refuse_header("the name `" + printable(name) + "` holds a tab or a line end. Rename it.");
    if (name.empty() && form_.separator == "\t")
      refuse_header("a column of the header has no name.");
    if (name.empty()) name = "column " + number;
    if (!seen.insert(name).second) {
      const bool number_like = name[0] >= '0' && name[0] <= '9';
      refuse_header("column `" + printable(name) + "` occurs twice in the header." +
                    (number_like ? " Import a file without a header with --no-header." : ""));
    }
    header_.push_back(std::move(name));
  }
}

TableReader::~TableReader() = default;

const std::string& TableReader::path() const { return stream_->path; }
const std::vector<std::string>& TableReader::header() const { return header_; }

void TableReader::refuse(size_t field, const std::string& what) {
  bad_.add(path(), line(), cutter_.start(field) + 1, what);
}

void TableReader::refuse_header(const std::string& what) const {
  throw DataError(printable(path()) + ":1:1: " + what);
}

// The view is valid until the next call.
bool TableReader::next_record(std::string_view* record) {
  std::string_view line;
  if (!stream_->next(&line)) return false;
  line_ = stream_->line;
  if (line_ == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  *record = line;
  if (!cutter_.continues(line)) return true;
  record_ = line;
  for (bool open = true; open && stream_->next(&line);) {
    (record_ += '\n') += line;
    if (record_.size() > kMaxLine) {
      throw DataError(place(path(), line_, 1) +
                      "the row has a quoted field that does not end within 1 MiB. Inside a quoted "
                      "field, write a quotation mark twice.");
    }
    open = cutter_.continues(line);
  }
  *record = record_;
  return true;
}

bool TableReader::whole(std::string_view record) {
  const std::string& file = path();
  if (const size_t at = record.find('\0'); at != record.npos) {
    bad_.add(file, line_, at + 1, "the row holds a NUL byte.");
    return false;
  }
  if (const size_t at = is_ascii(record) ? record.npos : invalid_utf8(record); at != record.npos) {
    bad_.add(file, line_, at + 1, "the row is not UTF-8; convert the file to UTF-8.");
    return false;
  }
  if (const size_t at = record.find('\r'); at != record.npos && !cutter_.quotes()) {
    bad_.add(file, line_, at + 1, "the row holds a carriage return; end lines with LF or CRLF.");
    return false;
  }
  size_t where = 0;
  if (const std::string problem = cutter_.cut(record, &where); !problem.empty()) {
    bad_.add(file, line_, where + 1, problem);
    return false;
  }
  if (cutter_.fields().size() != header_.size()) {
    bad_.add(file, line_, 1,
             "the row has " + counted(std::ssize(cutter_.fields()), "field") + ", but " +
                 (form_.header ? "the header names " : "the first row has ") +
                 std::to_string(header_.size()) + ".");
    return false;
  }
  return true;
}

bool TableReader::next() {
  if (std::exchange(first_is_row_, false) && whole(first_)) return true;
  std::string_view record;
  while (next_record(&record)) {
    if (whole(record)) return true;
  }
  return false;
}

}  // namespace lea::data
