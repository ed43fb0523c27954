// Measures the CPU time of full ranking, 5,000 events over 18,000 items on one thread: counting as
// in the evaluator, sorting and top-k of the same scores, and the product that computes the scores,
// by ours, LibTorch's and oneDNN's. Before that it compares the ranks of one chunk with those of a
// sort. Prints one JSON line; bench/run_ranking.py adds NumPy.
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <malloc.h>
#include <torch/torch.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/stopwatch.h"
#include "core/api/linear.h"
#include "core/eval/ranks.h"

namespace {

using namespace lea;
using at::Tensor;

int64_t chunk_rows = 0;  // rows in a chunk

// oneDNN's product, which LibTorch offers through its dispatcher alone.
Tensor one_dnn(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  static const auto operation =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "");
  std::vector<c10::IValue> stack = {
      input, weight, bias, "none", c10::List<std::optional<at::Scalar>>(), ""};
  operation.callBoxed(&stack);
  return stack.back().toTensor();
}

struct Problem {
  Tensor hidden, weight, bias;  // [E, D], [N, D], [N]
  Tensor target;                // int64 [E], 0-based
  int64_t events() const { return hidden.size(0); }
  int64_t items() const { return weight.size(0); }
  Tensor scores(int64_t first) const { return apply_linear(rows(first), weight, bias); }
  Tensor rows(int64_t first) const {
    return hidden.slice(0, first, std::min(first + chunk_rows, events()));
  }
};

// Returns the sum of a chunk's ranks, so that the compiler can optimise nothing away.
int64_t count_chunk(const Tensor& scores, const int64_t* target) {
  const float* row = scores.const_data_ptr<float>();
  int64_t sum = 0;
  for (int64_t i = 0; i < scores.size(0); ++i, row += scores.size(1)) {
    eval::Count count{};
    if (!eval::count_row(row, scores.size(1), target[i], &count)) std::abort();
    sum += 1 + count.above;
  }
  return sum;
}

// Whether each target stands in the sorted row where counting places it, among the items of equal score.
bool ranks_agree(const Tensor& scores, const int64_t* target) {
  const Tensor order = scores.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
  const int64_t items = scores.size(1);
  for (int64_t i = 0; i < scores.size(0); ++i) {
    eval::Count count{};
    if (!eval::count_row(scores[i].const_data_ptr<float>(), items, target[i], &count)) return false;
    const int64_t before = order[i].eq(target[i]).to(at::kLong).argmax().item<int64_t>();
    if (before < count.above || before > count.above + count.equal) return false;
  }
  return true;
}

template <class Body>
void for_chunks(const Problem& problem, Body body) {
  for (int64_t first = 0; first < problem.events(); first += chunk_rows) body(first);
}

// Milliseconds of each method for all events. A method that takes seconds is measured on one chunk
// and scaled up.
nlohmann::json measure_all(const Problem& problem, double seconds) {
  const int64_t* target = problem.target.const_data_ptr<int64_t>();
  const Tensor chunk = problem.scores(0);
  const bool equal = ranks_agree(chunk, target);
  const double scale = static_cast<double>(problem.events()) / static_cast<double>(chunk.size(0));
  volatile int64_t sink = 0;
  const auto all_scores = [&] {
    std::vector<Tensor> all;
    for_chunks(problem, [&](int64_t first) { all.push_back(problem.scores(first)); });
    return all;
  }();
  nlohmann::json ms;
  ms["count"] = bench::measure(seconds, 5, [&] {
                  int64_t first = 0;
                  for (const Tensor& scores : all_scores) {
                    sink = sink + count_chunk(scores, target + first);
                    first += chunk_rows;
                  }
                }).best;
  const auto product = [&](const char* name, auto compute) {
    ms[name] = bench::measure(seconds, 5, [&] {
                 for_chunks(problem, [&](int64_t first) { sink = sink + compute(first).size(0); });
               }).best;
  };
  product("product, ours", [&](int64_t first) { return problem.scores(first); });
  product("product, LibTorch", [&](int64_t first) {
    return at::addmm(problem.bias, problem.rows(first), problem.weight.t());
  });
  product("product, oneDNN", [&](int64_t first) {
    return one_dnn(problem.rows(first), problem.weight, problem.bias);
  });
  ms["product and count"] = bench::measure(seconds, 5, [&] {
                              for_chunks(problem, [&](int64_t first) {
                                sink = sink + count_chunk(problem.scores(first), target + first);
                              });
                            }).best;
  ms["argsort"] = scale * bench::measure(seconds, 3, [&] { chunk.argsort(1, true); }).best;
  ms["topk 20"] = scale * bench::measure(seconds, 3, [&] { chunk.topk(20, 1); }).best;
  return {{"ranks_equal", equal}, {"ms", ms}};
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as in lealab-worker
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  int64_t events = 5000, items = 18000, width = 64;
  double seconds = 3;
  CLI::App app{"CPU time of full-ranking evaluation"};
  app.add_option("--events", events);
  app.add_option("--items", items);
  app.add_option("--width", width);
  app.add_option("--chunk", chunk_rows,
                 "rows that are scored at a time (default: as in the evaluator)");
  app.add_option("--seconds", seconds, "CPU time to spend on each measurement");
  CLI11_PARSE(app, argc, argv);
  if (chunk_rows == 0) chunk_rows = eval::rows_at_a_time(items);
  at::set_num_threads(1);
  torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  const Problem problem{at::randn({events, width}), at::randn({items, width}), at::randn({items}),
                        at::randint(0, items, {events}, at::kLong)};
  const nlohmann::json result = measure_all(problem, seconds);
  std::printf("%s\n", result.dump().c_str());
  return result.at("ranks_equal") ? 0 : 1;
}
