#include "core/lm/memory.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/lm/cross_entropy.h"
#include "core/lm/layout.h"

namespace lea::lm {
namespace {

constexpr int64_t kRank = 8;
constexpr int64_t kFloat = 4;  // bytes

MemoryNeed need_of_weights(const Weights& weights, at::ScalarType type) {
  MemoryNeed need;
  need.copied = weights.bytes_as(type);
  need.mapped = weights.bytes() - weights.bytes_stored_otherwise(type);
  return need;
}

// Adds what the allocator needs for so many bytes that are allocated and freed again, and what
// matrix products allocate for themselves. Measured in tests/lm/smollm2_test.cpp.
uint64_t with_slack(int64_t bytes) { return static_cast<uint64_t>(bytes / 2 * 3) + (32U << 20); }

// The peak within a layer: x, its norm, gate, up and their product, while queries, keys and values
// are still in memory.
int64_t bytes_of_row(const Config& config, int64_t element) {
  return element * (3 * config.inner + 7 * config.width);
}

// What each row keeps for the gradient in each layer, without an adapter: the input of both norms;
// queries; keys and values, also those of the beginnings that prompts share; the attention's
// weights; gate and up.
int64_t kept_of_row(const Config& config, int64_t element, int64_t prompt) {
  const int64_t queries = config.heads * config.head_width,
                keys = config.key_heads * config.head_width;
  const int64_t attention = (queries + 4 * keys) * element +
                            config.heads * prompt * (element == kFloat ? kFloat : kFloat + element);
  return 2 * config.width * element + attention + 2 * config.inner * element;
}

}  // namespace

MemoryNeed need_of_inference(const Config& config, const Weights& weights, at::ScalarType type,
                             int64_t rows, int64_t prompt) {
  const auto element = static_cast<int64_t>(c10::elementSize(type));
  // The masks of all blocks of a long prompt, and the scores of one block during its softmax.
  const int64_t attention =
      (prompt * prompt / 2 + 3 * config.heads * std::min(prompt, kLongestRun) * prompt) * kFloat;
  MemoryNeed need = need_of_weights(weights, type);
  need.working = with_slack(rows * bytes_of_row(config, element) + attention);
  return need;
}

MemoryNeed need_of_score(const Config& config, const Weights& weights, at::ScalarType type,
                         int64_t rows) {
  const auto element = static_cast<int64_t>(c10::elementSize(type));
  const int64_t logits = std::min(rows, kRowsOfLogits) * config.vocabulary * (element + 2 * kFloat);
  MemoryNeed need = need_of_inference(config, weights, type, rows, rows);
  need.working += static_cast<uint64_t>(logits);
  return need;
}

MemoryNeed need_of_generation(const Config& config, const Weights& weights, at::ScalarType type,
                              int64_t rows, int64_t more) {
  const auto element = static_cast<int64_t>(c10::elementSize(type));
  const int64_t of_layer = 2 * config.key_heads * config.head_width * element;
  // While a row is appended, one layer's keys and values exist twice. The row also has scores for
  // all rows before it.
  const int64_t held = (rows + more) * (config.layers + 1) * of_layer;
  const int64_t row = config.vocabulary * 2 * kFloat + 3 * config.heads * (rows + more) * kFloat;
  MemoryNeed need = need_of_inference(config, weights, type, rows, rows);
  need.working += static_cast<uint64_t>(held + row);
  return need;
}

MemoryNeed need_of_input_gradient(const Config& config, const Weights& weights, at::ScalarType type,
                                  int64_t rows, int64_t prompt) {
  const auto element = static_cast<int64_t>(c10::elementSize(type));
  const int64_t kept = config.layers * kept_of_row(config, element, prompt);
  // The product with the head takes about as much in between as the logits of these rows.
  const int64_t logits = 2 * std::min(rows, kRowsOfLoss) * config.vocabulary * element;
  MemoryNeed need = need_of_weights(weights, type);
  need.working = with_slack(rows * (kept + bytes_of_row(config, element)) + logits);
  need.working += need.working / 4;  // 1.6 times the sum was measured, where training takes less
  return need;
}

MemoryNeed need_of_training(const Config& config, const Weights& weights, at::ScalarType type,
                            int64_t rows, int64_t prompt) {
  const auto element = static_cast<int64_t>(c10::elementSize(type));
  const int64_t width = config.width, queries = config.heads * config.head_width,
                keys = config.key_heads * config.head_width;
  // The adapter's input is kept too, once for each module unless it is float32 already.
  const int64_t entering = (element == kFloat ? 1 : 3) * width * kFloat;
  const int64_t kept = kept_of_row(config, element, prompt) + entering + 3 * kRank * kFloat;
  const int64_t adapter = config.layers * kRank * (3 * width + queries + 2 * keys);
  MemoryNeed need = need_of_weights(weights, type);
  const int64_t working = rows * (config.layers * kept + bytes_of_row(config, element)) +
                          4 * adapter * kFloat;  // values, gradients, two moments
  need.working = with_slack(working);
  return need;
}

void require_memory(const std::string& folder, const std::string& dtype, const MemoryNeed& need,
                    const std::string& advice) {
  const uint64_t available = available_memory();
  if (need.taken() <= available) return;
  throw Error(Exit::kEnvironment,
              printable(folder) + ": needs " + std::to_string(need.taken() >> 20) + " MiB as " +
                  dtype + " (" + std::to_string(need.copied >> 20) +
                  " for copies of weights), but " + std::to_string(available >> 20) +
                  " MiB are available. " + advice);
}

}  // namespace lea::lm
