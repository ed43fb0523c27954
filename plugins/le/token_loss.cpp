// How well item tokens predict the words of their sentences.
#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "core/api/tensor_file.h"
#include "core/api/types.h"
#include "core/lm/forest.h"
#include "plugins/le/item_tokens.h"
#include "plugins/le/lesson.h"

namespace lea::le {
namespace {

constexpr int64_t kRowsOfLogits = 256;  // with logits in memory at a time
constexpr const char* kSums = "sums";

// The sums over the items that were measured.
struct Sums {
  double items = 0, words = 0, cross_entropy = 0, right = 0;

  static Sums read(const std::string& path) {
    if (path.empty() || !std::filesystem::exists(path)) return {};
    const Tensor sums = tensor_of(read_tensors(path), kSums, at::kDouble, path);
    if (sums.numel() != 4) return {};
    const double* sum = sums.const_data_ptr<double>();
    return {sum[0], sum[1], sum[2], sum[3]};
  }
  void write(const std::string& path) const {
    if (path.empty()) return;
    write_tensors(path, {{kSums, at::tensor({items, words, cross_entropy, right}, at::kDouble)}});
  }
};

void add(const lm::Decoder& decoder, const std::vector<Sentence>& sentences, const Tensor& tokens,
         const Items& batch, Sums* sums) {
  const Lesson lesson(sentences, batch, decoder.config().vocabulary);
  const Tensor vectors = tokens.index_select(0, at::tensor(batch, at::kLong)).to(decoder.device());
  const Tensor hidden = lm::hidden_states(decoder, lesson.forest, vectors),
               word = lesson.word_tensor(decoder.device()),
               share = lesson.share_tensor(decoder.device());
  for (int64_t row = 0; row < hidden.size(0); row += kRowsOfLogits) {
    const int64_t rows = std::min(kRowsOfLogits, hidden.size(0) - row);
    const Tensor wide = decoder.logits(hidden.narrow(0, row, rows)).log_softmax(1, at::kFloat);
    const Tensor wanted = word.narrow(0, row, rows);
    const Tensor own = wide.gather(1, wanted.unsqueeze(1)).squeeze(1);
    sums->cross_entropy -= (own * share.narrow(0, row, rows)).sum(at::kDouble).item<double>();
    sums->right += (wide.argmax(1) == wanted).sum().item<double>();
  }
  sums->items += static_cast<double>(batch.size());
  sums->words += static_cast<double>(lesson.words.size());
}

}  // namespace

std::optional<TokenLoss> token_loss(const lm::Decoder& decoder,
                                    const std::vector<Sentence>& sentences,
                                    const at::Tensor& tokens, int64_t most,
                                    const std::string& folder,
                                    const std::function<bool(int64_t, int64_t)>& stop) {
  const at::NoGradGuard no_grad;
  const Items all = items_with_words(sentences);
  const int64_t count = std::min(most, std::ssize(all));
  Items chosen;
  for (int64_t i = 0; i < count; ++i)
    chosen.push_back(all[static_cast<size_t>(i * std::ssize(all) / count)]);

  const std::string path = folder.empty() ? "" : folder + "/" + kPartialTokens + ".loss";
  Sums sums = Sums::read(path);
  for (auto first = static_cast<int64_t>(sums.items); first < count;) {
    if (stop && stop(first, count)) return std::nullopt;
    const Items batch = batch_at(sentences, chosen, first, kRowsOfBatch);
    add(decoder, sentences, tokens, batch, &sums);
    first += std::ssize(batch);
    sums.write(path);
  }
  if (count == 0) return TokenLoss();
  return TokenLoss{sums.cross_entropy / static_cast<double>(count), sums.right / sums.words};
}

}  // namespace lea::le
