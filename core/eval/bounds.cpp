// The bounds between the metrics of one ranking with one relevant item for each event.
//
// Let f(r) be the gain of rank r: 1 for HR, 1 / log2(r + 1) for NDCG, 1 / r for MRR. Each target
// that enters between K1 and K2 adds 1 to HR, and between f(K2) and f(K1 + 1) to NDCG and MRR,
// whatever the ranks are. K1 = 0 gives the bounds of a single cut.
#include <cmath>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/eval/ranks.h"

namespace lea::eval {
namespace {

using Cuts = std::map<int64_t, double>;  // K -> value

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

double gain(const std::string& kind, int64_t rank) {
  const auto r = static_cast<double>(rank);
  return kind == "ndcg" ? 1.0 / std::log2(r + 1.0) : 1.0 / r;
}

std::string named(const std::string& kind, int64_t k) { return kind + "@" + std::to_string(k); }

// Returns "ndcg@10 - ndcg@5", or "ndcg@5" for the step from 0.
std::string step_name(const std::string& kind, int64_t from, int64_t to) {
  return from == 0 ? named(kind, to) : named(kind, to) + " - " + named(kind, from);
}

void check_rising(const std::string& kind, const Cuts& cuts, double slack,
                  std::vector<std::string>& broken) {
  for (auto next = cuts.begin(), it = next; it != cuts.end(); it = next) {
    if (++next == cuts.end()) break;
    if (next->second >= it->second - slack) continue;
    broken.push_back(named(kind, next->first) + " = " + number(next->second) + " is below " +
                     named(kind, it->first) + " = " + number(it->second) + ".");
  }
}

void check_steps(const std::string& kind, Cuts hr, Cuts cuts, double slack,
                 std::vector<std::string>& broken) {
  hr[0] = cuts[0] = 0;
  for (auto from = cuts.begin(); from != cuts.end(); ++from) {
    for (auto to = std::next(from); to != cuts.end(); ++to) {
      if (!hr.contains(from->first) || !hr.contains(to->first)) continue;
      const double hits = hr[to->first] - hr[from->first], step = to->second - from->second;
      const double least = hits * gain(kind, to->first), most = hits * gain(kind, from->first + 1);
      if (hits < 0 || (step >= least - slack && step <= most + slack))
        continue;  // check_rising reports a falling HR
      broken.push_back(step_name(kind, from->first, to->first) + " = " + number(step) +
                       " is outside " + number(least) + " to " + number(most) + ", which " +
                       step_name("hr", from->first, to->first) + " = " + number(hits) + " allows.");
    }
  }
}

}  // namespace

std::vector<std::string> broken_bounds(const std::map<std::string, double>& metrics, double slack) {
  std::vector<std::string> broken;
  std::map<std::string, Cuts> by_kind;
  for (const auto& [name, value] : metrics) {
    try {
      const auto [kind, k] = parse_metric(name);
      // The negation of this condition also holds for a NaN.
      if (value >= -slack && value <= 1 + slack) {
        by_kind[kind][k] = value;
      } else {
        broken.push_back(name + " = " + number(value) + " is outside 0 to 1.");
      }
    } catch (const ConfigError& error) {
      broken.emplace_back(error.what());
    }
  }
  for (const auto& [kind, cuts] : by_kind) check_rising(kind, cuts, slack, broken);
  for (const char* kind : {"ndcg", "mrr"}) {
    if (by_kind.contains(kind)) check_steps(kind, by_kind["hr"], by_kind[kind], slack, broken);
  }
  return broken;
}

}  // namespace lea::eval
