// The elementwise part of a GRU step and of its gradient, PyTorch's gate order (reset, update,
// new).
#pragma once

#include <cstdint>

namespace lea::kernels {

// Rows [rows, 3 * width] from the input and from the state; `state` [rows, width] is replaced. Kept
// for the gradient, each [rows, width]: the three gates, the state's part of the candidate, the old
// state.
void gru_step(const float* from_input, const float* from_state, int64_t rows, int64_t width,
              float* state, float* reset, float* update, float* candidate, float* recurrent,
              float* previous);

// `carried` [rows, width] comes in as the gradient from later steps, and leaves as what goes
// directly to the old state (the part through `to_state` is the caller's).
void gru_step_backward(const float* outer, int64_t rows, int64_t width, const float* reset,
                       const float* update, const float* candidate, const float* recurrent,
                       const float* previous, float* carried, float* to_input, float* to_state);

}  // namespace lea::kernels
