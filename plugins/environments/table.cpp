// Rewards and states from a user's files, which another program computed for this data set.
//
//   rewards  sequence_id <TAB> position <TAB> item_id <TAB> reward
//   states   sequence_id <TAB> position <TAB> v1 <TAB> ... <TAB> vS
//
// A reward belongs to one item at the event at that position (from 0). The state at position p
// belongs to the history of the first p items. Pairs without a row get `default_reward`, and
// histories without a row get a state of zeros. The same holds outside the training events.
#include <ATen/ATen.h>

#include <algorithm>
#include <tuple>

#include "core/api/plugin.h"
#include "plugins/event_table.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

class Table final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;  // with a `states` file
  struct Params {
    std::string rewards, states;
    double default_reward = 0;
    void fields(lea::Fields& f) {
      f.file("rewards", rewards,
             "file with the columns sequence_id, position, item_id, reward; empty: all get the "
             "default");
      f.file("states", states, "file with the columns sequence_id, position, v1..vS; empty: none");
      f.real("default_reward", default_reward, {-1e6, 1e6}, "reward of a pair without a row");
    }
  };

  Table(const Params& params, const lea::Context& context)
      : training_(context.training()), default_reward_(params.default_reward) {
    if (!params.rewards.empty()) read_rewards(params.rewards, context);
    if (!params.states.empty()) read_states(params.states, context);
  }

  int64_t state_width() const override { return states_.defined() ? states_.size(1) : 0; }

  Tensor state(const History& history) override {
    if (!states_.defined()) return Environment::state(history);
    return states_.index_select(0, state_rows(history)).to(history.items.device());
  }

  // Ignores the roles.
  Tensor reward(const History& history, const Tensor& actions, const std::vector<Role>&) override {
    const Tensor item = actions.to(at::kCPU).contiguous();
    const Tensor event = history.event.to(at::kCPU).contiguous();
    const Tensor rewards = at::full(item.sizes(), default_reward_, at::kFloat);
    for (int64_t row = 0; row < item.size(0); ++row) {
      const int64_t in = event.const_data_ptr<int64_t>()[row];
      for (int64_t k = 0; k < item.size(1); ++k) {
        const int64_t cell = row * item.size(1) + k;
        const Pair wanted{in, item.const_data_ptr<int64_t>()[cell]};
        const auto found = std::lower_bound(rewards_.begin(), rewards_.end(), wanted);
        if (found != rewards_.end() && found->same(wanted)) {
          rewards.mutable_data_ptr<float>()[cell] = found->reward;
        }
      }
    }
    return rewards.to(actions.device());
  }

 private:
  struct Pair {
    int64_t event, item;
    float reward = 0;
    int64_t line = 0;
    bool same(const Pair& other) const { return event == other.event && item == other.item; }
    bool operator<(const Pair& other) const {
      return std::tie(event, item) < std::tie(other.event, other.item);
    }
  };

  void read_rewards(const std::string& path, const lea::Context& context) {
    lea::EventTable table(path, {"sequence_id", "position", "item_id", "reward"}, context);
    while (table.next()) {
      rewards_.push_back({table.event(), table.item(2), table.value(3), table.line()});
    }
    std::stable_sort(rewards_.begin(), rewards_.end());
    const auto twice = std::adjacent_find(rewards_.begin(), rewards_.end(),
                                          [](const Pair& a, const Pair& b) { return a.same(b); });
    if (twice != rewards_.end()) {
      throw lea::DataError(path + ":" + std::to_string((twice + 1)->line) +
                           ": the same sequence, position and item as in line " +
                           std::to_string(twice->line) + ": keep one of the two");
    }
  }

  // Row e of `states_` is the state before event e. The last row, of zeros, is the state outside
  // the training events.
  void read_states(const std::string& path, const lea::Context& context) {
    lea::EventTable table(path, {"sequence_id", "position", "..."}, context);
    const int64_t width = int64_t(table.columns()) - 2, events = training_.events();
    states_ = at::zeros({events + 1, width}, at::kFloat);
    std::vector<int64_t> seen(events, 0);
    while (table.next()) {
      if (seen[table.event()] != 0) {
        table.refuse("the same sequence and position as in line " +
                     std::to_string(seen[table.event()]) + ": keep one of the two");
      }
      seen[table.event()] = table.line();
      float* row = states_.mutable_data_ptr<float>() + table.event() * width;
      for (int64_t v = 0; v < width; ++v) row[v] = table.value(2 + v);
    }
  }

  Tensor state_rows(const History& history) const {
    const Tensor event = history.event.to(at::kCPU);
    return at::where(event.ge(0), event, at::scalar_tensor(training_.events(), at::kLong));
  }

  lea::TrainingData training_;
  double default_reward_;
  std::vector<Pair> rewards_;  // sorted by event and item
  Tensor states_;              // float [E + 1, S]
};

}  // namespace

LEA_PLUGIN(environment, "lea.table", "1.0.0", Table,
           "rewards and states from a user's tab-separated files")
