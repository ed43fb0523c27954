// The elementwise part of one step of a GRU, and of its gradient. The gates have PyTorch's order:
// reset, update, candidate.
#pragma once

#include <cstdint>

namespace lea::kernels {

// `from_input` and `from_state` [rows, 3 * width] are the gates' linear parts from the input and
// from the state. Replaces `state` [rows, width] by the new state. Writes what the gradient needs,
// each [rows, width]: the three gates, `recurrent` (the part of the candidate that comes from the
// state) and `previous` (the old state).
void gru_step(const float* from_input, const float* from_state, int64_t rows, int64_t width,
              float* state, float* reset, float* update, float* candidate, float* recurrent,
              float* previous);

// The gradient of gru_step. `outer` [rows, width] is the gradient of the step's output. `carried`
// [rows, width] is, before the call, the gradient that later steps pass to the new state, and,
// after it, the part of the old state's gradient that does not run through the gates. The caller
// adds the part that does, from `to_state`. Writes the gradients of `from_input` and `from_state`
// to `to_input` and `to_state` [rows, 3 * width].
void gru_step_backward(const float* outer, int64_t rows, int64_t width, const float* reset,
                       const float* update, const float* candidate, const float* recurrent,
                       const float* previous, float* carried, float* to_input, float* to_state);

}  // namespace lea::kernels
