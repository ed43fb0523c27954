// What a model makes of a text: how probable its tokens are, and how it goes on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

// The natural-log probability of each id given those before it: one fewer than ids. Throws
// DataError, naming the text by `where`, for more ids than the model's context, and for one that is
// not finite.
LEA_LM_API std::vector<double> score(const Decoder& decoder, const std::vector<int64_t>& ids,
                                     const std::string& where = "the text");

// At most `count` ids, each the most probable one after what stands before it (after
// generation_config.json's repetition_penalty), up to an end id, which is the last, or the
// context's end. Throws DataError for an empty prompt, one that fills the context, scores that are
// not finite, and a generation_config.json that would choose by other rules.
LEA_LM_API std::vector<int64_t> generate(const Decoder& decoder, const std::vector<int64_t>& prompt,
                                         int64_t count, const std::string& where = "the prompt");

}  // namespace lea::lm
