// What a model makes of a text: how probable its tokens are, and how it goes on.
#pragma once

#include <cstdint>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

// The natural-log probability of each id given those before it: one fewer than ids. Throws
// DataError for more ids than the model's context.
LEA_LM_API std::vector<double> score(const Decoder& decoder, const std::vector<int64_t>& ids);

// At most `count` ids, each the most probable one after what stands before it, up to an end id,
// which is the last. Throws DataError for an empty prompt and one longer than the context.
LEA_LM_API std::vector<int64_t> generate(const Decoder& decoder, const std::vector<int64_t>& prompt,
                                         int64_t count);

}  // namespace lea::lm
