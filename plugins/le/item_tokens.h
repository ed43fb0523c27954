// Item tokenisation, section 3.1: one vector of the language model's embedding space for each item.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>

#include "core/lm/decoder.h"
#include "plugins/le/item_texts.h"
#include "plugins/le/settings.h"

namespace lea::le {

// The closed form: the mean of the embeddings of the sentence's words, each word once, weighted by
// ln((1 + N) / (1 + n)) + 1, with N the number of sentences and n the number of those that have the
// word. The mean of all items is subtracted, the results are scaled by one factor so that their
// mean length is that of word embeddings less their mean, and the mean word embedding is added. An
// item without text gets the mean word embedding. float [N, D] on the CPU.
at::Tensor closed_form(const lm::Decoder& decoder, const std::vector<Sentence>& sentences);

// Random vectors: normal, with the mean and the standard deviation of each coordinate of the word
// embeddings. Row j depends on the seed and j alone. float [N, D] on the CPU.
at::Tensor random_tokens(const lm::Decoder& decoder, int64_t items, uint64_t seed);

struct TokenLoss {
  double cross_entropy = 0;  // mean over items of the mean over their words, in nats
  double accuracy = 0;       // share of the words whose probability is the greatest
};

// Minimises for each item L_tok, the mean cross-entropy of the words after its token in its
// sentence, over its own vector, in float32, with PyTorch's Adam or with plain steps down the
// gradient (`token_optimiser: sgd`). With `token_penalty` p it adds p
// times the squared distance to the start, divided by the mean squared length of word embeddings.
// With `token_stop` an item stops when the sum was reduced by less than that fraction in 20
// iterations. Items without text get the mean word embedding, also with 0 iterations; items with no
// word after their token keep their start.
//
// Items do not affect each other: a batch of sentences of similar length gives each item what it
// gets alone, but for rounding. `tokens` float [N, D] on the CPU holds the start and is replaced by
// the result. Returns false when `stop(done, total)` was true, called after each iteration with the
// rows that were computed of all; `tokens` is not complete then.
//
// `folder` keeps finished batches, and every 30 seconds the unfinished one, in files that begin
// with kPartialTokens. Killed at any moment and called again, it ends with the same bytes on the
// same kind of machine. The caller removes these files with remove_partial_tokens() once it has
// written the result. Throws ConfigError when a vector is not finite, because the learning rate is
// too large.
bool optimise_tokens(const lm::Decoder& decoder, const std::vector<Sentence>& sentences,
                     const Settings& settings, const std::string& folder, at::Tensor& tokens,
                     const std::function<bool(int64_t, int64_t)>& stop);

inline constexpr const char* kPartialTokens = "tokens.partial";
void remove_partial_tokens(const std::string& folder);

// L_tok and accuracy of at most `most` items with words, spread evenly over all. Zeros when there
// is no such item. Empty when `stop(done, total)` was true, called before each batch with the
// number of items that were measured of all.
//
// `folder`, unless it is empty, keeps what was measured after each batch in a file that begins with
// kPartialTokens. A later call with the same tokens continues from there with the same result.
std::optional<TokenLoss> token_loss(const lm::Decoder& decoder,
                                    const std::vector<Sentence>& sentences,
                                    const at::Tensor& tokens, int64_t most,
                                    const std::string& folder = "",
                                    const std::function<bool(int64_t, int64_t)>& stop = {});

// The rows of a batch of sentences at most; a single sentence may be longer. On a GPU a batch is
// kRowsOnGpu.
inline constexpr int64_t kRowsOfBatch = 1024, kRowsOnGpu = 4096;

}  // namespace lea::le
