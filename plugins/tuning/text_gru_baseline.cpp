#include "plugins/tuning/text_gru_baseline.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/counted.h"
#include "plugins/tuning/kept_generator.h"
#include "plugins/tuning/losses.h"
#include "plugins/tuning/text_gru_learner.h"
#include "plugins/tuning/text_rows.h"
#include "plugins/tuning/text_vectors.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

std::string folder_of(const PrepareContext& context) { return context.folder() + "/text_gru"; }

class TextGruBaseline final : public Baseline {
 public:
  TextGruBaseline(const TuningSettings& settings, TextGruModel network)
      : Baseline("text_gru"), settings_(settings), network_(std::move(network)) {
    const Tensor vectors = network_.vectors().slice(0, 1).to(at::kCPU);
    by_reward_ = vectors.t().contiguous();
    by_state_ = to_compare(settings, vectors).t().contiguous();
  }

  void score(const Asked& asked, double* scores) const override {
    add(asked, settings_.reward_weight > 0, scores);
  }

  bool state_score(const Asked& asked, double* scores) const override {
    add(asked, !(settings_.state_weight > 0), scores);
    return true;
  }

  Tensor vector(const Asked& asked) const override {
    return state(asked)[0].to(at::kCPU, at::kDouble);
  }

 private:
  // float [1, W]
  Tensor state(const Asked& asked) const {
    const at::NoGradGuard no_grad;
    const std::vector<int64_t> items(asked.history.begin(), asked.history.end());
    const History history = {at::tensor(items, at::kLong).unsqueeze(0),
                             at::full({1}, std::ssize(items), at::kLong),
                             {},
                             {}};
    return network_.states(on_device(history, network_.device()));
  }

  void add(const Asked& asked, bool rewards, double* scores) const {
    const at::NoGradGuard no_grad;
    const Tensor state = this->state(asked);
    const Tensor weights = (rewards ? network_.weights(state) : to_compare(settings_, state))
                               .to(at::kCPU, at::kDouble)
                               .contiguous();
    // Items with the same vector get the same score to the last digit, because all sums have one
    // order.
    const Tensor& columns = rewards ? by_reward_ : by_state_;
    const int64_t items = columns.size(1);
    const float* value = columns.const_data_ptr<float>();
    for (int64_t d = 0; d < columns.size(0); ++d, value += items) {
      const double weight = weights.const_data_ptr<double>()[d];
      for (int64_t j = 0; j < items; ++j) scores[j] += weight * double{value[j]};
    }
  }

  const TuningSettings settings_;
  const TextGruModel network_;
  Tensor by_reward_, by_state_;  // float [W, N]: the items' vectors, and as L_sm compares them
};

}  // namespace

TuningSettings text_gru_settings(const TuningSettings& of) {
  TuningSettings settings = of;
  const TuningSettings usual;
  settings.plugin = "text_gru", settings.trained = "GRU";
  settings.learning_rate = usual.learning_rate;
  settings.warm_up_steps = usual.warm_up_steps;
  settings.schedule = usual.schedule;
  settings.clip = usual.clip;
  if (settings.keep != "best") settings.validation_sequences = 0;
  return settings;
}

std::optional<TextGruModel> train_text_gru(const TuningSettings& of, const SparseRows& rows,
                                           PrepareContext& context) {
  const TuningSettings settings = text_gru_settings(of);
  const std::string folder = folder_of(context), path = folder + kTextGruFile;
  fs::create_directories(folder);
  if (!fs::exists(path)) {
    const KeptGenerator kept;
    const auto stop = [&](int64_t done, int64_t total) { return context.stop(done, total); };
    const auto made = text_vectors(rows, kTextGruWidth, stop);
    if (!made) return std::nullopt;
    const auto seed = static_cast<uint64_t>(settings.seed);
    const TrainingData part = context.training(settings.portion, seed),
                       rest = context.rest(settings.portion, seed);
    // Warnings are not passed on: they advise on parameters of text_gru, which the user did not state.
    const auto quiet = [](const std::string&) {};
    const auto tuned = train_environment(
        settings, part, rest, folder,
        [&] { return std::make_unique<TextGruLearner>(settings, made->vectors, part, at::kCPU); },
        stop, quiet);
    if (!tuned) return std::nullopt;
    if (tuned->diverged) {
      context.log(LogLevel::kWarning, "the training of the baseline text_gru diverged after " +
                                          counted(tuned->steps, "step") +
                                          ". The network from before is beside");
    }
  }
  return TextGruModel::read(path, context.items(), kTextGruWidth, at::kCPU);
}

void remove_text_gru(const PrepareContext& context) {
  std::error_code none;
  fs::remove_all(folder_of(context), none);
}

double text_gru_cost(const TuningSettings& of, PrepareContext& context) {
  const TrainingData part = context.training(of.portion, static_cast<uint64_t>(of.seed));
  return text_vectors_cost(context.items(), TextSettings().max_features, kTextGruWidth) +
         text_gru_training_cost(text_gru_settings(of), part, kTextGruWidth);
}

std::unique_ptr<Baseline> text_gru_baseline(const TuningSettings& settings, TextGruModel network) {
  return std::make_unique<TextGruBaseline>(settings, std::move(network));
}

}  // namespace lea
