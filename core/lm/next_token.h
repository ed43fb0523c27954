// Scores the tokens of a text with a model, and continues a text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/lm/decoder.h"
#include "core/lm/export.h"

namespace lea::lm {

// Returns the natural-log probability of each id after the first, given the ids before it. Throws
// DataError for more ids than the model's context (the message begins with `where`), and for a
// score that is not finite.
LEA_LM_API std::vector<double> score(const Decoder& decoder, const std::vector<int64_t>& ids,
                                     const std::string& where = "the text");

// Returns at most `count` ids that continue the prompt. Each id is the most probable one after
// generation_config.json's repetition_penalty is applied. Generation stops after an end id, which
// is returned as the last, or at the end of the context. Throws DataError for an empty prompt, for
// one that fills the context, for scores that are not finite, and for a generation_config.json that
// would choose ids by other rules.
LEA_LM_API std::vector<int64_t> generate(const Decoder& decoder, const std::vector<int64_t>& prompt,
                                         int64_t count, const std::string& where = "the prompt");

}  // namespace lea::lm
