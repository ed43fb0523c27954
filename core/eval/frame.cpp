#include "core/eval/frame.h"

#include <bit>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea::eval {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the files are written as they lie in memory");

constexpr size_t kHash = 64;  // hexadecimal digits

bool is_hash(std::string_view text) {
  return text.size() == kHash && text.find_first_not_of("0123456789abcdef") == text.npos;
}

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

std::string begin_frame(std::string_view magic, const Frame& frame, const std::string& what) {
  if (!is_hash(frame.data_fingerprint) || !is_hash(frame.split_fingerprint)) {
    throw DataError(what + " cannot be stored: a fingerprint is not 64 hexadecimal digits.");
  }
  std::string bytes;
  bytes.reserve(kFrameHeader + frame.count * frame.record_size + kHash);
  bytes += magic;
  append(bytes, frame.record_size);
  append(bytes, frame.items);
  append(bytes, frame.count);
  bytes += frame.data_fingerprint;
  bytes += frame.split_fingerprint;
  return bytes;
}

std::string end_frame(std::string bytes) {
  bytes += sha256(bytes);
  return bytes;
}

void FrameReader::fail(size_t offset, const std::string& what) const {
  throw DataError(printable(where_) + ": byte " + std::to_string(offset) + ": " + what + ". The " +
                  what_ + " is damaged; its run must be repeated.");
}

std::string FrameReader::hash(size_t offset) const {
  const std::string text = bytes_.substr(offset, kHash);
  if (!is_hash(text)) fail(offset, "a fingerprint must be 64 hexadecimal digits");
  return text;
}

Frame FrameReader::read(std::string_view magic, uint32_t record_size) const {
  if (bytes_.size() < kFrameHeader + kHash) {
    fail(bytes_.size(), "the file ends within its header or checksum");
  }
  if (!bytes_.starts_with(magic)) fail(0, "the file does not start with " + std::string(magic));
  Frame frame;
  frame.record_size = value<uint32_t>(8);
  if (record_size == 0 && (frame.record_size == 0 || frame.record_size % 4 != 0)) {
    fail(8,
         "records have " + counted(frame.record_size, "byte") + " instead of a multiple of four");
  }
  if (record_size != 0 && frame.record_size != record_size) {
    fail(8, "records have " + counted(frame.record_size, "byte") + " instead of " +
                std::to_string(record_size));
  }
  frame.items = value<uint32_t>(12);
  frame.count = value<uint64_t>(16);
  const size_t space = bytes_.size() - kFrameHeader - kHash;
  // The comparison divides, because a product with the untrusted count could overflow.
  if (space % frame.record_size != 0 || space / frame.record_size != frame.count) {
    fail(16, std::to_string(frame.count) + (frame.count == 1 ? " record is" : " records are") +
                 " announced, but " + counted(static_cast<int64_t>(space), "byte") +
                 " of records " + (space == 1 ? "is" : "are") + " there");
  }
  const size_t end = bytes_.size() - kHash;
  if (bytes_.compare(end, kHash, sha256(std::string_view(bytes_).substr(0, end))) != 0) {
    fail(end, "the checksum does not match the content");
  }
  frame.data_fingerprint = hash(24);
  frame.split_fingerprint = hash(24 + kHash);
  return frame;
}

}  // namespace lea::eval
