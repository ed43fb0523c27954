// Item tokenisation, section 3.1: one vector of the language model's embedding space for each item.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "core/lm/decoder.h"
#include "plugins/le/item_texts.h"
#include "plugins/le/settings.h"

namespace lea::le {

// The closed form: the mean of the embeddings of the sentence's word tokens, weighted by
// ln((1 + N) / (1 + n)) + 1 with n the number of sentences that have the token, each token once. The
// means are centred, scaled so that their mean length is that of centred word embeddings, and
// the mean word embedding is added. An item without text gets the mean word embedding. float [N, D].
at::Tensor closed_form(const lm::Decoder& decoder, const std::vector<Sentence>& sentences);

// Random vectors: normal, with the mean and the standard deviation of each coordinate of the word
// embeddings. Row j depends on the seed and j alone. float [N, D].
at::Tensor random_tokens(const lm::Decoder& decoder, int64_t items, uint64_t seed);

struct TokenLoss {
  double cross_entropy = 0;  // mean over items of the mean over their words, in nats
  double accuracy = 0;       // share of words whose probability is the greatest
};

// Minimises L_tok of each item over its own vector, with Adam. Items are independent: the result of
// an item does not depend on which others stand in its batch, but for rounding. Items are batched by
// length. Finished batches are kept in `folder` ("tokens.partial..."), so that an interrupted call
// goes on. Returns false when `stop(done, total)` was true; then `tokens` is not complete. `tokens`
// float [N, D] holds the start and is replaced by the result.
bool optimise_tokens(const lm::Decoder& decoder, const std::vector<Sentence>& sentences,
                     const Settings& settings, const std::string& folder, at::Tensor& tokens,
                     const std::function<bool(int64_t, int64_t)>& stop);

// L_tok and accuracy of at most `most` items, spread evenly over all.
TokenLoss token_loss(const lm::Decoder& decoder, const std::vector<Sentence>& sentences,
                     const at::Tensor& tokens, int64_t most);

}  // namespace lea::le
