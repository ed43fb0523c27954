#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <set>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

double discount(double rank) { return 1.0 / std::log2(rank + 1.0); }

// The gain of a target at each rank. The sums serve the expectation over tied ranks.
struct Gain {
  const char* name;
  double (*at)(double rank);
  std::vector<double> sum;  // [k + 1] the gains of ranks 1 .. r, added up
};

std::vector<Gain> gains(int64_t most) {
  std::vector<Gain> all = {{"hr@", [](double) { return 1.0; }, {}},
                           {"ndcg@", discount, {}},
                           {"mrr@", [](double rank) { return 1.0 / rank; }, {}}};
  for (Gain& gain : all) {
    gain.sum.resize(static_cast<size_t>(most) + 1);
    for (size_t r = 1; r < gain.sum.size(); ++r) {
      gain.sum[r] = gain.sum[r - 1] + gain.at(static_cast<double>(r));
    }
  }
  return all;
}

// The mean gain of a target with a rank that is uniform over first .. first + ties.
double gain_at(const Gain& gain, uint64_t first, uint64_t ties, uint64_t k) {
  if (first > k) return 0;
  if (ties == 0) return gain.at(static_cast<double>(first));
  const uint64_t last = std::min(k, first + ties);
  return (gain.sum[last] - gain.sum[first - 1]) / static_cast<double>(ties + 1);
}

// The rank of a target under a protocol is uniform over first .. first + ties.
struct Place {
  uint64_t first, ties;
};

Place place_of(const RankRecord& record, const Protocol& protocol) {
  Place place = protocol.remove_seen ? Place{record.rank_unseen, record.ties_unseen}
                                     : Place{record.rank, record.ties};
  if (protocol.ties == Ties::kPessimistic) place.first += place.ties;
  if (protocol.ties != Ties::kExpected) place.ties = 0;
  return place;
}

bool counts(const RankRecord& record, const Protocol& protocol) {
  return record.position > 0 || protocol.first_event;
}

using Selection = std::function<bool(const RankRecord&)>;

std::map<std::string, double> metrics_of(const std::vector<RankRecord>& records,
                                         const Protocol& protocol, const Selection& selected) {
  if (protocol.k.empty() || *std::min_element(protocol.k.begin(), protocol.k.end()) < 1) {
    throw ConfigError("evaluate.k must list cuts of at least 1.");
  }
  const std::vector<Gain> all = gains(*std::max_element(protocol.k.begin(), protocol.k.end()));
  const std::set<int64_t> cuts(protocol.k.begin(), protocol.k.end());
  std::vector<double> sums(all.size() * cuts.size());
  int64_t events = 0;
  for (const RankRecord& record : records) {
    if (!counts(record, protocol) || !selected(record)) continue;
    ++events;
    const Place place = place_of(record, protocol);
    size_t slot = 0;
    for (const Gain& gain : all) {
      for (const int64_t k : cuts)
        sums[slot++] += gain_at(gain, place.first, place.ties, static_cast<uint64_t>(k));
    }
  }
  std::map<std::string, double> result;
  if (events == 0) return result;
  size_t slot = 0;
  for (const Gain& gain : all) {
    for (const int64_t k : cuts) {
      result[gain.name + std::to_string(k)] = sums[slot++] / static_cast<double>(events);
    }
  }
  return result;
}

// Maps each number of training events to a slice. Targets with equal numbers therefore share a
// slice, and item numbers have no influence.
std::map<uint32_t, std::string> popularity_slices(const std::vector<RankRecord>& records) {
  std::map<uint32_t, uint32_t> popularity_of;  // target -> training events
  for (const RankRecord& record : records) popularity_of[record.target] = record.popularity;
  std::map<uint32_t, uint64_t, std::greater<>>
      events;  // popularity -> training events of such items
  uint64_t total = 0;
  for (const auto& [target, popularity] : popularity_of) {
    events[popularity] += popularity;
    total += popularity;
  }
  std::map<uint32_t, std::string> slices;
  uint64_t before = 0;
  for (const auto& [popularity, count] : events) {
    const bool head = popularity > 0 && 10 * before < 2 * total;
    const bool middle = popularity > 0 && 10 * before < 8 * total;
    slices[popularity] = head     ? "popularity:head"
                         : middle ? "popularity:middle"
                                  : "popularity:tail";
    before += count;
  }
  return slices;
}

