// Data, settings and a run for tests of the environment text_gru and its network.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "core/worker/trial_artefacts.h"
#include "tests/api/host.h"
#include "tests/base/scratch.h"

namespace lea::testing {

// Walks from one group of items to the next.
inline constexpr int64_t kGroups = 4, kOfGroup = 6, kAll = kGroups * kOfGroup;

inline worker::TrialData walks(uint64_t count, uint64_t key = 1) {
  std::vector<std::vector<int32_t>> sequences;
  for (uint64_t s = 0; s < count; ++s) {
    sequences.emplace_back();
    for (uint64_t t = 0; t < 6; ++t)
      sequences.back().push_back(
          static_cast<int32_t>(1 + (s + t) % kGroups * kOfGroup + mix(key, s, t) % kOfGroup));
  }
  // The second word of an item is its own, so that it counts for nothing.
  std::vector<std::string> titles;
  for (int64_t item = 0; item < kAll; ++item) {
    const char* words[] = {"lamp", "chair", "table", "shelf"};
    titles.push_back(std::string(words[item / kOfGroup]) + " number" + std::to_string(item));
  }
  return {training_data(kAll, 4, sequences), {{"title", titles}}, {}};
}

inline ParamValues values_of(ParamValues more = {}) {
  more.insert({{"width", int64_t{8}},
               {"portion", 0.5},
               {"batch_size", int64_t{32}},
               {"steps", int64_t{20}},
               {"learning_rate", 0.01}});
  return more;
}

// A run with a pool, whose artefacts are made.
class GruContext final : public TestContext {
 public:
  GruContext(const ParamValues& values, const worker::TrialData& from)
      : made(load_plugin("text_gru"), values, from), sampled(from.pool) {
    data = from.training;
    item_count = data.items;
    positions = data.history;
  }
  std::string artefact(const std::string& kind) const override { return made.folder(kind); }
  const Tensor& pool() const override { return sampled; }

  const worker::TrialArtefacts made;
  const Tensor sampled;
};

class GruTest : public ScratchTest {
 protected:
  GruTest() {
    data_.pool = at::empty({data_.training.events(), 2}, at::kLong);
    for (int64_t i = 0; i < data_.pool.numel(); ++i)
      data_.pool.view(-1)[i] = 1 + static_cast<int64_t>(mix(2, static_cast<uint64_t>(i)) % kAll);
  }
  History events() const {
    return data_.training.histories(at::arange(data_.training.events(), at::kLong));
  }
  static History outside(const History& history) {
    return {history.items, history.length, at::full_like(history.event, -1),
            at::full_like(history.place, -1)};
  }
  static double distance(const Tensor& a, const Tensor& b) {
    return (a - b).abs().max().item<double>();
  }
  static std::vector<Role> roles(int64_t count) {
    return std::vector<Role>(static_cast<size_t>(count), Role::kSampled);
  }

  worker::TrialData data_ = walks(12);
};

}  // namespace lea::testing
