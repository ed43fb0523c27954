// Reads and writes archives with libarchive: packs (tar.xz) in memory, NumPy's npz (zip) to a file.
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

// Streams arrays into an uncompressed .npz file. `finish` publishes the file; without it nothing is
// left. Throws StoreError when writing fails.
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
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lea::lab
