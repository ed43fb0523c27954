#include "core/data/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/data/counter_random.h"
#include "core/data/id_table.h"
#include "core/data/table_reader.h"

namespace lea::data {
namespace {

constexpr std::array<const char*, 3> kPartNames = {"train", "valid", "test"};
constexpr uint8_t kUnset = 255;

void check_ratios(const std::vector<double>& ratios) {
  const bool fits =
      ratios.size() == 3 && ratios[0] > 0 &&
      std::all_of(ratios.begin(), ratios.end(), [](double r) { return r >= 0 && r <= 1; }) &&
      std::abs(ratios[0] + ratios[1] + ratios[2] - 1) < 1e-9;
  if (!fits) {
    throw DataError(
        "split.ratios must be three shares (train, valid, test) that add up to 1, with train above "
        "0.");
  }
}

// The first index of valid and of test among `count` ordered elements. The small term is needed
// because a sum such as 0.7 + 0.1 can be rounded to just below its exact value.
std::array<size_t, 2> cuts(const std::vector<double>& ratios, size_t count) {
  const auto at = [count](double share) {
    return std::min(count,
                    static_cast<size_t>(std::floor(share * static_cast<double>(count) + 1e-9)));
  };
  return {at(ratios[0]), ratios[2] == 0 ? count : at(ratios[0] + ratios[1])};
}

std::vector<uint8_t> spread(const Sequences& data, const std::vector<uint8_t>& part_of_sequence) {
  std::vector<uint8_t> part(data.time.size());
  for (size_t s = 0; s < part_of_sequence.size(); ++s) {
    std::fill(part.begin() + static_cast<int64_t>(data.offsets[s]),
              part.begin() + static_cast<int64_t>(data.offsets[s + 1]), part_of_sequence[s]);
  }
  return part;
}

std::vector<uint8_t> by_sequence(const Sequences& data, const spec::SplitSection& section) {
  check_ratios(section.ratios);
  std::vector<uint32_t> order(data.count());
  std::iota(order.begin(), order.end(), 0U);
  CounterRandom(static_cast<uint64_t>(section.seed)).shuffle(order);
  const auto [valid, test] = cuts(section.ratios, order.size());
  std::vector<uint8_t> part(order.size());
  for (size_t i = 0; i < order.size(); ++i) part[order[i]] = i < valid ? 0 : i < test ? 1 : 2;
  return spread(data, part);
}

std::vector<uint8_t> by_file(const Sequences& data, const spec::SplitSection& section) {
  if (section.path.empty()) {
    throw DataError(
        "split.path must name a TSV with the columns user_id and part (split.by is file).");
  }
  IdTable ids;
  for (const std::string& id : data.ids()) ids.insert(id);
  std::vector<uint8_t> part(data.count(), kUnset);
  BadRows bad(0);
  TableReader table(section.path, bad);
  if (table.header() != std::vector<std::string>{"user_id", "part"}) {
    table.refuse_header("the header must be `user_id`, tab, `part`.");
  }
  while (table.next()) {
    const std::string_view user = table.fields()[0], name = table.fields()[1];
    const auto known = std::find(kPartNames.begin(), kPartNames.end(), name);
    const uint32_t sequence = ids.find(user);
    if (known == kPartNames.end()) {
      table.refuse(1, "the part must be train, valid or test, but is `" +
                          printable(name.substr(0, 40)) + "`.");
    } else if (sequence == IdTable::kNone) {
      table.refuse(0, "the data set has no sequence `" + printable(user.substr(0, 80)) + "`.");
    } else if (part[sequence] != kUnset) {
      table.refuse(0, "sequence `" + printable(user.substr(0, 80)) + "` has a second row.");
    } else {
      part[sequence] = static_cast<uint8_t>(known - kPartNames.begin());
    }
  }
  bad.finish();
  const auto missing = std::find(part.begin(), part.end(), kUnset);
  if (missing != part.end()) {
    throw DataError(printable(section.path) + ": gives no part to " +
                    counted(std::count(part.begin(), part.end(), kUnset), "sequence") +
                    ", the first is `" +
                    printable(data.ids()[static_cast<size_t>(missing - part.begin())]) + "`.");
  }
  return spread(data, part);
}

std::vector<uint8_t> last_one(const Sequences& data) {
  std::vector<uint8_t> part(data.time.size(), 0);
  for (size_t s = 0; s < data.count(); ++s) {
    const uint64_t begin = data.offsets[s], end = data.offsets[s + 1];
    if (end - begin < 3) continue;  // too short for all three parts
    part[end - 1] = 2;
    part[end - 2] = 1;
  }
  return part;
}

// The time at `index` when all times are sorted; infinity at their end. Events at this time go to
// the later part, so that equal times are never divided. Reorders `times`.
double time_at(std::vector<double>& times, size_t index) {
  if (index >= times.size()) return std::numeric_limits<double>::infinity();
  const auto place = times.begin() + static_cast<int64_t>(index);
  std::nth_element(times.begin(), place, times.end());
  return *place;
}

std::vector<uint8_t> by_time(const Sequences& data, const spec::SplitSection& section) {
  if (data.time_is_position) {
    throw DataError(
        "split.by: time does not apply to this data set: its timestamps are only positions (0, 1, "
        "2 "
        "... in every sequence), so times of different sequences cannot be compared. Use sequence, "
        "file or last_one.");
  }
  double valid_from = section.valid_from, test_from = section.test_from;
  if (valid_from == 0 || test_from == 0) {
    check_ratios(section.ratios);
    std::vector<double> times(data.time.begin(), data.time.end());
    const auto [valid, test] = cuts(section.ratios, times.size());
    if (valid_from == 0) valid_from = time_at(times, valid);
    if (test_from == 0) test_from = time_at(times, test);
  }
  if (!(valid_from <= test_from)) {
    throw DataError("split.valid_from (" + std::to_string(valid_from) +
                    ") must not be after split.test_from (" + std::to_string(test_from) + ").");
  }
  std::vector<uint8_t> part(data.time.size());
  for (size_t e = 0; e < part.size(); ++e) {
    part[e] = data.time[e] < valid_from ? 0 : data.time[e] < test_from ? 1 : 2;
  }
  return part;
}

// A part may stay empty only if its ratio is 0.
void check_parts(const std::vector<uint8_t>& part, const spec::SplitSection& section) {
  const bool ratios =
      (section.by == "sequence" || section.by == "time") && section.ratios.size() == 3;
  for (size_t p = 0; p < kPartNames.size(); ++p) {
    if (std::find(part.begin(), part.end(), static_cast<uint8_t>(p)) != part.end()) continue;
    if (p > 0 && ratios && section.ratios[p] == 0) continue;
    throw DataError(std::string("the split (by: ") + section.by + ") leaves no interaction for " +
                    kPartNames[p] + ". Give that part a larger share, or use more data.");
  }
}

}  // namespace

int64_t Split::count(Part p) const {
  return std::count(part.begin(), part.end(), static_cast<uint8_t>(p));
}

const char* name_of(Part part) { return kPartNames[static_cast<size_t>(part)]; }

Sequences sequences_in(const Dataset& data) {
  return {data.offsets(), data.time(), data.time_is_position(),
          [&data]() -> const std::vector<std::string>& { return data.sequence_ids(); }};
}

std::vector<uint8_t> parts_of(const Sequences& sequences, const spec::SplitSection& section) {
  std::vector<uint8_t> part;
  if (section.by == "sequence") {
    part = by_sequence(sequences, section);
  } else if (section.by == "file") {
    part = by_file(sequences, section);
  } else if (section.by == "last_one") {
    part = last_one(sequences);
  } else if (section.by == "time") {
    part = by_time(sequences, section);
  } else {
    throw DataError("split.by must be sequence, file, last_one or time, but is `" +
                    printable(section.by) + "`" +
                    did_you_mean(section.by, {"sequence", "file", "last_one", "time"}));
  }
  check_parts(part, section);
  return part;
}

Split make_split(const Dataset& data, const spec::SplitSection& section) {
  Split split;
  split.part = parts_of(sequences_in(data), section);
  const std::string_view parts(reinterpret_cast<const char*>(split.part.data()), split.part.size());
  split.fingerprint = sha256("lea-split 1\n" + data.fingerprint() + "\n" + sha256(parts));
  return split;
}

uint64_t training_end(const Dataset& data, std::span<const uint8_t> part, size_t sequence) {
  uint64_t end = data.offsets()[sequence];
  while (end < data.offsets()[sequence + 1] && part[end] == static_cast<uint8_t>(Part::kTrain))
    ++end;
  return end;
}

std::vector<uint32_t> events_of(const Split& split, Part part) {
  std::vector<uint32_t> events;
  events.reserve(static_cast<size_t>(split.count(part)));
  for (size_t e = 0; e < split.part.size(); ++e) {
    if (split.part[e] == static_cast<uint8_t>(part)) events.push_back(static_cast<uint32_t>(e));
  }
  return events;
}

std::vector<uint32_t> sequences_of(const Dataset& data, std::span<const uint32_t> events) {
  std::vector<uint32_t> sequences;
  sequences.reserve(events.size());
  uint32_t sequence = 0;
  for (const uint32_t event : events) {
    while (data.offsets()[sequence + 1] <= event) ++sequence;
    sequences.push_back(sequence);
  }
  return sequences;
}

}  // namespace lea::data
