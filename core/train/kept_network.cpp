#include "core/train/kept_network.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <limits>
#include <new>
#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/train/checkpoint.h"

namespace lea::train {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kEvents = 32;  // with which each tensor is tried; they fit into one chunk

// Returns what `compute` returns, or nothing when the framework refuses the values that it has.
template <class Compute>
auto unless_refused(const Compute& compute) -> std::optional<decltype(compute())> {
  try {
    return compute();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Tensor scores_of_some(Framework& framework, const Evaluator& evaluator) {
  Tensor scores;
  evaluator.score(
      framework, data::Part::kValid, [&](const Tensor& rows) { scores = rows.clone(); }, kEvents);
  return scores;
}

}  // namespace

Tensors tensors_of_scores(Framework& framework, const Evaluator& evaluator,
                          const std::string& valid_ranks, const std::function<void()>& at_work) {
  const Tensors all = tensors_of(framework);
  const Tensors values = copy_of(all);
  const auto scores = [&] { return scores_of_some(framework, evaluator); };
  const Tensor before = scores();
  Tensors needed;
  for (const auto& [name, tensor] : all) {
    at_work();
    if (tensor.is_floating_point()) {
      tensor.fill_(kNaN);
      const auto now = unless_refused(scores);
      if (now && now->equal(before)) continue;
      tensor.copy_(values.at(name));
    }
    needed[name] = values.at(name);
  }
  if (needed.size() == all.size()) return values;
  // A few events need not ask for all that others ask for.
  const auto ranks = unless_refused([&] {
    const auto keep_going = [&] {
      at_work();
      return true;
    };
    return eval::encode_ranks(evaluator.rank(framework, data::Part::kValid, keep_going));
  });
  return ranks == valid_ranks ? needed : values;
}

void load_kept(Framework& framework, const std::string& folder, const std::string& keep) {
  const std::string path = best_file(folder);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw DataError(printable(path) +
                    ": is missing. A run keeps no network with `train.keep: nothing`, and a pack "
                    "holds none. Train the run again to have one.");
  }
  const Tensors kept = load_best(folder), all = tensors_of(framework);
  if (keep != kKeepScoring) return restore(all, kept, "");
  Tensors restored;
  for (const auto& [name, tensor] : all) {
    if (kept.contains(name) || !tensor.is_floating_point()) {
      restored[name] = tensor;
    } else {
      tensor.fill_(kNaN);
    }
  }
  restore(restored, kept, "");
}

}  // namespace lea::train
