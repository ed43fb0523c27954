// Reads and writes archives with libarchive: packs (tar.xz) in memory; artefacts (tar) and NumPy's npz
// (zip) in files of any size.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lea::lab {

// `files`: name -> content. Entries are sorted by name and have no dates or owners, so equal
// content gives equal bytes.
std::string write_tar_xz(const std::map<std::string, std::string>& files);

struct ArchiveLimits {
  size_t bytes = size_t{256} << 20;  // unpacked, all entries together
  size_t entries = 16;
};

// Returns name -> content. Names are not checked: the caller must not use them as paths unchecked.
// Throws DataError that names `where` when an entry is not a plain file, a name is repeated, the
// archive is damaged, or a limit is exceeded.
std::map<std::string, std::string> read_tar_xz(const std::string& bytes, const std::string& where,
                                               const ArchiveLimits& limits = {});

class ArchivePart;

// Streams files into an uncompressed tar archive. Equal calls give equal bytes, because entries have
// no dates or owners. `finish` publishes the archive; without it no file is left. `path` may name a
// stream (core/base/output_file.h). Throws StoreError when writing fails.
class TarWriter {
 public:
  explicit TarWriter(const std::string& path);
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  // Begins the file `name`. The caller must pass exactly `bytes` bytes to write() before the next call
  // of begin, add or finish.
  void begin(const std::string& name, int64_t bytes);
  void write(const void* data, size_t bytes);
  void add(const std::string& name, const std::string& content);
  void finish();

 private:
  std::unique_ptr<ArchivePart> part_;
};

// Reads the files of a tar archive in their order.
class TarReader {
 public:
  // Throws DataError when there is no such file, or it is no archive.
  explicit TarReader(const std::string& path);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // Goes to the next file. False after the last one. Throws DataError that names the archive when the
  // entry is not a plain file, or the archive is damaged.
  bool next();
  // Of the file. It is not checked: the caller must not use it as a path unchecked.
  const std::string& name() const;
  // Reads at most `bytes` more bytes of the file. 0 at its end. Throws DataError.
  size_t read(char* into, size_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Streams arrays into an uncompressed .npz file. `finish` publishes the file; without it no file is
// left. `path` may name a stream (core/base/output_file.h). Throws StoreError when writing fails.
class NpzWriter {
 public:
  explicit NpzWriter(const std::string& path);
  ~NpzWriter();
  NpzWriter(const NpzWriter&) = delete;
  NpzWriter& operator=(const NpzWriter&) = delete;

  // Begins the array `name`. `dtype` is written as in NumPy ("<f4"). The caller must pass exactly
  // `bytes` bytes to write() before the next call of begin, add or finish.
  void begin(const std::string& name, const std::string& dtype, const std::vector<int64_t>& shape,
             uint64_t bytes);
  void write(const void* data, size_t bytes);
  // Writes a complete one-dimensional array.
  void add(const std::string& name, const std::vector<int64_t>& values);
  void add(const std::string& name, const std::vector<std::string>& values);
  void finish();

 private:
  std::unique_ptr<ArchivePart> part_;
  uint64_t missing_ = 0;  // bytes that the current array still lacks
};

}  // namespace lea::lab
