// Checks a tokenizer.model before the SentencePiece library reads it.
#pragma once

#include <string>
#include <string_view>

namespace lea::lm {

// Throws DataError, naming `where`, for a kind of model that is not supported and for damage that
// the library does not detect. With a damaged table of normalisation rules it reads outside the
// table, and with too many symbols that begin alike it reads outside its stack. The library itself
// accepts or refuses everything that passes here.
void require_sound_model(std::string_view bytes, const std::string& where);

}  // namespace lea::lm
