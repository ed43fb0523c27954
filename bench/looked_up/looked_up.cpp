// Measures the steps of several runs of a lab: the transition with its rewards and states, loss,
// backward and Adam, as the training loop does them. The runs take turns, a block of steps each, so
// that a busy moment of the machine affects all. Prints one JSON line with a result for each run;
// bench/run_looked_up.py compares the first run with the others.
#include <ATen/ATen.h>
#include <malloc.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/stopwatch.h"
#include "core/run/folder.h"
#include "core/train/adam.h"
#include "core/train/transitions.h"
#include "core/worker/open_data.h"
#include "core/worker/registry.h"
#include "core/worker/used_artefacts.h"

namespace {

using namespace lea;
using Clock = std::chrono::steady_clock;

constexpr double kLearningRate = 0.005;

double wall_ms(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Milliseconds a step.
struct Spent {
  double cpu = 0, wall = 0;
  double transition = 0;  // CPU time of making the transition alone
};

// What a step cannot avoid: three products of the batch with the heads of all items forward and two
// backward, of which those of the Q-head are as wide as the joined state; fused Adam; and reading
// the looked-up rows of a matrix.
class Floor {
 public:
  Floor(const torch::nn::Module& framework, int64_t rows, int64_t looked_up)
      : rows_(rows), looked_up_(looked_up) {
    const auto parameters = framework.named_parameters();
    const Tensor supervised = parameters["first.supervised.weight"],
                 q = parameters["first.q.weight"];
    items_ = q.size(0);
    width_ = supervised.size(1);
    joined_ = q.size(1);
    hidden_ = at::randn({rows, width_});
    state_ = at::randn({rows, joined_});
    weight_ = at::randn({items_, width_});
    q_weight_ = at::randn({items_, joined_});
    logits_ = at::empty({rows, items_});
    std::vector<Tensor> given;
    for (const auto& [name, parameter] : parameters.pairs()) {
      if (!name.starts_with("first.")) continue;
      given.push_back(at::randn_like(parameter).requires_grad_());
      sum_ = sum_.defined() ? sum_ + given.back().sum() : given.back().sum();
    }
    adam_ = std::make_unique<train::Adam>(Group{"first", given, 0, true});
    if (looked_up_ > 0) table_ = at::randn({1 << 16, looked_up_});
  }

  void step() {
    {
      const at::NoGradGuard no_grad;
      at::mm_out(logits_, hidden_, weight_.t());
      for (int i = 0; i < 2; ++i) at::mm_out(logits_, state_, q_weight_.t());
      at::mm(logits_, weight_);
      at::mm(logits_.t(), hidden_);
      if (table_.defined()) {
        const Tensor row = at::randint(table_.size(0), {2 * rows_}, at::kLong);
        at::index_select(table_, 0, row);
      }
    }
    adam_->step(sum_, kLearningRate);
  }

 private:
  int64_t rows_, looked_up_, items_ = 0, width_ = 0, joined_ = 0;
  Tensor hidden_, state_, weight_, q_weight_, logits_, table_, sum_;
  std::unique_ptr<train::Adam> adam_;
};

// A run of the lab, as its worker would train it.
class Arm {
 public:
  Arm(const std::string& lab, const std::string& folder, worker::Registry& registry)
      : run_(spec::load_run(run::Folder{folder}.file(run::kSpecFile))),
        open_(worker::open_data(lab, run_, /*threads=*/1, "cpu")),
        context_(
            run_, open_.data, open_.split, worker::lookup_in(registry),
            worker::UsedArtefacts(lab, run_, *open_.data, *open_.split, registry).for_training()),
        sampler_(context_.training().events(), run_.train.batch_size, run_.train.sampling,
                 context_.seed()) {
    torch::manual_seed(1);
    framework_ = context_.make_framework();
    framework_->fit(context_.training());
    framework_->train();
    for (const Group& group : framework_->groups()) adams_.emplace(group.name, train::Adam(group));
    transitions_ = std::make_unique<train::Transitions>(run_, *open_.data, context_);
  }

  Spent block(int64_t steps) {
    Spent spent;
    const double start = bench::cpu_ms();
    const auto wall = Clock::now();
    for (int64_t i = 0; i < steps; ++i) spent.transition += step();
    spent.cpu = (bench::cpu_ms() - start) / static_cast<double>(steps);
    spent.wall = wall_ms(wall) / static_cast<double>(steps);
    spent.transition /= static_cast<double>(steps);
    return spent;
  }

  Floor floor() const {
    const auto state = context_.state();
    return {*framework_, run_.train.batch_size, state ? state->state_width() : 0};
  }
  double last_loss() const { return last_loss_; }

 private:
  // Returns the CPU time of making the transition.
  double step() {
    torch::manual_seed(mix(context_.seed(), index_));
    const double start = bench::cpu_ms();
    const Transition transition = transitions_->make(index_, sampler_.batch(index_), {});
    const double made = bench::cpu_ms() - start;
    const Loss loss = framework_->loss(transition, {index_++, context_.seed()});
    last_loss_ = loss.value.item<double>();
    adams_.at(loss.group).step(loss.value, kLearningRate);
    return made;
  }

  const spec::RunSpec run_;
  const worker::OpenData open_;
  train::HostContext context_;
  train::Sampler sampler_;
  std::shared_ptr<Framework> framework_;
  std::unique_ptr<train::Transitions> transitions_;
  std::map<std::string, train::Adam> adams_;
  int64_t index_ = 0;
  double last_loss_ = 0;
};

struct Options {
  std::string lab;
  std::vector<std::string> runs, plugin_dirs;
  int64_t steps = 20, rounds = 30;
};

nlohmann::json measure(const Options& options) {
  worker::Registry registry(worker::plugin_folders(options.plugin_dirs));
  std::vector<std::unique_ptr<Arm>> arms;
  for (const std::string& run : options.runs)
    arms.push_back(std::make_unique<Arm>(options.lab, run, registry));
  std::vector<std::vector<Spent>> spent(arms.size());
  std::vector<double> floor(arms.size(), 1e300);
  for (const auto& arm : arms) arm->block(options.steps);
  for (int64_t round = 0; round < options.rounds; ++round) {
    for (size_t i = 0; i < arms.size(); ++i) spent[i].push_back(arms[i]->block(options.steps));
  }
  for (size_t i = 0; i < arms.size(); ++i) {
    Floor limit = arms[i]->floor();
    floor[i] = bench::measure(0.5, 20, [&] { limit.step(); }).best;
  }
  nlohmann::json results = nlohmann::json::array();
  for (size_t i = 0; i < arms.size(); ++i) {
    std::vector<double> cpu, wall, transition, ratio, wall_ratio;
    for (size_t round = 0; round < spent[i].size(); ++round) {
      const Spent &own = spent[i][round], &first = spent[0][round];
      cpu.push_back(own.cpu);
      wall.push_back(own.wall);
      transition.push_back(own.transition);
      ratio.push_back(own.cpu / first.cpu);
      wall_ratio.push_back(own.wall / first.wall);
    }
    results.push_back({{"best_ms", *std::min_element(cpu.begin(), cpu.end())},
                       {"median_ms", median(cpu)},
                       {"wall_ms", median(wall)},
                       {"transition_ms", median(transition)},
                       {"ratio", median(ratio)},
                       {"wall_ratio", median(wall_ratio)},
                       {"floor_ms", floor[i]},
                       {"loss", arms[i]->last_loss()}});
  }
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as in lealab-worker
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  Options options;
  CLI::App app{"CPU time of the training steps of several runs of a lab, which take turns"};
  app.add_option("--lab", options.lab)->required();
  app.add_option("runs", options.runs, "folders of the runs, the first one to compare with")
      ->required();
  app.add_option("--plugin-dir", options.plugin_dirs);
  app.add_option("--steps", options.steps, "in a block");
  app.add_option("--rounds", options.rounds);
  CLI11_PARSE(app, argc, argv);
  try {
    std::printf("%s\n", measure(options).dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::fflush(nullptr);
    std::_Exit(1);
  }
  std::fflush(nullptr);
  std::_Exit(0);  // skips destructors, because plugins are never unloaded
}
