#include "plugins/le/lesson.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace lea::le {
namespace {

int64_t rows(const Sentence& sentence) {
  return (sentence.begin < 0 ? 0 : 1) + std::ssize(sentence.before) + std::ssize(sentence.after);
}

}  // namespace

Lesson::Lesson(const std::vector<Sentence>& sentences, const Items& items, int64_t vocabulary) {
  for (const int64_t item : items) {
    const auto& [before, after, begin] = sentences[static_cast<size_t>(item)];
    std::vector<int64_t> start = before, ids = {vocabulary + std::ssize(counts)};
    if (begin >= 0) start.insert(start.begin(), begin);
    ids.insert(ids.end(), after.begin(), after.end() - 1);
    const int64_t behind =
        start.empty() ? lm::Forest::kStart : forest.add_shared(lm::Forest::kStart, start);
    const int64_t last = forest.add(behind, ids);
    for (int64_t row = last - std::ssize(ids) + 1; row <= last; ++row) forest.read(row);
    words.insert(words.end(), after.begin(), after.end());
    shares.insert(shares.end(), after.size(), 1.0F / static_cast<float>(after.size()));
    counts.push_back(std::ssize(after));
  }
}

at::Tensor Lesson::word_tensor(at::Device device) const {
  return at::tensor(words, at::kLong).to(device);
}

at::Tensor Lesson::share_tensor(at::Device device) const { return at::tensor(shares).to(device); }

Items items_with_words(const std::vector<Sentence>& sentences) {
  Items items;
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (!sentences[i].after.empty()) items.push_back(static_cast<int64_t>(i));
  }
  return items;
}

int64_t rows_of(const std::vector<Sentence>& sentences, const Items& items) {
  int64_t sum = 0;
  for (const int64_t item : items) sum += rows(sentences[static_cast<size_t>(item)]);
  return sum;
}

Items by_length(const std::vector<Sentence>& sentences, Items items) {
  std::stable_sort(items.begin(), items.end(), [&](int64_t a, int64_t b) {
    return rows(sentences[static_cast<size_t>(a)]) > rows(sentences[static_cast<size_t>(b)]);
  });
  return items;
}

Items batch_at(const std::vector<Sentence>& sentences, const Items& items, int64_t first,
               int64_t most_rows) {
  Items batch;
  int64_t sum = 0;
  for (auto item = items.begin() + first; item != items.end(); ++item) {
    sum += rows(sentences[static_cast<size_t>(*item)]);
    if (!batch.empty() && sum > most_rows) break;
    batch.push_back(*item);
  }
  return batch;
}

}  // namespace lea::le
