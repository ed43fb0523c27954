// Tokenizer for a folder with tokenizer.model, which the SentencePiece library segments.
//
// A text without special tokens has the ids that the installed library gives. The normalizer_spec
// of tokenizer.model decides about spaces and the prefix. Versions of the library differ in how
// they treat user-defined symbols of Unigram models, and in which of several equally good
// segmentations they choose. Hugging Face's LlamaTokenizer (transformers 5.23) can give other ids:
// it treats every model as BPE without a normaliser, and adds no prefix to a text that begins with
// a space.
//
// A text with special tokens is cut as Hugging Face does it, because the library does not do this.
// Special tokens are the model's control tokens, its unknown token, and the tokens that
// tokenizer_config.json, special_tokens_map.json or added_tokens.json lists. Each is one id
// wherever it occurs. The text behind one gets no prefix and keeps the space that it begins with.
// In tokenizer_config.json, `legacy: true` gives every stretch of text a prefix, and
// `add_prefix_space: false` gives none a prefix. User-defined symbols are left to the library and
// end no stretch.
//
// Decoded text is that of the library, which shows the unknown token as a sign. Special tokens are
// left out, and other added tokens stand in the text as they are listed.
#pragma once

#include <memory>
#include <string>

#include "core/lm/tokenizer/pipeline.h"

namespace lea::lm {

// Returns null if the folder has no tokenizer.model. BOS and EOS are added if tokenizer_config.json
// has `add_bos_token: true` or `add_eos_token: true`. Throws DataError for a damaged file, for a
// kind of model that is not supported, and for files that contradict each other.
std::unique_ptr<Pipeline> read_sentence_piece(const std::string& folder);

}  // namespace lea::lm
