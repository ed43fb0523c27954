// Random weights in the place of a model's own: the same architecture without what training taught
// it.
#pragma once

#include <cstdint>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

// Replaces the weights of the decoder by random ones: matrices and the embedding normal with
// standard deviation 0.02 (config.json's usual initializer_range), norms 1, biases 0. A tied head
// stays the embedding. They depend on the shapes and the seed alone, and are rounded to the
// decoder's type. All of them are copies in memory; the model's files stay as they are.
// Precondition: no adapter is attached.
LEA_LM_API void draw_weights(Decoder& decoder, uint64_t seed);

}  // namespace lea::lm
