#include "core/eval/ranks.h"

#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/eval/frame.h"

namespace lea::eval {
namespace {

constexpr std::string_view kMagic = "LEARANK1";

// The first error in a record; empty if there is none.
std::string wrong(const RankRecord& r, const RankRecord* before, uint32_t items) {
  const uint64_t n = items;
  if (r.target < 1 || r.target > n) {
    return "target " + std::to_string(r.target) + " is outside 1 to " + std::to_string(n);
  }
  if (r.rank < 1 || uint64_t{r.rank} + r.ties > n) {
    return "rank " + std::to_string(r.rank) + " with " + counted(r.ties, "tie") +
           " is outside 1 to " + std::to_string(n);
  }
  if (r.rank_unseen < 1 || r.rank_unseen > r.rank || r.ties_unseen > r.ties) {
    return "the rank among unseen items (" + std::to_string(r.rank_unseen) + ", " +
           counted(r.ties_unseen, "tie") + ") is not within that among all (" +
           std::to_string(r.rank) + ", " + counted(r.ties, "tie") + ")";
  }
  const bool ordered = before == nullptr || r.sequence > before->sequence ||
                       (r.sequence == before->sequence && r.position > before->position);
  return ordered ? "" : "the records are not in data order, or one event occurs twice";
}

}  // namespace

std::string encode_ranks(const RankFile& file) {
  std::string bytes = begin_frame(kMagic,
                                  {file.data_fingerprint, file.split_fingerprint,
                                   sizeof(RankRecord), file.items, file.records.size()},
                                  "ranks");
  const RankRecord* before = nullptr;
  for (const RankRecord& record : file.records) {
    if (const std::string what = wrong(record, before, file.items); !what.empty()) {
      throw DataError("ranks cannot be stored: record " +
                      std::to_string(&record - file.records.data()) + ": " + what + ".");
    }
    bytes.append(reinterpret_cast<const char*>(&record), sizeof(record));
    before = &record;
  }
  return end_frame(std::move(bytes));
}

RankFile decode_ranks(const std::string& bytes, const std::string& where) {
  const FrameReader reader(bytes, where, "rank file");
  const Frame frame = reader.read(kMagic, sizeof(RankRecord));
  RankFile file{frame.data_fingerprint, frame.split_fingerprint, frame.items, {}};
  file.records.resize(frame.count);
  if (frame.count > 0) {
    std::memcpy(file.records.data(), bytes.data() + kFrameHeader, frame.count * sizeof(RankRecord));
  }
  for (size_t i = 0; i < file.records.size(); ++i) {
    const RankRecord* before = i > 0 ? &file.records[i - 1] : nullptr;
    const std::string what = wrong(file.records[i], before, file.items);
    if (!what.empty()) {
      reader.fail(kFrameHeader + i * sizeof(RankRecord),
                  "record " + std::to_string(i) + ": " + what);
    }
  }
  return file;
}

}  // namespace lea::eval
