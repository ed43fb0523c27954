// The mean reward of each role under an environment, for wrappers that keep or remove these means.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

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
              "negatives");
    f.integer("seed", seed, {0, 9e15}, "which events and items are drawn; independent of the run");
  }
};

struct RoleMeans {
  double logged = 0, sampled = 0, proposed = 0;
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

// The mean reward of each role over the chosen training events. For each event, `negatives` items
// are drawn uniformly from those that are not logged there. The means of logged and proposed items
// are exact, that of sampled items is an estimate. The proposals of a run are not known beforehand,
// so the proposed mean uses the logged items under the proposed role. It equals the logged mean
// unless the environment distinguishes the two roles. A million events take a quarter of a second,
// without the environment's own time.
inline RoleMeans role_means(Environment& environment, const TrainingData& training,
                            const MeansParams& params, uint64_t key) {
  constexpr int64_t kChunk = 512;
  const int64_t negatives = params.negatives;
  const Tensor chosen = sample_events(training.events(), params.sample, key);
  std::vector<Role> roles(2 + negatives, Role::kSampled);
  roles[0] = Role::kLogged;
  roles[1] = Role::kProposed;
  Tensor sum = at::zeros({2 + negatives}, at::kDouble);
  for (int64_t first = 0; first < chosen.size(0); first += kChunk) {
    const int64_t rows = std::min(kChunk, chosen.size(0) - first);
    const Tensor event = chosen.narrow(0, first, rows);
    const Tensor logged = training.item.index_select(0, event).to(at::kLong);
    const Tensor actions = at::empty({rows, 2 + negatives}, at::kLong);
    actions.select(1, 0).copy_(logged);
    actions.select(1, 1).copy_(logged);
    for (int64_t row = 0; row < rows; ++row) {
      int64_t* action = actions.mutable_data_ptr<int64_t>() + row * (2 + negatives);
      for (int64_t k = 0; k < negatives; ++k) {
        const uint64_t bits =
            mix(key, 1 + uint64_t(k), uint64_t(event.const_data_ptr<int64_t>()[row]));
        const int64_t item = 1 + int64_t(bits % uint64_t(std::max<int64_t>(training.items - 1, 1)));
        action[2 + k] = item < action[0] || training.items == 1 ? item : item + 1;
      }
    }
    const Tensor rewards = environment.reward(training.histories(event), actions, roles);
    sum += rewards.to(at::kCPU, at::kDouble).sum(0);
  }
  sum /= double(chosen.size(0));
  return {sum[0].item<double>(), sum.narrow(0, 2, negatives).mean().item<double>(),
          sum[1].item<double>()};
}

}  // namespace lea
