// An environment with artefacts: files that are made once, before the first run that needs them, and
// shared by all runs. This one knows how popular the items are that a user takes. It sorts the items
// into bands of popularity with about equally many training events. The state of a history is the
// share of its items in each band, and the reward of an action is the share of the action's band.
#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "core/api/plugin.h"
#include "core/api/pool.h"
#include "core/api/table.h"

namespace {

using lea::History;
using lea::Tensor;

constexpr int64_t kChunk = 4096;                     // rows that are computed at a time
constexpr const char* kFile = "/table.safetensors";  // each artefact has a folder of its own

class Environment final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  // Rewards are looked up, and only the logged item and the pool of an event have one. So a spec
  // with this reward must state `negatives: {from: pool, pool: P}`.
  static constexpr bool kNeedsPool = true;

  struct Params {
    int64_t bands = 8;
    void fields(lea::Fields& f) {
      f.integer("bands", bands, {1, 64}, "bands of popularity, and the width of the state");
    }
  };

  // An artefact is made again when something differs that is named here: the parameters, the data
  // that it reads, or what it is made `after`. One with a slot is made only for runs that have the
  // environment in this slot.
  static std::vector<lea::Artefact> artefacts() {
    return {{.kind = "states", .params = {"bands"}, .reads = {"training", "history"}},
            {.kind = "rewards",
             .after = "states",
             .params = {"bands"},
             .reads = {"training", "history", "pool"},
             .slot = "reward"}};
  }

  class Maker final : public lea::Preparer {
   public:
    explicit Maker(const Params& params) : bands_(params.bands) {}

    // The amount of work, from which `lealab plan` estimates the time.
    lea::Counts count(const lea::Artefact&, lea::PrepareContext& context) override {
      return {{"memory_accesses", double(context.training().places() * context.history())}};
    }

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      const lea::TrainingData& training = context.training();
      const Tensor band = bands_of_items(training);  // [N + 1]
      if (artefact.kind == "states") {
        write(context, training.places(), bands_,
              [&](const Tensor& places) { return shares(training.histories_at(places), band); });
        return;
      }
      // Column 0 is the logged item, and column 1 + j is column j of the pool.
      const Tensor pool = context.pool();                  // [E, P]
      const lea::Table states(context.earlier() + kFile);  // [L, bands]
      const auto rewards = [&](const Tensor& events) {
        const Tensor logged = training.item.index({events}).to(at::kLong).unsqueeze(1);
        const Tensor actions = at::cat({logged, pool.index({events})}, 1);  // [n, 1 + P]
        return states.at(training.histories(events).place).gather(1, band.index({actions}));
      };
      if (!write(context, training.events(), 1 + pool.size(1), rewards)) return;
      // The quality: how far what a user took stands out from what was drawn. It is computed from the
      // whole table, because an earlier attempt may have written a part of it.
      const Tensor made = lea::Table(context.folder() + kFile).values();
      context.record("logged", made.select(1, 0).mean().item<double>());
      context.record("pool", made.narrow(1, 1, pool.size(1)).mean().item<double>());
    }

   private:
    // Writes a table. `chunk` computes the rows with these numbers, int64 [n]. The process may be
    // killed at any moment: the next attempt continues after the last chunk that is on the disk.
    // Returns false when the host asks to stop.
    template <class Chunk>
    static bool write(lea::PrepareContext& context, int64_t rows, int64_t width, Chunk chunk) {
      lea::TableWriter table(context.folder() + kFile, rows, width);
      while (table.done() < rows) {
        if (context.stop(table.done(), rows)) return false;
        const int64_t end = std::min(table.done() + kChunk, rows);
        table.append(chunk(at::arange(table.done(), end, at::kLong)));
      }
      table.finish();
      return true;
    }

    // The band of each item, int64 [N + 1]. The most popular items are in band 0.
    Tensor bands_of_items(const lea::TrainingData& training) const {
      const Tensor counts = at::bincount(training.item, {}, training.items + 1);
      const auto [count, item] = counts.sort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
      const Tensor before = count.cumsum(0) - count;  // events of more popular items
      const Tensor band = (before * bands_).floor_divide(training.events()).clamp_max(bands_ - 1);
      return at::zeros_like(counts).scatter(0, item, band);
    }

    // float [n, bands]: the share of the items in each band. One more item, which belongs to all
    // bands equally, gives an empty history equal shares.
    Tensor shares(const History& history, const Tensor& band) const {
      const Tensor counts =
          at::zeros({history.items.size(0), bands_})
              .scatter_add(1, band.index({history.items}), history.items.ne(0).to(at::kFloat));
      return (counts + 1.0 / double(bands_)) / (history.length + 1).unsqueeze(1);
    }

    int64_t bands_;
  };

  Environment(const Params&, const lea::Context& context)
      : training_(context.training()),
        pool_(context.pool()),
        states_(context.artefact("states") + kFile) {
    const std::string rewards = context.artefact("rewards");
    if (!rewards.empty()) rewards_.emplace(rewards + kFile);  // empty: it gives only the states
  }

  int64_t state_width() const override { return states_.width(); }

  // float [B, S]. A place of -1, outside the training data, gives zeros.
  Tensor state(const History& history) override {
    return states_.at(history.place).to(history.items.device());
  }

  // float [B, K] for actions int64 [B, K]; 0 for an item that has no reward.
  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    const Tensor column = lea::reward_columns(training_, pool_, history.event, actions);  // [B, K]
    const Tensor found = rewards_->at(history.event).gather(1, column.clamp_min(0));
    return found.masked_fill(column.lt(0), 0).to(actions.device());
  }

 private:
  lea::TrainingData training_;
  Tensor pool_;  // int64 [E, P]
  lea::Table states_;
  std::optional<lea::Table> rewards_;
};

}  // namespace

LEA_PLUGIN(environment, "my.environment_artefact", "0.1.0-dev", Environment,
           "rewards items that are as popular as those of the history")
