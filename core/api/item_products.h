// What the item heads compute from a product with all items, fused with that product: the logits of
// a few items at a time stay in the cache until all that needs them is done. Only a process in which
// lea::can_use_wide_products() is true may call these functions.
#pragma once

#include <cstdint>

namespace lea::kernels {

// logits = state [rows, width] * weight [items, width]^T + bias [items]
struct ItemLayer {
  const float* weight;
  const float* bias;
  int64_t items, width;
};

// The column of the greatest logit of each row. Of equal ones it is the first. For a row of NaNs it
// is 0.
void best_columns(const ItemLayer& layer, const float* state, int64_t rows, int64_t* column);

// -log softmax(logits)[target] and the gradients of its sum, weighted by `scale`.
struct ItemEntropy {
  const float* state;  // [rows, width]
  int64_t rows;
  bool relu;              // logits are clamped at 0
  const int64_t* target;  // [rows, targets]: items 1..N; 0 is left out
  const float* scale;     // [rows, targets], 0 for a target of 0
  int64_t targets;
  float* result;     // [rows, targets], 0 for a target of 0
  float* to_state;   // [rows, width]; null: no gradients
  float* to_weight;  // [items, width]
  float* to_bias;    // [items]
};
void item_entropy(const ItemLayer& layer, const ItemEntropy& task);

// A few logits of each row. `item` [rows, count] holds columns.
struct PickedLogits {
  const float* state;   // [rows, width]
  const int64_t* item;  // [rows, count]
  int64_t rows, count;
  bool relu;  // logits are clamped at 0
};
// value [rows, count]
void picked_logits(const ItemLayer& layer, const PickedLogits& task, float* value);
// The gradients of picked_logits(), of which `value` is the result and `outer` [rows, count] the
// gradient. Writes to_state [rows, width], and adds to the rows of to_weight [items, width] and
// to_bias [items].
void picked_gradients(const ItemLayer& layer, const PickedLogits& task, const float* value,
                      const float* outer, float* to_state, float* to_weight, float* to_bias);

}  // namespace lea::kernels
