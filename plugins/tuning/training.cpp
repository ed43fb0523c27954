#include "plugins/tuning/training.h"

#include <ATen/ATen.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <memory>
#include <numbers>
#include <sstream>
#include <utility>
#include <vector>

#include "core/api/tensor_file.h"
#include "core/base/error.h"
#include "plugins/tuning/losses.h"
#include "plugins/tuning/trainable.h"

namespace lea {
namespace {

using Clock = std::chrono::steady_clock;
using Tensors = std::vector<at::Tensor>;

constexpr uint64_t kDropout = 0x6c656472, kDrawn = 0x6c657661;  // streams of random numbers
constexpr int64_t kWindow = 20;                                 // steps of a mean loss
constexpr double kRise = 3, kChance = 2 * std::numbers::ln2;
constexpr auto kBetweenCheckpoints = std::chrono::seconds(15);
constexpr const char* kCheckpoint = "/tuning.safetensors";

// What a training knows beside the parameters and the moments. All of it is in the checkpoint.
struct Progress {
  double step = 0, diverged = 0;
  double lowest = 0;                                       // mean loss
  double count = 0, total = 0, reward = 0, state = 0;      // sums of the window at work
  double windows = 0;                                      // that ended
  double last_total = 0, last_reward = 0, last_state = 0;  // means of the last window
  double validated = -1;                                   // the last step that was validated
  double accuracy = 0, state_accuracy = 0, cosine = 0;     // of the last validation
  double best_value = -1, best_accuracy = 0, best_state_accuracy = 0, best_cosine = 0;

  auto all() {
    return std::array{&step,        &diverged,       &lowest,
                      &count,       &total,          &reward,
                      &state,       &windows,        &last_total,
                      &last_reward, &last_state,     &validated,
                      &accuracy,    &state_accuracy, &cosine,
                      &best_value,  &best_accuracy,  &best_state_accuracy,
                      &best_cosine};
  }
};

std::string text_of(double number) {
  std::ostringstream text;
  text << std::setprecision(3) << number;
  return text.str();
}

// The name of a tensor of a checkpoint.
std::string numbered(const std::string& name, size_t i) { return name + "/" + std::to_string(i); }

Tensors copies_of(const Tensors& tensors) {
  Tensors copies;
  for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().to(at::kCPU).clone());
  return copies;
}

class Training {
 public:
  Training(const TuningSettings& settings, const TrainingData& part, const TrainingData& rest,
           const std::string& folder, const std::function<std::unique_ptr<Learner>()>& make,
           const std::function<bool(int64_t, int64_t)>& stop,
           const std::function<void(const std::string&)>& warn)
      : settings_(settings),
        part_(part),
        rest_(rest),
        folder_(folder),
        stop_(stop),
        warn_(warn),
        batches_(settings, part),
        learner_(make()),
        adam_(learner_->parameters(), torch::optim::AdamOptions(settings.learning_rate)) {
    if (std::filesystem::exists(checkpoint())) load();
  }

  std::optional<Tuned> operator()() {
    const int64_t steps = batches_.steps();
    while (progress_.diverged == 0 && step() < steps) {
      if (!validate_when_due() || stop_(step(), steps) || !train_step()) return leave();
      if (Clock::now() - saved_ >= kBetweenCheckpoints) save();
    }
    // Fewer steps than half a window are too few for a mean.
    if (progress_.diverged == 0 && progress_.count >= kWindow / 2 && rose()) diverge(rise());
    if (progress_.diverged == 0 && !finite()) diverge("a parameter is not finite");
    if (!validate_when_due()) return leave();
    return finish();
  }

 private:
  std::string checkpoint() const { return folder_ + kCheckpoint; }
  int64_t step() const { return static_cast<int64_t>(progress_.step); }
  std::function<bool()> leaving() const {
    return [this] { return stop_(step(), batches_.steps()); };
  }

  std::optional<Tuned> leave() {
    save();
    return std::nullopt;
  }

