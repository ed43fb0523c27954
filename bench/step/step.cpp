// Measures the CPU time of one training step of a framework plugin: loss, backward and Adam, in the
// worker's settings, on a random transition. Prints one JSON line; bench/run_step.py compares it
// with peers.
#include <ATen/Parallel.h>
#include <malloc.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/stopwatch.h"
#include "core/base/error.h"
#include "core/spec/plugin_info.h"
#include "core/train/adam.h"
#include "core/train/determinism.h"
#include "core/worker/registry.h"

namespace {

using namespace lea;

struct Shape {
  int64_t items = 18000, batch = 256, negatives = 10, history = 10;
};

// The context for a framework and its backbones. Its only data is one sequence of all items.
class BenchContext final : public Context {
 public:
  BenchContext(worker::Registry& registry, const Shape& shape, std::string backbone,
               nlohmann::json params)
      : registry_(registry),
        shape_(shape),
        backbone_(std::move(backbone)),
        params_(std::move(params)) {
    training_.items = shape.items;
    training_.history = shape.history;
    training_.item = at::arange(1, shape.items + 1, at::kInt);
    training_.offset = at::tensor({int64_t{0}, shape.items}, at::kLong);
  }
  int64_t items() const override { return shape_.items; }
  int64_t history() const override { return shape_.history; }
  uint64_t seed() const override { return 1; }
  c10::Device device() const override { return at::kCPU; }
  std::shared_ptr<Backbone> make_backbone() const override {
    const PluginEntry& entry = registry_.get("backbone", backbone_);
    return entry.backbone(spec::to_values(entry.params, params_, "--backbone-params"), *this);
  }
  std::shared_ptr<Environment> environment(const std::string& value) const override {
    throw ConfigError("the benchmark has no environment " + value);
  }
  const TrainingData& training() const override { return training_; }
  int64_t item_of(const std::string&) const override { return 0; }
  int64_t sequence_of(const std::string&) const override { return -1; }
  StateUse state_use() const override { return {}; }
  AugmentUse augment_use() const override { return {}; }
  void log(LogLevel, const std::string&) const override {}

 private:
  worker::Registry& registry_;
  Shape shape_;
  std::string backbone_;
  nlohmann::json params_;
  TrainingData training_;
};

History append(const History& history, const Tensor& action) {
  const int64_t batch = history.items.size(0), width = history.items.size(1);
  const Tensor longer = at::cat({history.items, at::zeros({batch, 1}, at::kLong)}, 1);
  longer.index_put_({at::arange(batch), history.length}, action);
  const Tensor full = history.length == width;
  return {at::where(full.unsqueeze(1), longer.slice(1, 1), longer.slice(1, 0, width)).contiguous(),
          (history.length + 1).clamp_max(width), history.event};
}

Transition random_transition(const Shape& shape) {
  const auto item = [&](at::IntArrayRef size) {
    return at::randint(1, shape.items + 1, size, at::kLong);
  };
  Transition t;
  t.history.length = at::randint(1, shape.history + 1, {shape.batch}, at::kLong);
  t.history.items = item({shape.batch, shape.history});
  t.history.items.masked_fill_(at::arange(shape.history) >= t.history.length.unsqueeze(1), 0);
  t.history.event = at::arange(shape.batch);
  t.action = item({shape.batch});
  t.next = append(t.history, t.action);
  t.negatives = item({shape.batch, shape.negatives});
  t.reward = at::ones({shape.batch});
  t.negative_reward = at::zeros({shape.batch, shape.negatives});
  t.done = at::rand({shape.batch}) < 0.1;
  return t;
}

nlohmann::json run(const Shape& shape, const std::string& framework_name,
                   const std::string& framework_params, const std::string& backbone,
                   const std::string& backbone_params, double seconds) {
  worker::Registry registry(worker::plugin_folders({}));
  const BenchContext context(registry, shape, backbone, nlohmann::json::parse(backbone_params));
  torch::manual_seed(1);
  const PluginEntry& entry = registry.get("framework", framework_name);
  const auto framework = entry.framework(
      spec::to_values(entry.params, nlohmann::json::parse(framework_params), "--framework-params"),
      context);
  framework->fit(context.training());
  framework->train();
  std::map<std::string, train::Adam> adams;
  for (Group& group : framework->groups()) adams.emplace(group.name, train::Adam(group));
  const Transition transition = random_transition(shape);
  int64_t index = 0;
  double last = 0;
  const bench::Times times = bench::measure(seconds, 10, [&] {
    torch::manual_seed(mix(1, index));  // as in the training loop, for dropout
    Loss loss = framework->loss(transition, {index++, 1});
    adams.at(loss.group).step(loss.value, 0.005);
    last = loss.value.item<double>();
  });
  return {
      {"best_ms", times.best}, {"median_ms", times.median}, {"steps", times.count}, {"loss", last}};
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as in lealab-worker
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  Shape shape;
  std::string framework = "lea.snqn", framework_params = "{}", backbone = "lea.gru4rec",
              backbone_params = "{}";
  double seconds = 5;
  CLI::App app{"CPU time of one training step"};
  app.add_option("--framework", framework);
  app.add_option("--framework-params", framework_params, "JSON");
  app.add_option("--backbone", backbone);
  app.add_option("--backbone-params", backbone_params, "JSON");
  app.add_option("--items", shape.items);
  app.add_option("--batch", shape.batch);
  app.add_option("--negatives", shape.negatives);
  app.add_option("--seconds", seconds, "CPU time to spend");
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(1);
  lea::train::require_determinism();
  try {
    const auto result = run(shape, framework, framework_params, backbone, backbone_params, seconds);
    std::printf("%s\n", result.dump().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(1);
  }
  std::fflush(nullptr);
  std::_Exit(0);  // skips destructors, because plugins are never unloaded
}
