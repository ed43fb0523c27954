#include "core/run/counting.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace lea::run {
namespace {

// The class of counts_before, from 0 (preferred) to 5.
int class_of(const Candidate& run) {
  switch (run.state) {
    case State::kFinished:
      return run.outdated ? 4 : 0;
    case State::kRunning:
      return 1;
    case State::kInterrupted:
      return 2;
    case State::kQueued:
      return 3;
    case State::kFailed:
    case State::kCancelled:
      break;
  }
  return 5;
}

}  // namespace

bool is_other_data(const std::string& used, const std::string& now) {
  return !now.empty() && used != now;
}

bool counts_before(const Candidate& a, const Candidate& b) {
  // The dates are exchanged because the newer run comes first.
  return std::make_tuple(class_of(a), a.closed, std::cref(b.created), std::cref(a.uuid)) <
         std::make_tuple(class_of(b), b.closed, std::cref(a.created), std::cref(b.uuid));
}

size_t counting(const std::vector<Candidate>& candidates) {
  return static_cast<size_t>(std::min_element(candidates.begin(), candidates.end(), counts_before) -
                             candidates.begin());
}

}  // namespace lea::run