  double limit() const { return std::max(kChance, kRise * progress_.lowest); }
  bool rose() const { return progress_.count > 0 && progress_.total / progress_.count > limit(); }
  std::string rise() const {
    return "its mean loss rose from " + text_of(progress_.lowest) + " to " +
           text_of(progress_.total / progress_.count);
  }
  bool finite() const {
    return std::all_of(learner_->parameters().begin(), learner_->parameters().end(),
                       [](const at::Tensor& one) { return at::isfinite(one).all().item<bool>(); });
  }

  double learning_rate() const {
    const int64_t warm = settings_.warm_up_steps, steps = batches_.steps(), at = step();
    if (at < warm) return settings_.learning_rate * double(at + 1) / double(warm);
    if (settings_.schedule == "constant") return settings_.learning_rate;
    return settings_.learning_rate * double(steps - at) / double(steps - warm);
  }

  // Returns false when it is to leave; then nothing has changed.
  bool train_step() {
    const at::AutoGradMode enable(true);  // whoever makes artefacts may do so without gradients
    adam_.zero_grad();
    at::manual_seed(
        mix(kDropout, static_cast<uint64_t>(settings_.seed), static_cast<uint64_t>(step())));
    const std::vector<TuningRow> rows = batches_.rows(step());
    const auto losses = learner_->accumulate(rows, batches_.negatives(step(), rows), leaving());
    if (!losses) return false;
    if (step() == 0) progress_.lowest = losses->total;
    if (!std::isfinite(losses->total)) {
      diverge("its loss is not finite");
      return true;
    }
    // These parameters have just been seen to be good.
    if (step() == 0 || (step() % kWindow == 0 && losses->total <= limit()))
      good_ = copies_of(learner_->parameters());
    if (settings_.clip > 0)
      torch::nn::utils::clip_grad_norm_(learner_->parameters(), settings_.clip);
    static_cast<torch::optim::AdamOptions&>(adam_.param_groups()[0].options()).lr(learning_rate());
    adam_.step();
    ++progress_.step;
    ++progress_.count;
    progress_.total += losses->total;
    progress_.reward += losses->reward;
    progress_.state += losses->state;
    if (progress_.count == kWindow) end_window();
    return true;
  }

  void end_window() {
    if (rose()) return diverge(rise());
    keep_means();
    progress_.lowest = std::min(progress_.lowest, progress_.last_total);
    progress_.count = progress_.total = progress_.reward = progress_.state = 0;
  }

  void keep_means() {
    if (progress_.count == 0) return;
    ++progress_.windows;
    progress_.last_total = progress_.total / progress_.count;
    progress_.last_reward = progress_.reward / progress_.count;
    progress_.last_state = progress_.state / progress_.count;
  }

  void diverge(const std::string& why) {
    warn_("the training of the " + settings_.trained + " diverged at step " +
          std::to_string(step()) + " of " + std::to_string(batches_.steps()) + ": " + why +
          ". The " + settings_.trained +
          " from before is kept. State a lower `learning_rate`, more "
          "`warm_up_steps`, or `clip: 1`");
    progress_.diverged = 1;
    progress_.count = 0;
    progress_.validated = -1;
    if (!good_.empty()) set_parameters(good_);
  }

  void set_parameters(const Tensors& values) {
    const at::NoGradGuard no_grad;
    for (size_t i = 0; i < values.size(); ++i) learner_->parameters()[i].copy_(values[i]);
  }

  bool has_validation() const {
    return rest_.sequences() > 0 && settings_.validation_sequences > 0;
  }

