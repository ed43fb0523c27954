// An environment with a language model, of which it reads nothing but config.json.
#include <ATen/ATen.h>

#include <fstream>
#include <limits>
#include <stdexcept>

#include "core/api/plugin.h"

namespace {

using lea::Tensor;

constexpr int64_t kWidth = 2;

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": is not there");
  return {std::istreambuf_iterator<char>(file), {}};
}

class Speaking final : public lea::Environment {
 public:
  static constexpr bool kGivesState = true;
  struct Params {
    std::string model;
    std::string greeting = "hello";
    void fields(lea::Fields& f) {
      f.model("model", model, "what speaks");
      f.text("greeting", greeting, "what it says; `throw`: it cannot");
    }
  };

  static std::vector<lea::Artefact> artefacts() {
    return {{"words", "", {"model"}, {"training"}, "state augment", 1},
            {"rewards", "words", {}, {"history"}, "reward", 1}};
  }

  struct Maker final : lea::Preparer {
    explicit Maker(const Params& params) : params_(params) {}

    void prepare(const lea::Artefact&, lea::PrepareContext& context) override {
      std::ofstream(context.folder() + "/words") << content_of(params_.model + "/config.json");
      context.record("accuracy", 0.6713);
      context.record("loss", std::numeric_limits<double>::quiet_NaN());
    }

    std::vector<std::string> show(lea::PrepareContext& context, int64_t limit) override {
      if (params_.greeting == "throw") throw std::runtime_error("has nothing to say\nbacktrace");
      std::vector<std::string> lines;
      const lea::TrainingData& training = context.training();
      for (int64_t i = 0; i < std::min(limit, training.events()); ++i)
        lines.push_back(params_.greeting + " item " + std::to_string(training.item[i].item<int>()) +
                        " of " + std::to_string(context.history()));
      return lines;
    }

   private:
    Params params_;
  };

  Speaking(const Params& params, const lea::Context&) { content_of(params.model + "/config.json"); }
  int64_t state_width() const override { return kWidth; }
  Tensor state(const lea::History& history) override {
    return at::zeros({history.items.size(0), kWidth});
  }
  Tensor reward(const lea::History&, const Tensor& actions,
                const std::vector<lea::Role>&) override {
    return at::zeros(actions.sizes());
  }
};

}  // namespace

LEA_PLUGIN(environment, "test.speaking", "1.0.0", Speaking, "an environment with a language model")
