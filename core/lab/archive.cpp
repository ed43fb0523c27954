#include "core/lab/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <new>
#include <utility>

#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/lfs_pointer.h"
#include "core/base/output_file.h"
#include "core/base/presence.h"
#include "core/base/text.h"

namespace lea::lab {
namespace {

struct FreeArchive {
  void operator()(archive* handle) const { archive_free(handle); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Archive = std::unique_ptr<archive, FreeArchive>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

[[noreturn]] void cannot_write(archive* handle, const std::string& where) {
  if (archive_errno(handle) == ENOMEM) throw std::bad_alloc();
  const char* reason = archive_error_string(handle);
  throw StoreError(where + ": cannot write the archive: " + (reason ? reason : "unknown reason") +
                   ". Check free space and permissions.");
}

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw DataError(where + ": " + why + ". Nothing was imported.");
}

// Reports the archive as damaged, unless libarchive failed because memory ran out.
[[noreturn]] void cannot_read(archive* handle, const std::string& where, const std::string& what) {
  if (archive_errno(handle) == ENOMEM) throw std::bad_alloc();
  const char* reason = archive_error_string(handle);
  refuse(where, what + ": " + printable(reason ? reason : "damaged"));
}

la_ssize_t append(archive*, void* bytes, const void* data, size_t length) {
  static_cast<std::string*>(bytes)->append(static_cast<const char*>(data), length);
  return static_cast<la_ssize_t>(length);
}

void write_header(archive* handle, const std::string& name, int64_t size,
                  const std::string& where) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), size);
  archive_entry_set_mtime(entry.get(), 0, 0);
  if (archive_write_header(handle, entry.get()) != ARCHIVE_OK) cannot_write(handle, where);
}

void write_data(archive* handle, const void* data, size_t bytes, const std::string& where) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const la_ssize_t count = archive_write_data(handle, at, bytes);
    if (count <= 0) cannot_write(handle, where);
    at += count;
    bytes -= static_cast<size_t>(count);
  }
}

// The plain files of an archive, one after the other.
class Entries {
 public:
  // `form` is what the archive should be, such as ".tar.xz".
  Entries(std::string where, const char* form)
      : where_(std::move(where)), form_(form), handle_(archive_read_new()) {
    archive_read_support_format_tar(handle_.get());
    archive_read_support_filter_xz(handle_.get());
  }

  archive* handle() const { return handle_.get(); }

  // Takes the code that libarchive's function for opening gave.
  void opened(int code) const {
    if (code != ARCHIVE_OK)
      cannot_read(handle(), where_, std::string("not a ") + form_ + " archive");
  }

  bool next() {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(handle(), &entry);
    if (code == ARCHIVE_EOF) return false;
    if (code != ARCHIVE_OK)
      cannot_read(handle(), where_, std::string("not a sound ") + form_ + " archive");
    const char* name = archive_entry_pathname(entry);
    if (!name) refuse(where_, "holds an entry without a readable name");
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        archive_entry_symlink(entry)) {
      refuse(where_, "holds " + printable(name) + ", which is no plain file");
    }
    name_ = name;
    return true;
  }

  const std::string& name() const { return name_; }

  size_t read(char* into, size_t bytes) const {
    const la_ssize_t count = archive_read_data(handle(), into, bytes);
    if (count < 0) cannot_read(handle(), where_, "damaged");
    return static_cast<size_t>(count);
  }

 private:
  std::string where_;
  const char* form_;
  Archive handle_;
  std::string name_;
};

std::string read_whole(const Entries& entry, const std::string& where, size_t room) {
  std::string content;
  char block[65536];
  while (const size_t count = entry.read(block, sizeof block)) {
    if (content.size() + count > room) refuse(where, "unpacks to more than the allowed size");
    content.append(block, count);
  }
  return content;
}

}  // namespace

std::string write_tar_xz(const std::map<std::string, std::string>& files) {
  std::string bytes;
  const Archive handle(archive_write_new());
  archive_write_set_bytes_in_last_block(handle.get(), 1);  // no padding of the last block
  if (archive_write_set_format_ustar(handle.get()) != ARCHIVE_OK ||
      archive_write_add_filter_xz(handle.get()) != ARCHIVE_OK ||
      archive_write_set_options(handle.get(), "xz:compression-level=6,xz:threads=1") !=
          ARCHIVE_OK ||
      archive_write_open(handle.get(), &bytes, nullptr, append, nullptr) != ARCHIVE_OK) {
    cannot_write(handle.get(), "pack");
  }
  for (const auto& [name, content] : files) {
    write_header(handle.get(), name, static_cast<int64_t>(content.size()), "pack");
    write_data(handle.get(), content.data(), content.size(), "pack");
  }
  if (archive_write_close(handle.get()) != ARCHIVE_OK) cannot_write(handle.get(), "pack");
  return bytes;
}

std::map<std::string, std::string> read_tar_xz(const std::string& bytes, const std::string& where,
                                               const ArchiveLimits& limits) {
  Entries entries(where, ".tar.xz");
  entries.opened(archive_read_open_memory(entries.handle(), bytes.data(), bytes.size()));
  std::map<std::string, std::string> files;
  size_t room = limits.bytes;
  while (entries.next()) {
    if (files.size() == limits.entries) refuse(where, "holds too many files");
    std::string content = read_whole(entries, where, room);
    room -= content.size();
    if (!files.emplace(entries.name(), std::move(content)).second) {
      refuse(where, "holds " + printable(entries.name()) + " twice");
    }
  }
  return files;
}