  // At each tenth of the training, and at its end. Returns false when it is to leave.
  bool validate_when_due() {
    const int64_t steps = batches_.steps(), at = step();
    const bool end = progress_.diverged != 0 || at == steps;
    const auto tenth = [&](int64_t of) { return of * kValidations / steps; };
    if (!has_validation() || progress_.validated == progress_.step) return true;
    if (!end && (at == 0 || tenth(at) == tenth(at - 1))) return true;
    const auto found = learner_->validate(rest_, leaving());
    if (!found) return false;
    progress_.validated = progress_.step;
    progress_.accuracy = found->accuracy;
    progress_.state_accuracy = found->state_accuracy;
    progress_.cosine = found->cosine;
    const double value = settings_.reward_weight > 0 ? found->accuracy : found->state_accuracy;
    if (settings_.keep != "best" || value <= progress_.best_value) return true;
    progress_.best_value = value;
    progress_.best_accuracy = found->accuracy;
    progress_.best_state_accuracy = found->state_accuracy;
    progress_.best_cosine = found->cosine;
    best_ = copies_of(learner_->parameters());
    return true;
  }

  Tuned finish() {
    keep_means();
    if (!best_.empty()) {
      set_parameters(best_);
      progress_.accuracy = progress_.best_accuracy;
      progress_.state_accuracy = progress_.best_state_accuracy;
      progress_.cosine = progress_.best_cosine;
    }
    if (lacks_state_negatives(settings_, part_, batches_, step())) {
      warn_("no event of the training had a negative for L_sm, so the " + settings_.trained +
            " was trained by L_rm alone, as with `state_weight: 0`. With `state_negatives: batch` "
            "they are the items of the batch's other sequences. State a greater `batch_size` or "
            "`portion`, or `state_negatives: sampled`");
    }
    learner_->save(folder_);
    Tuned tuned{step(), progress_.diverged != 0, {}};
    if (progress_.windows > 0) {
      tuned.figures["loss"] = progress_.last_total;
      if (settings_.reward_weight > 0) tuned.figures["reward_loss"] = progress_.last_reward;
      if (settings_.state_weight > 0) tuned.figures["state_loss"] = progress_.last_state;
    }
    if (has_validation()) {
      tuned.figures["validation_accuracy"] = progress_.accuracy;
      tuned.figures["validation_state_accuracy"] = progress_.state_accuracy;
      tuned.figures["state_cosine"] = progress_.cosine;
      if (const std::string collapse = collapse_warning(progress_.cosine); !collapse.empty())
        warn_(collapse);
    }
    // The checkpoint goes last: whenever this is killed, it or the result is there.
    write_tuned(folder_, tuned);
    std::filesystem::remove(checkpoint());
    return tuned;
  }

  void save() {
    std::map<std::string, at::Tensor> tensors;
    const auto add = [&](const std::string& name, const Tensors& of) {
      for (size_t i = 0; i < of.size(); ++i) tensors[numbered(name, i)] = of[i];
    };
    add("parameter", copies_of(learner_->parameters()));
    add("good", good_);
    add("best", best_);
    for (size_t i = 0; i < learner_->parameters().size(); ++i) {
      const auto found = adam_.state().find(learner_->parameters()[i].unsafeGetTensorImpl());
      if (found == adam_.state().end()) continue;
      const auto& state = static_cast<const torch::optim::AdamParamState&>(*found->second);
      tensors[numbered("mean", i)] = state.exp_avg().to(at::kCPU);
      tensors[numbered("square", i)] = state.exp_avg_sq().to(at::kCPU);
      tensors[numbered("steps", i)] = at::full({1}, state.step(), at::kLong);
    }
    std::vector<double> numbers;
    for (const double* number : progress_.all()) numbers.push_back(*number);
    tensors["progress"] = at::tensor(numbers, at::kDouble);
    write_tensors(checkpoint(), tensors);
    saved_ = Clock::now();
  }

