// The two archive formats in use, over libarchive: packs (tar.xz) in memory, NumPy's npz (zip) to a
// file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lea::lab {

// Entries in order of name, without dates or owners: equal content gives equal bytes.
std::string write_tar_xz(const std::map<std::string, std::string>& files);

struct ArchiveLimits {
  size_t bytes = size_t{256} << 20;  // unpacked, all entries together
  size_t entries = 16;
};

// Every entry must be a plain file; names are returned as they are and are not used as paths here.
// Throws DataError naming `where` for anything else, a repeated name, damage, or what exceeds the
// limits.
std::map<std::string, std::string> read_tar_xz(const std::string& bytes, const std::string& where,
                                               const ArchiveLimits& limits = {});

// Streams arrays into an uncompressed .npz file, published when `finish` is called.
class NpzWriter {
 public:
  explicit NpzWriter(const std::string& path);
  ~NpzWriter();
  NpzWriter(const NpzWriter&) = delete;
  NpzWriter& operator=(const NpzWriter&) = delete;

  // Begins array `name`; `dtype` as NumPy writes it ("<f4"); `bytes` in all must follow by write().
  void begin(const std::string& name, const std::string& dtype, const std::vector<int64_t>& shape,
             uint64_t bytes);
  void write(const void* data, size_t bytes);
  // A whole one-dimensional array.
  void add(const std::string& name, const std::vector<int64_t>& values);
  void add(const std::string& name, const std::vector<std::string>& values);
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lea::lab
