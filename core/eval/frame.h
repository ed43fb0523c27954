// The frame that the files of an evaluation share (ranks.h, top.h), little-endian:
//
//      0  eight characters that name the format
//      8  u32 size of a record in bytes
//     12  u32 items
//     16  u64 number of records
//     24  fingerprint of the data set, then of the split, 64 hex digits each
//    152  the records, one for each event
//    end  sha256 of everything before it, 64 hex digits
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace lea::eval {

inline constexpr size_t kFrameHeader = 8 + 4 + 4 + 8 + 2 * 64;  // bytes before the records

struct Frame {
  std::string data_fingerprint, split_fingerprint;  // 64 hex digits each
  uint32_t record_size = 0, items = 0;
  uint64_t count = 0;
};

// The header of a file, to which the caller appends the records. `what` begins the message of the
// DataError for a fingerprint that is none: "ranks".
std::string begin_frame(std::string_view magic, const Frame& frame, const std::string& what);

// The file: header and records, with their checksum.
std::string end_frame(std::string bytes);

// Reads a file. The messages of its DataErrors name the file, the byte offset, and that the `what`
// is damaged: "rank file".
class FrameReader {
 public:
  // Keeps references to all three.
  FrameReader(const std::string& bytes, const std::string& where, const char* what)
      : bytes_(bytes), where_(where), what_(what) {}

  // Checks the frame. `record_size` 0 means any size that is a multiple of four bytes.
  Frame read(std::string_view magic, uint32_t record_size) const;

  // Precondition: read() has returned, and the value lies in the records or the header.
  template <class T>
  T value(size_t offset) const {
    T result;
    std::memcpy(&result, bytes_.data() + offset, sizeof(T));
    return result;
  }

  [[noreturn]] void fail(size_t offset, const std::string& what) const;

 private:
  std::string hash(size_t offset) const;

  const std::string& bytes_;
  const std::string& where_;
  const char* what_;
};

}  // namespace lea::eval
