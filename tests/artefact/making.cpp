// An environment that makes two artefacts, or misbehaves while it makes them: `mode` says how.
#include <ATen/ATen.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <stdexcept>

#include "core/api/plugin.h"
#include "core/api/table.h"

namespace {

using lea::Tensor;

constexpr int64_t kChunk = 5, kWidth = 4;

class Making final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params {
    std::string mode = "none";
    double portion = 1;
    int64_t pause = 0;
    void fields(lea::Fields& f) {
      f.choice("mode", mode,
               {"none", "throw", "crash", "hang", "nothing", "unfinished", "undeclared", "print",
                "rest"},
               "what the making of the vectors does");
      f.real("portion", portion, {0, 1}, "the fraction of the training sequences");
      f.integer("pause", pause, {0, 10000}, "milliseconds to sleep after each chunk");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"vectors", "", {"mode", "portion"}, {"training"}, "", 1},
            {"rewards", "vectors", {"mode"}, {"training", "history"}, "reward", 1},
            {"states", "vectors", {"mode"}, {"training", "history"}, "state", 1}};
  }

  // Vectors: how often each item is followed by items of four classes. Rewards and states: the mean
  // of the vectors in the history at each place, or its sum.
  struct Maker final : lea::Preparer {
    explicit Maker(const Params& params) : params_(params) {}

    void prepare(const lea::Artefact& artefact, lea::PrepareContext& context) override {
      if (artefact.kind == "vectors") return vectors(context);
      const lea::TrainingData& training = context.training();
      const Tensor made = lea::Table(context.earlier() + "/vectors.safetensors").values();
      const bool rewards = artefact.kind == "rewards";
      lea::TableWriter table(context.folder() + "/" + artefact.kind + ".safetensors",
                             training.places(), rewards ? 1 : kWidth);
      while (table.done() < training.places()) {
        if (pause_and_stop(context, table.done(), training.places())) return;
        const int64_t end = std::min(table.done() + 50, training.places());
        const lea::History history =
            training.histories_at(at::arange(table.done(), end, at::kLong));
        const Tensor mean = made.index_select(0, history.items.flatten())
                                .view({history.items.size(0), -1, kWidth})
                                .mean(1);
        table.append(rewards ? mean.sum(1, /*keepdim=*/true) : mean);
      }
      table.finish();
      context.record("places", static_cast<double>(training.places()));
    }

    lea::Counts count(const lea::Artefact&, lea::PrepareContext& context) override {
      return {{"memory_accesses", 100.0 * static_cast<double>(context.items())}};
    }

   private:
    bool pause_and_stop(lea::PrepareContext& context, int64_t done, int64_t total) const {
      usleep(static_cast<useconds_t>(params_.pause * 1000));
      return context.stop(done, total);
    }

    // Records what a part of the training sequences and its rest have in common.
    void record_rest(lea::PrepareContext& context) const {
      const auto part = sequences_in(context.training(params_.portion, 7)),
                 rest = sequences_in(context.rest(params_.portion, 7)),
                 larger = sequences_in(context.rest(params_.portion / 2, 7)),
                 whole = sequences_in(context.training());
      const auto shared = [](const auto& a, const auto& b) {
        return static_cast<double>(
            std::count_if(a.begin(), a.end(), [&](const auto& one) { return b.contains(one); }));
      };
      context.record("part", static_cast<double>(part.size()));
      context.record("rest", static_cast<double>(rest.size()));
      context.record("part_in_rest", shared(part, rest));
      context.record("rest_in_whole", shared(rest, whole));
      context.record("rest_in_larger", shared(rest, larger));
      context.record("larger", static_cast<double>(larger.size()));
      context.record("whole", static_cast<double>(whole.size()));
    }

    // The items of each sequence.
    static std::set<std::vector<int32_t>> sequences_in(const lea::TrainingData& training) {
      std::set<std::vector<int32_t>> sequences;
      const int32_t* item = training.item.const_data_ptr<int32_t>();
      const int64_t* offset = training.offset.const_data_ptr<int64_t>();
      for (int64_t s = 0; s < training.sequences(); ++s)
        sequences.insert({item + offset[s], item + offset[s + 1]});
      return sequences;
    }

    void vectors(lea::PrepareContext& context) const {
      if (params_.mode == "throw") throw std::runtime_error("thrown by prepare");
      if (params_.mode == "crash") std::raise(SIGSEGV);
      while (params_.mode == "hang") pause();
      if (params_.mode == "nothing") return;
      if (params_.mode == "undeclared") context.pool();
      if (params_.mode == "rest") record_rest(context);
      if (params_.mode == "print") std::printf("{\"type\": \"progress\"\nnoise\n");
      const lea::TrainingData& training = context.training(params_.portion, 7);
      Tensor counts = at::zeros({training.items + 1, kWidth}, at::kFloat);
      const int32_t* item = training.item.const_data_ptr<int32_t>();
      const int64_t* offset = training.offset.const_data_ptr<int64_t>();
      for (int64_t s = 0; s < training.sequences(); ++s) {
        for (int64_t e = offset[s]; e + 1 < offset[s + 1]; ++e)
          counts[item[e]][item[e + 1] % kWidth] += 1;
      }
      lea::TableWriter table(context.folder() + "/vectors.safetensors", training.items + 1, kWidth);
      while (table.done() <= training.items) {
        if (pause_and_stop(context, table.done(), training.items)) return;
        const int64_t rows = std::min(kChunk, training.items + 1 - table.done());
        table.append(counts.narrow(0, table.done(), rows));
        if (params_.mode == "unfinished") return;
      }
      table.finish();
      context.record("pairs", counts.sum().item<double>());
    }

    Params params_;
  };

  Making(const Params&, const lea::Context& context) {
    const std::string rewards = context.artefact("rewards"), states = context.artefact("states");
    if (!rewards.empty()) rewards_.emplace(rewards + "/rewards.safetensors");
    if (!states.empty()) states_.emplace(states + "/states.safetensors");
  }
  int64_t state_width() const override { return kWidth; }
  Tensor state(const lea::History& history) override { return states_->at(history.place); }
  Tensor reward(const lea::History& history, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    return rewards_->at(history.place) + 0.01 * actions.to(at::kFloat);
  }

 private:
  std::optional<lea::Table> rewards_, states_;
};

}  // namespace

LEA_PLUGIN(environment, "test.making", "1.0.0", Making, "an environment that makes artefacts")
