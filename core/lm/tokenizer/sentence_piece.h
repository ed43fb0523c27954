// tokenizer.model, segmented by the SentencePiece library.
//
// A text without special tokens gives the ids of the library: tokenizer.model's own normalizer_spec
// decides about spaces and the prefix. Versions of the library differ in the user-defined symbols
// of Unigram models and in which of equally good segmentations they choose: the installed one
// decides. Hugging Face's LlamaTokenizer (transformers 5.23) takes every model for BPE without a
// normaliser, and adds no prefix to a text that begins with a space.
//
// A text with special tokens is cut as Hugging Face does it, which the library does not: the
// model's control tokens, its unknown token and the `added_tokens_decoder` of tokenizer_config.json
// are one id wherever they stand. What comes behind one goes on without a prefix and keeps the
// space that it begins with; `legacy: true` in tokenizer_config.json gives each stretch a prefix,
// `add_prefix_space: false` none. User-defined symbols are the library's, and end no stretch.
#pragma once

#include <memory>
#include <string>

#include "core/lm/tokenizer/pipeline.h"

namespace lea::lm {

// Null when the folder has no such file. BOS and EOS are added where tokenizer_config.json says
// `add_bos_token: true` or `add_eos_token: true`; their ids are the model's. Throws DataError for a
// damaged file, for a kind that is not supported, and for files that contradict each other.
std::unique_ptr<Pipeline> read_sentence_piece(const std::string& folder);

}  // namespace lea::lm
