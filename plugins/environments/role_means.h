// Means of the rewards of an environment over training events and sampled items, for wrappers that
// keep or remove these means.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/api/context.h"
#include "core/api/environment.h"
#include "core/spec/params.h"

namespace lea {

// The parameters of these wrappers.
struct MeansParams {
  std::string of;
  int64_t sample = 0, negatives = 5, seed = 1;

 protected:
  // `done` is the description of the parameter `of`.
  void fields(Fields& f, const char* done) {
    f.environment("of", of, done);
    f.integer("sample", sample, {0, 1e9}, "training events that the means are taken over (0: all)");
    f.integer("negatives", negatives, {1, 1000},
              "sampled items an event, for their mean; its error falls with the root of events x "
              "negatives; with a pool, so many of its first items, or all");
    f.integer("seed", seed, {0, 9e15}, "which events and items are drawn; independent of the run");
  }
};

struct RoleMeans {
  double logged = 0, sampled = 0, proposed = 0;
  double gap_error = 0;  // standard error of logged - sampled, paired over events
};

// Returns `count` distinct training events in ascending order, int64. Returns all events if `count`
// is 0 or not below their number.
inline Tensor sample_events(int64_t events, int64_t count, uint64_t key) {
  if (count == 0 || count >= events) return at::arange(events);
  std::vector<int64_t> chosen(events);
  std::iota(chosen.begin(), chosen.end(), 0);
  for (int64_t i = 0; i < count; ++i) {
    std::swap(chosen[i], chosen[i + int64_t(mix(key, 0, uint64_t(i)) % uint64_t(events - i))]);
  }
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  return at::tensor(chosen, at::kLong);
}

// The items that stand for what a run samples at a training event. Where the run has a pool they are
// the first ones of the event's row, because an environment whose rewards are looked up has no
// others. Without a pool they are drawn uniformly from those that are not logged there.
class SampledItems {
 public:
  SampledItems(const Context& context, const MeansParams& params, uint64_t key)
      : training_(context.training()),
        pool_(context.pool()),
        count_(pool_.defined() ? std::min(params.negatives, pool_.size(1)) : params.negatives),
        key_(key) {}

  int64_t count() const { return count_; }
  // Item number k, from 0, of an event.
  int64_t at(int64_t event, int64_t k) const {
    if (pool_.defined()) return pool_.const_data_ptr<int64_t>()[event * pool_.size(1) + k];
    const int64_t logged = training_.item.const_data_ptr<int32_t>()[event], items = training_.items;
    const uint64_t bits = mix(key_, 1 + uint64_t(k), uint64_t(event));
    const int64_t item = 1 + int64_t(bits % uint64_t(std::max<int64_t>(items - 1, 1)));
    return item < logged || items == 1 ? item : item + 1;
  }

 private:
  const TrainingData& training_;
  Tensor pool_;  // int64 [E, P], or undefined
  int64_t count_;
  uint64_t key_;
};

// Asks an environment for the rewards of the chosen training events, and calls `visit` with the
// actions, int64 [B, k], and the rewards, double [B, k], of some events at a time. The first columns
// are the logged item in each of the roles `logged`, the others are sampled.
template <class Visit>
void visit_rewards(Environment& environment, const Context& context, const MeansParams& params,
                   uint64_t key, const std::vector<Role>& logged, const Visit& visit) {
  constexpr int64_t kChunk = 512;
  const TrainingData& training = context.training();
  const Tensor chosen = sample_events(training.events(), params.sample, key);
  const SampledItems sampled(context, params, key);
  const int64_t before = int64_t(logged.size()), columns = before + sampled.count();
  std::vector<Role> roles = logged;
  roles.resize(columns, Role::kSampled);
  for (int64_t first = 0; first < chosen.size(0); first += kChunk) {
    const int64_t rows = std::min(kChunk, chosen.size(0) - first);
    const Tensor event = chosen.narrow(0, first, rows);
    const Tensor actions = at::empty({rows, columns}, at::kLong);
    actions.narrow(1, 0, before)
        .copy_(training.item.index_select(0, event).unsqueeze(1).expand({rows, before}));
    int64_t* action = actions.mutable_data_ptr<int64_t>();
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t at = event.const_data_ptr<int64_t>()[row];
      for (int64_t k = before; k < columns; ++k)
        action[row * columns + k] = sampled.at(at, k - before);
    }
    visit(actions, environment.reward(training.histories(event), actions, roles)
                       .to(at::kCPU, at::kDouble)
                       .contiguous());
  }
}

// The mean reward of each role over the chosen training events. The means of logged and proposed
// items are exact, that of sampled items is an estimate, unless it is taken over a whole pool. The
// proposals of a run are not known beforehand, so the proposed mean uses the logged items under the
// proposed role. It equals the logged mean unless the environment distinguishes the two roles. A
// million events take a quarter of a second, without the environment's own time.
inline RoleMeans role_means(Environment& environment, const Context& context,
                            const MeansParams& params, uint64_t key) {
  Tensor sum;
  int64_t events = 0;
  double gaps = 0, squares = 0;  // of logged less the mean of sampled, over events
  visit_rewards(environment, context, params, key, {Role::kLogged, Role::kProposed},
                [&](const Tensor& actions, const Tensor& rewards) {
                  const Tensor more = rewards.sum(0);
                  sum = sum.defined() ? sum + more : more;
                  const Tensor gap =
                      rewards.select(1, 0) - rewards.narrow(1, 2, rewards.size(1) - 2).mean(1);
                  gaps += gap.sum().item<double>();
                  squares += gap.square().sum().item<double>();
                  events += actions.size(0);
                });
  sum /= double(events);
  const double count = double(events), gap = gaps / count;
  const double variance = std::max(0.0, squares / count - gap * gap);
  return {sum[0].item<double>(), sum.narrow(0, 2, sum.size(0) - 2).mean().item<double>(),
          sum[1].item<double>(), std::sqrt(variance / count)};
}

}  // namespace lea
