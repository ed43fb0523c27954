// Measures what an environment uses a language model for: states and rewards of many events, a LoRA
// step, and a step of item tokens. Prints one JSON line. bench/run_lm.py makes the input, measures
// transformers and PEFT on it, and compares the results of both (--save).
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <malloc.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "bench/stopwatch.h"
#include "core/base/error.h"
#include "core/base/files.h"
#include "core/base/json_field.h"
#include "core/base/machine.h"
#include "core/lm/adapter.h"
#include "core/lm/cross_entropy.h"
#include "core/lm/forest.h"
#include "core/lm/tensor_file.h"

namespace {

using namespace lea;
using namespace lea::lm;
using at::Tensor;
using Ids = std::vector<int64_t>;

struct Options {
  std::string task, model, work, vectors, save, dtype = "float32", device = "cpu";
  int threads = 1;
  int64_t rows = 4096;  // of a forest, approximately
  int64_t batch = 16;   // events of a LoRA step, or items
  double seconds = 5;
};

// The input that run_lm.py writes:
//   header, before, behind   token ids
//   separator                token id
//   events                   [sequence, history (items), next item, negative item]
//   texts                    for each item, the token ids of its sentence, which follow its vector
struct Work {
  Ids header, before, behind;
  int64_t separator = 0, vocabulary = 0;
  struct Event {
    int64_t sequence = 0;
    Ids history;
    int64_t item = 0, negative = 0;
  };
  std::vector<Event> events;
  std::vector<Ids> texts;

