#include "core/eval/ranks.h"

#include <bit>
#include <cstring>
#include <string_view>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace lea::eval {
namespace {

static_assert(std::endian::native == std::endian::little,
              "ranks.bin is written as it lies in memory");

constexpr std::string_view kMagic = "LEARANK1";
constexpr size_t kHash = 64;  // hexadecimal digits
constexpr size_t kHeader = 8 + 4 + 4 + 8 + 2 * kHash;

bool is_hash(std::string_view text) {
  return text.size() == kHash && text.find_first_not_of("0123456789abcdef") == text.npos;
}

// The first error in a record; empty if there is none.
std::string wrong(const RankRecord& r, const RankRecord* before, uint32_t items) {
  const uint64_t n = items;
  if (r.target < 1 || r.target > n) {
    return "target " + std::to_string(r.target) + " is outside 1 to " + std::to_string(n);
  }
  if (r.rank < 1 || uint64_t{r.rank} + r.ties > n) {
    return "rank " + std::to_string(r.rank) + " with " + std::to_string(r.ties) +
           " ties is outside 1 to " + std::to_string(n);
  }
  if (r.rank_unseen < 1 || r.rank_unseen > r.rank || r.ties_unseen > r.ties) {
    return "the rank among unseen items (" + std::to_string(r.rank_unseen) + ", " +
           std::to_string(r.ties_unseen) + " ties) is not within that among all (" +
           std::to_string(r.rank) + ", " + std::to_string(r.ties) + " ties)";
  }
  const bool ordered = before == nullptr || r.sequence > before->sequence ||
                       (r.sequence == before->sequence && r.position > before->position);
  return ordered ? "" : "the records are not in data order, or one event occurs twice";
}

class Reader {
 public:
  Reader(const std::string& bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  [[noreturn]] void fail(size_t offset, const std::string& what) const {
    throw DataError(printable(where_) + ": byte " + std::to_string(offset) + ": " + what +
                    ". The rank file is damaged; its run must be repeated.");
  }

  template <class T>
  T value(size_t offset) const {
    T result;
    std::memcpy(&result, bytes_.data() + offset, sizeof(T));
    return result;
  }

  std::string hash(size_t offset) const {
    const std::string text = bytes_.substr(offset, kHash);
    if (!is_hash(text)) fail(offset, "a fingerprint must be 64 hexadecimal digits");
    return text;
  }

 private:
  const std::string& bytes_;
  const std::string& where_;
};

// Checks the sizes and the checksum, and returns the number of records.
uint64_t check_frame(const std::string& bytes, const Reader& reader) {
  if (bytes.size() < kHeader + kHash) {
    reader.fail(bytes.size(), "the file ends within its header or checksum");
  }
  if (!bytes.starts_with(kMagic)) reader.fail(0, "the file does not start with LEARANK1");
  if (const auto size = reader.value<uint32_t>(8); size != sizeof(RankRecord)) {
    reader.fail(8, "records have " + std::to_string(size) + " bytes instead of " +
                       std::to_string(sizeof(RankRecord)));
  }
  const auto count = reader.value<uint64_t>(16);
  const size_t space = bytes.size() - kHeader - kHash;
  // The comparison divides, because a product with the untrusted count could overflow.
  if (space % sizeof(RankRecord) != 0 || space / sizeof(RankRecord) != count) {
    reader.fail(16, std::to_string(count) + " records are announced, but " + std::to_string(space) +
                        " bytes of records are there");
  }
  const size_t end = bytes.size() - kHash;
  if (bytes.compare(end, kHash, sha256(std::string_view(bytes).substr(0, end))) != 0) {
    reader.fail(end, "the checksum does not match the content");
  }
  return count;
}

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace

std::string encode_ranks(const RankFile& file) {
  if (!is_hash(file.data_fingerprint) || !is_hash(file.split_fingerprint)) {
    throw DataError("ranks cannot be stored: a fingerprint is not 64 hexadecimal digits.");
  }
  std::string bytes;
  bytes.reserve(kHeader + file.records.size() * sizeof(RankRecord) + kHash);
  bytes += kMagic;
  append(bytes, static_cast<uint32_t>(sizeof(RankRecord)));
  append(bytes, file.items);
  append(bytes, static_cast<uint64_t>(file.records.size()));
  bytes += file.data_fingerprint;
  bytes += file.split_fingerprint;
  const RankRecord* before = nullptr;
  for (const RankRecord& record : file.records) {
    if (const std::string what = wrong(record, before, file.items); !what.empty()) {
      throw DataError("ranks cannot be stored: record " +
                      std::to_string(&record - file.records.data()) + ": " + what + ".");
    }
    append(bytes, record);
    before = &record;
  }
  return bytes + sha256(bytes);
}

RankFile decode_ranks(const std::string& bytes, const std::string& where) {
  const Reader reader(bytes, where);
  const uint64_t count = check_frame(bytes, reader);
  RankFile file;
  file.items = reader.value<uint32_t>(12);
  file.data_fingerprint = reader.hash(24);
  file.split_fingerprint = reader.hash(24 + kHash);
  file.records.resize(count);
  if (count > 0)
    std::memcpy(file.records.data(), bytes.data() + kHeader, count * sizeof(RankRecord));
  for (size_t i = 0; i < file.records.size(); ++i) {
    const RankRecord* before = i > 0 ? &file.records[i - 1] : nullptr;
    const std::string what = wrong(file.records[i], before, file.items);
    if (!what.empty()) {
      reader.fail(kHeader + i * sizeof(RankRecord), "record " + std::to_string(i) + ": " + what);
    }
  }
  return file;
}

}  // namespace lea::eval