  void load() {
    const std::string path = checkpoint();
    const auto tensors = read_tensors(path);
    const Tensors& parameters = learner_->parameters();
    const auto get = [&](const std::string& name, size_t i) {
      const at::Tensor found = tensor_of(tensors, numbered(name, i), at::kFloat, path);
      if (found.sizes() != parameters[i].sizes())
        throw DataError(path + ": belongs to another training. Remove it");
      return found;
    };
    const auto all = [&](const std::string& name) {
      Tensors of;
      for (size_t i = 0; i < parameters.size() && tensors.contains(numbered(name, 0)); ++i)
        of.push_back(get(name, i));
      return of;
    };
    set_parameters(all("parameter"));
    good_ = all("good");
    best_ = all("best");
    for (size_t i = 0; i < parameters.size(); ++i) {
      const std::string steps = numbered("steps", i);
      if (!tensors.contains(steps)) continue;
      auto state = std::make_unique<torch::optim::AdamParamState>();
      state->step(tensor_of(tensors, steps, at::kLong, path).item<int64_t>());
      state->exp_avg(get("mean", i).to(parameters[i].device()));
      state->exp_avg_sq(get("square", i).to(parameters[i].device()));
      adam_.state()[parameters[i].unsafeGetTensorImpl()] = std::move(state);
    }
    const at::Tensor numbers = tensor_of(tensors, "progress", at::kDouble, path);
    const auto places = progress_.all();
    if (numbers.numel() != std::ssize(places))
      throw DataError(path + ": belongs to another training. Remove it");
    for (size_t i = 0; i < places.size(); ++i)
      *places[i] = numbers[static_cast<int64_t>(i)].item<double>();
  }

  const TuningSettings settings_;
  const TrainingData part_, rest_;
  const std::string folder_;
  const std::function<bool(int64_t, int64_t)> stop_;
  const std::function<void(const std::string&)> warn_;
  TuningBatches batches_;
  const std::unique_ptr<Learner> learner_;
  torch::optim::Adam adam_;
  Progress progress_;
  Tensors good_;  // the parameters of the last twentieth step whose loss was not too high
  Tensors best_;  // those of the best validation; none unless `keep: best`
  Clock::time_point saved_ = Clock::now();
};

}  // namespace

std::vector<ValidationPair> validation_pairs(const TuningSettings& settings,
                                             const TrainingData& rest) {
  const int64_t* first = rest.offset.const_data_ptr<int64_t>();
  const int32_t* item = rest.item.const_data_ptr<int32_t>();
  std::vector<ValidationPair> pairs;
  for (int64_t s = 0; s < std::min(rest.sequences(), settings.validation_sequences); ++s) {
    for (int64_t event = first[s] + 1; event < first[s + 1]; ++event) {
      const uint64_t bits =
          mix(kDrawn, static_cast<uint64_t>(settings.seed), static_cast<uint64_t>(event));
      pairs.push_back({{s, event, event - first[s]},
                       item[event],
                       item_outside(rest, s, bits, std::nullopt, settings.plugin)});
    }
  }
  return pairs;
}

TuningValidation validation_of(const TuningSettings& settings, const at::Tensor& states,
                               const at::Tensor& rewards, const at::Tensor& logged,
                               const at::Tensor& sampled) {
  // The share of pairs in which the first is greater; equal ones count half.
  const auto share = [](const at::Tensor& a, const at::Tensor& b) {
    return (a.gt(b).to(at::kDouble) + a.eq(b).to(at::kDouble) / 2).mean().item<double>();
  };
  const at::Tensor state = to_compare(settings, states);
  const auto similarity = [&](const at::Tensor& vectors) {
    return (state * to_compare(settings, vectors)).sum(1);
  };
  return {share(rewards.select(1, 0), rewards.select(1, 1)),
          share(similarity(logged), similarity(sampled)),
          mean_cosine(states, static_cast<uint64_t>(settings.seed))};
}

std::optional<Tuned> train_environment(const TuningSettings& settings, const TrainingData& part,
                                       const TrainingData& rest, const std::string& folder,
                                       const std::function<std::unique_ptr<Learner>()>& make,
                                       const std::function<bool(int64_t, int64_t)>& stop,
                                       const std::function<void(const std::string&)>& warn) {
  require_trainable(settings, rest);
  if (const auto tuned = read_tuned(folder)) {
    std::filesystem::remove(folder + kCheckpoint);
    return tuned;
  }
  return Training(settings, part, rest, folder, make, stop, warn)();
}

}  // namespace lea
