// Rewards and states from a user's files, which another program computed for this data set. A file
// is tab-separated text,
//
//   rewards  sequence_id <TAB> position <TAB> item_id <TAB> reward
//   states   sequence_id <TAB> position <TAB> v1 <TAB> ... <TAB> vS
//
// where a reward belongs to one item at the event at that position (from 0), and the state at
// position p to the history of the first p items. Or it is a NumPy (npz) or safetensors file with a
// matrix for one split,
//
//   rewards  [E, 1] or [E, 1 + P]: for each training event the reward of the logged item, then those
//            of the items of its pool, in the order of the pool
//   pool     [E, P], integers, optional: the items that `rewards` was made for, which are compared
//            with the run's
//   states   [L, S]: the state of each place (TrainingData::places)
//
// Pairs without a row get `default_reward`, and histories without a row get a state of zeros. The
// same holds outside the training events.
#include <ATen/ATen.h>

#include <algorithm>
#include <tuple>

#include "core/api/event_table.h"
#include "core/api/plugin.h"
#include "core/api/pool.h"
#include "core/base/counted.h"
#include "plugins/array_matrix.h"

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
             "text with the columns sequence_id, position, item_id, reward, or npz or safetensors "
             "with rewards [E, 1 + P]; empty: all get the default",
             lea::FileRows::kEvents);
      f.file("states", states,
             "text with the columns sequence_id, position, v1..vS, or npz or safetensors with "
             "states [L, S]; empty: none",
             lea::FileRows::kHistories);
      f.real("default_reward", default_reward, {-1e6, 1e6}, "reward of a pair without a row");
    }
  };

  Table(const Params& params, const lea::Context& context)
      : training_(context.training()),
        pool_(context.pool()),
        default_reward_(params.default_reward) {
    const auto read = [&](const std::string& path, auto from_arrays, auto from_text) {
      if (path.empty()) return;
      (this->*(lea::ArrayFile::recognises(path) ? from_arrays : from_text))(path, context);
    };
    read(params.rewards, &Table::read_reward_matrix, &Table::read_rewards);
    read(params.states, &Table::read_state_matrix, &Table::read_states);
  }

  int64_t state_width() const override { return states_.defined() ? states_.size(1) : 0; }

  Tensor state(const History& history) override {
    if (!states_.defined()) return Environment::state(history);
    const Tensor row = (by_place_ ? history.place : history.event).to(at::kCPU);
    const Tensor states = states_.index_select(0, row.clamp_min(0)).to(at::kFloat);
    return states.masked_fill_(row.lt(0).unsqueeze(1), 0).to(history.items.device());
  }

  // Ignores the roles.
  Tensor reward(const History& history, const Tensor& actions, const std::vector<Role>&) override {
    if (matrix_.defined()) return looked_up(history, actions);
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
    lea::EventTable table(path, {"item_id", "reward"}, context);
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

  Tensor looked_up(const History& history, const Tensor& actions) const {
    const Tensor event = history.event.to(at::kCPU);
    const Tensor column = lea::reward_columns(training_, pool_, event, actions);
    const int64_t width = matrix_.size(1);
    const Tensor cell = event.clamp_min(0).unsqueeze(1) * width + column.clamp(0, width - 1);
    const Tensor found = matrix_.view(-1).index_select(0, cell.flatten()).view(cell.sizes());
    const Tensor known = column.ge(0).logical_and(column.lt(width));
    return at::where(known, found.to(at::kFloat), at::scalar_tensor(default_reward_, at::kFloat))
        .to(actions.device());
  }

  void read_reward_matrix(const std::string& path, const lea::Context&) {
    const lea::ArrayFile file(path);
    matrix_ = lea::read_matrix(file, path, "rewards", training_.events(), "each training event");
    const int64_t width = matrix_.size(1), pool = pool_.defined() ? pool_.size(1) : 0;
    if (width != 1 && width != 1 + pool) {
      const std::string columns = path + ": the rewards have " + lea::counted(width, "column") +
                                  ", one for the logged item and the others for a pool";
      if (pool == 0 && width > 1) {
        throw lea::ConfigError(columns + "; state `negatives: {from: pool, pool: " +
                               std::to_string(width - 1) + "}` as it was when they were made");
      }
      throw lea::DataError(columns + ", but the run's pool has " + lea::counted(pool, "item"));
    }
    if (width > 1 && file.has("pool")) compare_pool(file, path);
  }

  void compare_pool(const lea::ArrayFile& file, const std::string& path) const {
    const Tensor made_for = file.read("pool");
    if (made_for.sizes() == pool_.sizes() && made_for.eq(pool_).all().item<bool>()) return;
    throw lea::DataError(path +
                         ": was made for another pool: `pool` differs from the items that this run "
                         "draws from. They depend on the data, the split, and pool, seed and "
                         "exclude of `negatives`");
  }

  void read_state_matrix(const std::string& path, const lea::Context&) {
    by_place_ = true;
    states_ = lea::read_matrix(lea::ArrayFile(path), path, "states", training_.places(),
                               "each place, which are the training events and the ends of the "
                               "training sequences");
  }

  void read_states(const std::string& path, const lea::Context& context) {
    lea::EventTable table(path, {"..."}, context);
    const int64_t width = int64_t(table.columns()) - 2, events = training_.events();
    states_ = at::zeros({events, width}, at::kFloat);
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

  lea::TrainingData training_;
  Tensor pool_;  // int64 [E, P], or undefined
  double default_reward_;
  std::vector<Pair> rewards_;  // of a text file, sorted by event and item
  Tensor matrix_;              // of another file: [E, 1] or [E, 1 + P]
  Tensor states_;              // [L, S] with by_place_, otherwise float [E, S]
  bool by_place_ = false;
};

}  // namespace

LEA_PLUGIN(environment, "lea.table", "1.0.0", Table,
           "rewards and states from a user's tab-separated, npz or safetensors files")
