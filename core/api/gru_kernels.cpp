#include "core/api/gru_kernels.h"

#include "core/base/clones.h"
#include "core/base/fast_math.h"

namespace lea::kernels {
namespace {

LEA_CLONES void step_row(const float* __restrict gi, const float* __restrict gh, int64_t width,
                         float* __restrict state, float* __restrict reset, float* __restrict update,
                         float* __restrict candidate, float* __restrict recurrent,
                         float* __restrict previous) {
  for (int64_t j = 0; j < width; ++j) {
    const float r = sigmoid(gi[j] + gh[j]);
    const float z = sigmoid(gi[width + j] + gh[width + j]);
    const float g = gh[2 * width + j];
    const float n = tanh(gi[2 * width + j] + r * g);
    const float h = state[j];
    reset[j] = r;
    update[j] = z;
    candidate[j] = n;
    recurrent[j] = g;
    previous[j] = h;
    state[j] = n + z * (h - n);
  }
}

LEA_CLONES void backward_row(const float* __restrict outer, int64_t width,
                             const float* __restrict reset, const float* __restrict update,
                             const float* __restrict candidate, const float* __restrict recurrent,
                             const float* __restrict previous, float* __restrict carried,
                             float* __restrict to_input, float* __restrict to_state) {
  for (int64_t j = 0; j < width; ++j) {
    const float r = reset[j], z = update[j], n = candidate[j];
    const float dh = outer[j] + carried[j];
    const float dn = dh * (1 - z) * (1 - n * n);
    const float dz = dh * (previous[j] - n) * z * (1 - z);
    const float dr = dn * recurrent[j] * r * (1 - r);
    to_input[j] = dr;
    to_input[width + j] = dz;
    to_input[2 * width + j] = dn;
    to_state[j] = dr;
    to_state[width + j] = dz;
    to_state[2 * width + j] = dn * r;
    carried[j] = dh * z;
  }
}

}  // namespace

void gru_step(const float* from_input, const float* from_state, int64_t rows, int64_t width,
              float* state, float* reset, float* update, float* candidate, float* recurrent,
              float* previous) {
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t at = i * width;
    step_row(from_input + 3 * at, from_state + 3 * at, width, state + at, reset + at, update + at,
             candidate + at, recurrent + at, previous + at);
  }
}

void gru_step_backward(const float* outer, int64_t rows, int64_t width, const float* reset,
                       const float* update, const float* candidate, const float* recurrent,
                       const float* previous, float* carried, float* to_input, float* to_state) {
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t at = i * width;
    backward_row(outer + at, width, reset + at, update + at, candidate + at, recurrent + at,
                 previous + at, carried + at, to_input + 3 * at, to_state + 3 * at);
  }
}

}  // namespace lea::kernels