const char* history_slice(uint32_t position) {
  if (position == 0) return "history:0";
  if (position <= 2) return "history:1-2";
  if (position <= 5) return "history:3-5";
  return position <= 10 ? "history:6-10" : "history:11+";
}

}  // namespace

Ties ties_from(const std::string& name) {
  if (name == "pessimistic") return Ties::kPessimistic;
  if (name == "expected") return Ties::kExpected;
  if (name == "optimistic") return Ties::kOptimistic;
  throw ConfigError("evaluate.ties must be pessimistic, expected or optimistic, but is `" +
                    printable(name) + "`" +
                    did_you_mean(name, {"pessimistic", "expected", "optimistic"}));
}

Protocol protocol_of(const spec::EvaluateSection& section) {
  return {section.k, ties_from(section.ties), section.remove_seen, section.first_event};
}

std::map<std::string, double> metrics(const std::vector<RankRecord>& records,
                                      const Protocol& protocol) {
  auto result = metrics_of(records, protocol, [](const RankRecord&) { return true; });
  if (result.empty()) {
    throw DataError(records.empty()
                        ? "there are no events to evaluate."
                        : "there are no events to evaluate: each is the first of its sequence, and "
                          "evaluate.first_event is false.");
  }
  return result;
}

std::vector<SequenceGain> sequence_gains(const std::vector<RankRecord>& records,
                                         const Protocol& protocol, const std::string& metric) {
  const int64_t k = parse_metric(metric).second;
  const std::vector<Gain> all = gains(k);
  const Gain& gain = *std::find_if(all.begin(), all.end(),
                                   [&](const Gain& each) { return metric.starts_with(each.name); });
  std::map<uint32_t, SequenceGain> by_sequence;
  for (const RankRecord& record : records) {
    if (!counts(record, protocol)) continue;
    const Place place = place_of(record, protocol);
    SequenceGain& of_sequence =
        by_sequence.try_emplace(record.sequence, SequenceGain{record.sequence, 0, 0}).first->second;
    ++of_sequence.events;
    of_sequence.sum += gain_at(gain, place.first, place.ties, static_cast<uint64_t>(k));
  }
  std::vector<SequenceGain> result;
  result.reserve(by_sequence.size());
  for (const auto& [sequence, of_sequence] : by_sequence) result.push_back(of_sequence);
  return result;
}

Slices slices(const std::vector<RankRecord>& records, const Protocol& protocol) {
  const auto popularity = popularity_slices(records);
  Slices result;
  for (const char* name : {"history:0", "history:1-2", "history:3-5", "history:6-10", "history:11+",
                           "popularity:head", "popularity:middle", "popularity:tail"}) {
    auto values = metrics_of(records, protocol, [&](const RankRecord& record) {
      return popularity.at(record.popularity) == name ||
             name == std::string_view(history_slice(record.position));
    });
    if (!values.empty()) result.emplace_back(name, std::move(values));
  }
  return result;
}

std::pair<std::string, int64_t> parse_metric(const std::string& name) {
  const size_t at = name.find('@');
  const std::string kind = name.substr(0, at);
  int64_t k = 0;
  if (at != std::string::npos && (kind == "hr" || kind == "ndcg" || kind == "mrr")) {
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + at + 1, end, k);
    const bool canonical = error == std::errc() && stop == end && name[at + 1] != '0';
    if (canonical && k >= 1) return {kind, k};
  }
  throw ConfigError("`" + printable(name.substr(0, 80)) +
                    "` is not a metric; metrics are hr@K, ndcg@K and mrr@K with K of at least 1, "
                    "such as ndcg@20.");
}

}  // namespace lea::eval