  Work(const std::string& path, int64_t tokens) : vocabulary(tokens) {
    const nlohmann::json json = parse_json(read_file(path), path);
    header = json.at("header").get<Ids>();
    before = json.at("before").get<Ids>();
    behind = json.at("behind").get<Ids>();
    separator = json.at("separator");
    texts = json.at("texts").get<std::vector<Ids>>();
    for (const auto& event : json.at("events"))
      events.push_back({event[0], event[1].get<Ids>(), event[2], event[3]});
  }
  Ids history_rows(const Ids& items, size_t from) const {
    Ids rows;
    for (size_t i = from; i < items.size(); ++i)
      rows.insert(rows.end(), {separator, vocabulary + items[i]});
    return rows;
  }
  Ids action_rows(int64_t item) const {
    Ids rows = before;
    rows.push_back(vocabulary + item);
    rows.insert(rows.end(), behind.begin(), behind.end());
    return rows;
  }
};

// Reads three rows for an event: the state at the end of its history, and the rewards of both
// items.
void add_event(const Work& work, const Work::Event& event, int64_t history, Forest* forest) {
  forest->read(history);
  forest->read(forest->add(history, work.action_rows(event.item)));
  forest->read(forest->add(history, work.action_rows(event.negative)));
}

// Adds events from `first` on until there are about `rows` rows. Returns the first event that was
// not added. A history that extends the previous event's history shares its rows.
size_t fill(const Work& work, size_t first, int64_t rows, Forest* forest) {
  const int64_t header = forest->add(Forest::kStart, work.header);
  const Work::Event* last = nullptr;
  int64_t row = header;
  size_t next = first;
  for (; next < work.events.size() && forest->rows() < rows; ++next) {
    const Work::Event& event = work.events[next];
    const bool goes_on =
        last && last->sequence == event.sequence &&
        event.history.size() == last->history.size() + 1 &&
        std::equal(last->history.begin(), last->history.end(), event.history.begin());
    row = goes_on ? forest->add(row, work.history_rows(event.history, last->history.size()))
                  : forest->add(header, work.history_rows(event.history, 0));
    add_event(work, event, row, forest);
    last = &event;
  }
  return next;
}

double wall_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Best {
  double cpu = 1e300, wall = 1e300;
};

// Best times of `body`, which is called at least once and for so many seconds. The caller warms up.
// On a GPU the time ends when its work is done.
template <class Body>
Best best_of(double seconds, Body body) {
  const auto whole = [&] {
    body();
    if (torch::cuda::is_available()) torch::cuda::synchronize();
  };
  Best best;
  const double end = wall_ms() + 1e3 * seconds;
  for (int i = 0; i < 1 || wall_ms() < end; ++i) {
    const double cpu = bench::cpu_ms(), wall = wall_ms();
    whole();
    best = {std::min(best.cpu, bench::cpu_ms() - cpu), std::min(best.wall, wall_ms() - wall)};
  }
  return best;
}

nlohmann::json told(const Best& best, int64_t units, int64_t rows) {
  return {{"cpu_ms", best.cpu}, {"wall_ms", best.wall}, {"units", units}, {"rows", rows}};
}

nlohmann::json infer(const Options& options, const Decoder& decoder, const Work& work,
                     const Tensor& vectors) {
  const at::NoGradGuard no_grad;
  std::vector<Tensor> parts;
  int64_t rows = 0;
  const auto pass = [&] {
    parts.clear();
    rows = 0;
    for (size_t next = 0; next < work.events.size();) {
      Forest forest;
      next = fill(work, next, options.rows, &forest);
      rows += forest.rows();
      parts.push_back(hidden_states(decoder, forest, vectors));
    }
  };
  pass();
  const Best best = best_of(options.seconds, pass);
  if (!options.save.empty()) save_tensors(options.save, {{"hidden", at::cat(parts)}});
  return told(best, std::ssize(work.events), rows);
}

nlohmann::json train(const Options& options, Decoder& decoder, const Work& work,
                     const Tensor& vectors) {
  torch::manual_seed(1);
  AdapterConfig config;
  config.rank = 8;
  config.alpha = 16;
  const Adapter adapter = Adapter::make(config, decoder);
  adapter.attach(decoder);
  const int64_t width = decoder.config().width;
  const Tensor head = (at::arange(width, vectors.options()).sin() * 0.05).set_requires_grad(true);
  auto parameters = adapter.parameters();
  parameters.push_back(head);
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(1e-4));
  const int64_t steps = std::min<int64_t>(3, std::ssize(work.events) / options.batch);
  int64_t rows = 0;
  std::vector<double> losses;
  const auto step = [&](int64_t index) {
    Forest forest;
    const int64_t header = forest.add(Forest::kStart, work.header);
    std::map<Ids, int64_t> histories;
    Ids items, negatives;
    for (int64_t i = 0; i < options.batch; ++i) {
      const Work::Event& event = work.events[static_cast<size_t>(index * options.batch + i)];
      add_event(work, event, forest.add(header, work.history_rows(event.history, 0)), &forest);
      items.push_back(event.item);
      negatives.push_back(event.negative);
    }
    rows = forest.rows();
    const Tensor hidden =
        hidden_states(decoder, forest, vectors).to(at::kFloat).view({options.batch, 3, width});
    const auto of = [&](const Ids& which) {
      return vectors.index_select(0, at::tensor(which, at::kLong).to(vectors.device()));
    };
    const Tensor reward = at::matmul(hidden.narrow(1, 1, 2), head);
    const Tensor margin = reward.select(1, 0) - reward.select(1, 1);
    const Tensor contrast = (hidden.select(1, 0) * (of(items) - of(negatives))).sum(1);
    const Tensor loss = -(at::log_sigmoid(margin) + at::log_sigmoid(contrast)).mean();
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    losses.push_back(loss.item<double>());
  };
  for (int64_t i = 0; i < steps; ++i) step(i);
  const std::vector<double> first = losses;
  nlohmann::json told_ = told(best_of(options.seconds, [&] { step(0); }), options.batch, rows);
  told_["losses"] = first;
  return told_;
}