// An archive that is written where --out says. The destructor removes what was not published.
class ArchivePart {
 public:
  explicit ArchivePart(const std::string& path)
      : name_(printable(path)), file_(path), handle_(archive_write_new()) {}
  ~ArchivePart() {
    // Otherwise libarchive would fill up the file that was begun.
    if (!published_) archive_write_fail(handle());
  }
  ArchivePart(const ArchivePart&) = delete;
  ArchivePart& operator=(const ArchivePart&) = delete;

  archive* handle() const { return handle_.get(); }
  const std::string& name() const { return name_; }

  // `format` is the code that libarchive's functions for choosing the format gave.
  void open(int format) {
    archive_write_set_bytes_in_last_block(handle(), 1);  // no padding of the last block
    if (format != ARCHIVE_OK ||
        archive_write_open(handle(), this, nullptr, write_block, nullptr) != ARCHIVE_OK)
      cannot_write(handle(), name_);
  }
  void begin(const std::string& name, int64_t bytes) {
    checked([&] { write_header(handle(), name, bytes, name_); });
  }
  void write(const void* data, size_t bytes) {
    checked([&] { write_data(handle(), data, bytes, name_); });
  }
  void publish() {
    checked([&] {
      if (archive_write_close(handle()) != ARCHIVE_OK) cannot_write(handle(), name_);
    });
    file_.publish();
    published_ = true;
  }

 private:
  // Called by libarchive, which exceptions must not pass.
  static la_ssize_t write_block(archive* handle, void* part, const void* data, size_t length) {
    ArchivePart& self = *static_cast<ArchivePart*>(part);
    try {
      self.file_.write({static_cast<const char*>(data), length});
      return static_cast<la_ssize_t>(length);
    } catch (const std::exception& error) {
      archive_set_error(handle, EIO, "%s", error.what());
      self.failure_ = std::current_exception();
      return -1;
    }
  }
  // When the file could not be written, throws why, which is more than libarchive knows.
  template <class Call>
  void checked(const Call& call) const {
    try {
      call();
    } catch (const StoreError&) {
      if (failure_) std::rethrow_exception(failure_);
      throw;
    }
  }

  std::string name_;
  OutputFile file_;
  Archive handle_;  // is closed before the file
  std::exception_ptr failure_;
  bool published_ = false;
};

TarWriter::TarWriter(const std::string& path) : part_(std::make_unique<ArchivePart>(path)) {
  // This format has no limit for sizes, and takes names as they are in any locale.
  part_->open(archive_write_set_format_gnutar(part_->handle()));
}

TarWriter::~TarWriter() = default;

void TarWriter::begin(const std::string& name, int64_t bytes) { part_->begin(name, bytes); }

void TarWriter::write(const void* data, size_t bytes) { part_->write(data, bytes); }

void TarWriter::add(const std::string& name, const std::string& content) {
  begin(name, std::ssize(content));
  write(content.data(), content.size());
}

void TarWriter::finish() { part_->publish(); }

struct TarReader::Impl {
  explicit Impl(const std::string& path) : entries(printable(path), ".tar") {}
  Entries entries;
};

TarReader::TarReader(const std::string& path) : impl_(std::make_unique<Impl>(path)) {
  if (!is_there(path))
    throw DataError(printable(path) + ": there is no such file. Nothing was imported.");
  if (!std::filesystem::is_regular_file(path))
    throw DataError(printable(path) + ": is not a regular file. Nothing was imported.");
  refuse_lfs_pointer_at(path);
  impl_->entries.opened(
      archive_read_open_filename(impl_->entries.handle(), path.c_str(), size_t{1} << 18));
}

TarReader::~TarReader() = default;

bool TarReader::next() { return impl_->entries.next(); }

const std::string& TarReader::name() const { return impl_->entries.name(); }

size_t TarReader::read(char* into, size_t bytes) { return impl_->entries.read(into, bytes); }

NpzWriter::NpzWriter(const std::string& path) : part_(std::make_unique<ArchivePart>(path)) {
  archive* handle = part_->handle();
  const int format = archive_write_set_format_zip(handle);
  part_->open(format != ARCHIVE_OK ? format
                                   : archive_write_set_options(handle, "zip:compression=store"));
}

NpzWriter::~NpzWriter() = default;

void NpzWriter::begin(const std::string& name, const std::string& dtype,
                      const std::vector<int64_t>& shape, uint64_t bytes) {
  std::string sizes;
  for (const int64_t size : shape) sizes += std::to_string(size) + ",";
  std::string header =
      "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  // The npy format aligns the data to 64 bytes and ends the header with a line break.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string front = "\x93NUMPY";
  front += '\x01';
  front += '\0';
  front += static_cast<char>(header.size() & 0xff);
  front += static_cast<char>(header.size() >> 8);
  front += header;
  part_->begin(name + ".npy", static_cast<int64_t>(front.size() + bytes));
  part_->write(front.data(), front.size());
  missing_ = bytes;
}

void NpzWriter::write(const void* data, size_t bytes) {
  if (bytes > missing_) {
    throw Error(Exit::kInternal, part_->name() + ": more data than the array has room for");
  }
  part_->write(data, bytes);
  missing_ -= bytes;
}

void NpzWriter::add(const std::string& name, const std::vector<int64_t>& values) {
  begin(name, "<i8", {std::ssize(values)}, values.size() * sizeof(int64_t));
  write(values.data(), values.size() * sizeof(int64_t));
}

void NpzWriter::add(const std::string& name, const std::vector<std::string>& values) {
  // NumPy's byte strings have one width. The zero padding is removed when NumPy reads them.
  size_t width = 1;
  for (const std::string& value : values) width = std::max(width, value.size());
  begin(name, "|S" + std::to_string(width), {std::ssize(values)}, values.size() * width);
  for (std::string value : values) {
    value.resize(width, '\0');
    write(value.data(), width);
  }
}

void NpzWriter::finish() { part_->publish(); }

}  // namespace lea::lab
