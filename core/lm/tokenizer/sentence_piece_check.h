// tokenizer.model before the SentencePiece library sees it.
#pragma once

#include <string>
#include <string_view>

namespace lea::lm {

// Throws DataError, naming `where`, for a kind of model that is not supported and for what the
// library takes on trust: a damaged table of normalisation rules makes it read outside the table,
// too many symbols that begin alike make it read outside its stack. What is left is for the library
// to accept or to refuse.
void require_sound_model(std::string_view bytes, const std::string& where);

}  // namespace lea::lm
