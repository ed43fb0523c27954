// An environment whose rewards and states are looked up in tables: those of a pool, and of places.
#include <ATen/ATen.h>

#include <optional>

#include "core/api/plugin.h"
#include "core/api/pool.h"
#include "core/api/table.h"

namespace {

using lea::Tensor;

constexpr int64_t kWidth = 3;

class LookedUp final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true, kNeedsPool = true;
  struct Params {
    bool twice = false;
    void fields(lea::Fields& f) {
      f.boolean("twice", twice, "whether the rewards are written to two files");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"rewards", "", {"twice"}, {"training", "pool"}, "reward", 1},
            {"states", "", {}, {"training", "history"}, "state", 1}};
  }

  struct Maker final : lea::Preparer {
    explicit Maker(const Params& params) : params_(params) {}

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      if (artefact.kind == "states") return write(context, "states", states(context));
      write(context, "rewards", rewards(context));
      if (params_.twice) write(context, "again", rewards(context));
    }

   private:
    // A number for each pair of event and item.
    static Tensor rewards(lea::PrepareContext& context) {
      const lea::TrainingData& training = context.training();
      const Tensor items =
          at::cat({training.item.to(at::kLong).unsqueeze(1), context.pool()}, /*dim=*/1);
      const Tensor event = at::arange(training.events(), at::kLong).unsqueeze(1);
      return (items * 37 + event * 11).remainder(101).to(at::kFloat) / 101;
    }

    static Tensor states(lea::PrepareContext& context) {
      const lea::TrainingData& training = context.training();
      const Tensor items =
          training.histories_at(at::arange(training.places(), at::kLong)).items.to(at::kFloat);
      return at::stack({items.mean(1) / 40, items.select(1, 0) / 40, items.gt(20).sum(1) / 5.0}, 1)
          .to(at::kFloat);
    }

    static void write(lea::PrepareContext& context, const std::string& name, const Tensor& values) {
      lea::TableWriter table(context.folder() + "/" + name + ".safetensors", values.size(0),
                             values.size(1));
      if (table.done() < values.size(0))
        table.append(values.narrow(0, table.done(), values.size(0) - table.done()));
      table.finish();
    }

    Params params_;
  };

  LookedUp(const Params&, const lea::Context& context)
      : training_(context.training()), pool_(context.pool()) {
    const std::string rewards = context.artefact("rewards"), states = context.artefact("states");
    if (!rewards.empty()) rewards_.emplace(rewards + "/rewards.safetensors");
    if (!states.empty()) states_.emplace(states + "/states.safetensors");
  }
  int64_t state_width() const override { return kWidth; }
  Tensor state(const lea::History& history) override { return states_->at(history.place); }
  Tensor reward(const lea::History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    const Tensor column = lea::reward_columns(training_, pool_, history.event, actions);
    return rewards_->at(history.event).gather(1, column.clamp_min(0)).masked_fill(column.lt(0), 0);
  }

 private:
  lea::TrainingData training_;
  Tensor pool_;
  std::optional<lea::Table> rewards_, states_;
};

}  // namespace

LEA_PLUGIN(environment, "test.looked_up", "1.0.0", LookedUp, "an environment that looks up tables")
