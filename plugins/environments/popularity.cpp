// An environment without a language model, and a control: the reward of an item is its popularity in
// the training sequences, whatever the history. An effect that another environment shares with this
// one comes from popular items alone.
//
//   log    ln(1 + count) / ln(1 + greatest count)   0..1
//   share  count / events
#include <ATen/ATen.h>

#include "core/api/plugin.h"
#include "core/api/tensor_file.h"
#include "core/base/counted.h"
#include "core/base/error.h"

namespace {

using lea::History;
using lea::Tensor;

constexpr const char* kCountsFile = "/counts.safetensors";

class Popularity final : public lea::Environment {
 public:
  struct Params {
    double portion = 0.1;
    int64_t seed = 1;
    std::string scale = "log";
    void fields(lea::Fields& f) {
      f.real("portion", portion, {1e-6, 1}, "fraction of the training sequences to count in");
      f.integer("seed", seed, {0, 9e15}, "which training sequences; independent of the run's seed");
      f.choice("scale", scale, {"log", "share"},
               "ln(1 + count) as a fraction of the greatest one, or the share of the events");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"counts", /*after=*/"", {"portion", "seed"}, /*reads=*/{"training"}, /*slot=*/""}};
  }

  class Maker final : public lea::Preparer {
   public:
    explicit Maker(const Params& params) : params_(params) {}

    lea::Counts count(const lea::Artefact&, lea::PrepareContext& context) override {
      return {{"memory_accesses", double(training(context).events())}};
    }

    void prepare(const lea::Artefact&, lea::PrepareContext& context) override {
      const lea::TrainingData& data = training(context);
      const Tensor counts = at::bincount(data.item, {}, data.items + 1);
      lea::write_tensors(context.folder() + kCountsFile, {{"counts", counts}});
      context.record("events", double(data.events()));
      context.record("items", double(counts.gt(0).sum().item<int64_t>()));
    }

   private:
    const lea::TrainingData& training(lea::PrepareContext& context) const {
      return context.training(params_.portion, uint64_t(params_.seed));
    }

    const Params params_;
  };

  Popularity(const Params& params, const lea::Context& context) {
    const std::string path = context.artefact("counts") + kCountsFile;
    const Tensor counts = lea::tensor_of(lea::read_tensors(path), "counts", at::kLong, path);
    if (counts.numel() != context.items() + 1)
      throw lea::DataError(path + ": must hold a count for each of " +
                           lea::counted(context.items(), "item") + " and for padding");
    const Tensor count = counts.to(at::kDouble);
    const Tensor popularity =
        params.scale == "log" ? count.log1p() / count.max().log1p() : count / count.sum();
    popularity_ = popularity.to(at::kFloat);
  }

  // Ignores the roles.
  Tensor reward(const History&, const Tensor& actions, const std::vector<lea::Role>&) override {
    return popularity_.index_select(0, actions.to(at::kCPU).flatten())
        .view(actions.sizes())
        .to(actions.device());
  }

 private:
  Tensor popularity_;  // float [N + 1]
};

}  // namespace

LEA_PLUGIN(environment, "lea.popularity", "1.0.0", Popularity,
           "popularity of the item in the training sequences")
