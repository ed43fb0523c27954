#include "core/lab/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "core/base/error.h"
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

std::string read_entry(archive* handle, const std::string& where, size_t room) {
  std::string content;
  char block[65536];
  for (;;) {
    const la_ssize_t count = archive_read_data(handle, block, sizeof block);
    if (count == 0) return content;
    if (count < 0) cannot_read(handle, where, "damaged");
    if (content.size() + static_cast<size_t>(count) > room) {
      refuse(where, "unpacks to more than the allowed size");
    }
    content.append(block, static_cast<size_t>(count));
  }
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
  const Archive handle(archive_read_new());
  archive_read_support_format_tar(handle.get());
  archive_read_support_filter_xz(handle.get());
  if (archive_read_open_memory(handle.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    cannot_read(handle.get(), where, "not a .tar.xz archive");
  }
  std::map<std::string, std::string> files;
  size_t room = limits.bytes;
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(handle.get(), &entry);
    if (code == ARCHIVE_EOF) return files;
    if (code != ARCHIVE_OK) cannot_read(handle.get(), where, "not a sound .tar.xz archive");
    const char* name = archive_entry_pathname(entry);
    if (!name) refuse(where, "holds an entry without a readable name");
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        archive_entry_symlink(entry)) {
      refuse(where, "holds " + printable(name) + ", which is no plain file");
    }
    if (files.size() == limits.entries) refuse(where, "holds too many files");
    std::string content = read_entry(handle.get(), where, room);
    room -= content.size();
    if (!files.emplace(name, std::move(content)).second) {
      refuse(where, "holds " + printable(name) + " twice");
    }
  }
}

struct NpzWriter::Impl {
  std::string path, temporary;
  Archive handle;
  uint64_t missing = 0;  // bytes that the current array still lacks
  bool published = false;
};

NpzWriter::NpzWriter(const std::string& path) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->temporary = path + ".part";
  impl_->handle.reset(archive_write_new());
  archive* handle = impl_->handle.get();
  if (archive_write_set_format_zip(handle) != ARCHIVE_OK ||
      archive_write_set_options(handle, "zip:compression=store") != ARCHIVE_OK ||
      archive_write_open_filename(handle, impl_->temporary.c_str()) != ARCHIVE_OK) {
    cannot_write(handle, path);
  }
}

NpzWriter::~NpzWriter() {
  if (!impl_->published) std::remove(impl_->temporary.c_str());
}

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
  write_header(impl_->handle.get(), name + ".npy", static_cast<int64_t>(front.size() + bytes),
               impl_->path);
  write_data(impl_->handle.get(), front.data(), front.size(), impl_->path);
  impl_->missing = bytes;
}

void NpzWriter::write(const void* data, size_t bytes) {
  if (bytes > impl_->missing) {
    throw Error(Exit::kInternal, impl_->path + ": more data than the array has room for");
  }
  write_data(impl_->handle.get(), data, bytes, impl_->path);
  impl_->missing -= bytes;
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

void NpzWriter::finish() {
  if (archive_write_close(impl_->handle.get()) != ARCHIVE_OK)
    cannot_write(impl_->handle.get(), impl_->path);
  const int descriptor = open(impl_->temporary.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  if (descriptor >= 0) close(descriptor);
  if (!synced || std::rename(impl_->temporary.c_str(), impl_->path.c_str()) != 0) {
    throw StoreError(impl_->path + ": cannot be written: " + std::strerror(errno));
  }
  impl_->published = true;
}

}  // namespace lea::lab