nlohmann::json item_tokens(const Options& options, const Decoder& decoder, const Work& work,
                           const Tensor& vectors) {
  const int64_t items = std::ssize(work.texts);
  Tensor free = vectors.narrow(0, 0, items).detach().clone().set_requires_grad(true);
  torch::optim::Adam optimizer({free}, torch::optim::AdamOptions(5e-3));
  // Items with sentences of similar length share a batch, so that more rows share a block.
  Ids order(static_cast<size_t>(items));
  for (int64_t i = 0; i < items; ++i) order[static_cast<size_t>(i)] = i;
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return work.texts[static_cast<size_t>(a)].size() < work.texts[static_cast<size_t>(b)].size();
  });
  int64_t rows = 0;
  double total = 0;
  const auto pass = [&] {
    rows = 0;
    total = 0;
    optimizer.zero_grad();
    for (int64_t first = 0; first < items; first += options.batch) {
      Forest forest;
      Ids targets;
      std::vector<float> weights;
      for (int64_t i = first; i < std::min(items, first + options.batch); ++i) {
        const int64_t item = order[static_cast<size_t>(i)];
        const Ids& text = work.texts[static_cast<size_t>(item)];
        Ids prompt = {work.vocabulary + item};
        prompt.insert(prompt.end(), text.begin(), text.end() - 1);
        const int64_t last = forest.add(Forest::kStart, prompt);
        for (int64_t row = last + 1 - std::ssize(prompt); row <= last; ++row) forest.read(row);
        targets.insert(targets.end(), text.begin(), text.end());
        weights.insert(weights.end(), text.size(), 1.0F / static_cast<float>(text.size()));
      }
      rows += forest.rows();
      const Tensor hidden = hidden_states(decoder, forest, free);
      const Tensor loss =
          cross_entropy(decoder, hidden, at::tensor(targets, at::kLong).to(free.device()),
                        at::tensor(weights, at::kFloat).to(free.device()));
      loss.backward();
      total += loss.item<double>();
    }
    optimizer.step();
  };
  std::vector<double> losses;
  for (int i = 0; i < 3; ++i) {
    pass();
    losses.push_back(total / static_cast<double>(items));
  }
  nlohmann::json told_ = told(best_of(options.seconds, pass), items, rows);
  told_["losses"] = losses;
  return told_;
}

// FLOP per second of the machine's matrix product, at the shape of a layer's gate.
double gemm_peak(const Decoder& decoder, int64_t rows, double seconds) {
  const at::NoGradGuard no_grad;
  const int64_t width = decoder.config().width, inner = decoder.config().inner;
  const auto options = at::TensorOptions(decoder.type()).device(decoder.device());
  const Tensor x = at::randn({rows, width}, options), w = at::randn({inner, width}, options);
  constexpr int kTimes = 20;
  at::linear(x, w);
  const Best best = best_of(seconds, [&] {
    for (int i = 0; i < kTimes; ++i) at::linear(x, w);
  });
  return 2.0 * kTimes * static_cast<double>(rows * width * inner) / (1e-3 * best.wall);
}

nlohmann::json run(const Options& options) {
  const auto type = options.dtype == "float32" ? at::kFloat : at::kBFloat16;
  const Config config = read_config(options.model);
  Decoder decoder(config, Weights(options.model), type, at::Device(options.device));
  const Work work(options.work, config.vocabulary);
  const Tensor vectors = load_tensors(options.vectors).at("vectors").to(decoder.device());
  nlohmann::json result;
  if (options.task == "infer") result = infer(options, decoder, work, vectors);
  if (options.task == "train") result = train(options, decoder, work, vectors);
  if (options.task == "vectors") result = item_tokens(options, decoder, work, vectors);
  result["gemm_flops"] = gemm_peak(decoder, options.rows, 0.5);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  bool machine = std::find(argv, argv + argc, std::string("--machine")) != argv + argc;
  CLI::App app("times a language model");
  app.add_option("task", options.task)
      ->required(!machine)
      ->check(CLI::IsMember({"infer", "train", "vectors"}));
  app.add_option("--model", options.model)->required(!machine);
  app.add_option("--work", options.work)->required(!machine);
  app.add_option("--vectors", options.vectors)->required(!machine);
  app.add_flag("--machine", machine, "only print this machine's kind, as lealab-worker machine");
  app.add_option("--save", options.save);
  app.add_option("--dtype", options.dtype)->check(CLI::IsMember({"float32", "bfloat16"}));
  app.add_option("--device", options.device);
  app.add_option("--threads", options.threads);
  app.add_option("--rows", options.rows);
  app.add_option("--batch", options.batch);
  app.add_option("--seconds", options.seconds);
  CLI11_PARSE(app, argc, argv);
  if (machine) {
    const Machine here = this_machine(at::get_cpu_capability(), options.threads, options.device);
    std::printf("%s\n", to_json(here).dump().c_str());
    return 0;
  }
  // Freed memory stays with the process, as in the worker.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  at::set_num_threads(options.threads);
  at::set_num_interop_threads(1);
  try {
    std::printf("%s\n", run(options).dump().c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
