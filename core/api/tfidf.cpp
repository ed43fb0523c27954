#include "core/api/tfidf.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace lea {
namespace {

// What Python's \w matches.
bool in_word(UChar32 c) {
  return c == '_' || u_isalpha(c) || u_getNumericValue(c) != U_NO_NUMERIC_VALUE;
}

// Numbers of words, from 1.
class Words {
 public:
  // Appends the words of one text to `out`.
  void append(const std::string& text, std::vector<int32_t>& out) {
    icu::UnicodeString lower = icu::UnicodeString::fromUTF8(text);
    lower.toLower(icu::Locale::getRoot());
    int32_t begin = 0, characters = 0, at = 0;
    while (at < lower.length()) {
      const UChar32 c = lower.char32At(at);
      if (in_word(c)) {
        if (characters++ == 0) begin = at;
      } else {
        if (characters > 1) out.push_back(number(lower, begin, at));
        characters = 0;
      }
      at += U16_LENGTH(c);
    }
    if (characters > 1) out.push_back(number(lower, begin, at));
  }

  const std::string& operator[](int32_t number) const { return *words_[number - 1]; }

 private:
  int32_t number(const icu::UnicodeString& text, int32_t begin, int32_t end) {
    std::string word;
    text.tempSubStringBetween(begin, end).toUTF8String(word);
    const auto [entry, added] =
        numbers_.emplace(std::move(word), static_cast<int32_t>(words_.size()) + 1);
    if (added) words_.push_back(&entry->first);
    return entry->second;
  }

  std::unordered_map<std::string, int32_t> numbers_;
  std::vector<const std::string*> words_;
};

// A word has the key of its number, a pair of words that of both numbers.
using Key = uint64_t;

std::string term_of(const Words& words, Key key) {
  const auto first = static_cast<int32_t>(key), second = static_cast<int32_t>(key >> 32);
  return second == 0 ? words[first] : words[first] + " " + words[second];
}

struct Feature {
  Key key = 0;
  int64_t count = 0;
};

// The features of one text, each once.
std::vector<Feature> features_of(const std::vector<int32_t>& word, int64_t begin, int64_t end,
                                 bool pairs) {
  std::vector<Key> keys(word.begin() + begin, word.begin() + end);
  for (int64_t i = begin; pairs && i + 1 < end; ++i)
    keys.push_back(static_cast<Key>(word[i]) | static_cast<Key>(word[i + 1]) << 32);
  std::sort(keys.begin(), keys.end());
  std::vector<Feature> features;
  for (const Key key : keys) {
    if (features.empty() || features.back().key != key) features.push_back({key, 0});
    ++features.back().count;
  }
  return features;
}

struct Kept {
  std::string term;
  Key key = 0;
  int64_t documents = 0, count = 0;
};

// The features that the options keep, in the order of their terms.
std::vector<Kept> kept_of(const std::unordered_map<Key, std::pair<int64_t, int64_t>>& found,
                          const Words& words, const TfidfOptions& options) {
  std::vector<Kept> kept;
  for (const auto& [key, numbers] : found) {
    const auto [documents, count] = numbers;
    if (documents >= options.min_documents)
      kept.push_back({term_of(words, key), key, documents, count});
  }
  if (std::ssize(kept) > options.max_features) {
    std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) {
      return a.count != b.count ? a.count > b.count : a.term < b.term;
    });
    kept.resize(options.max_features);
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.term < b.term; });
  return kept;
}

}  // namespace

void SparseRows::add_row(int64_t r, double weight, double* out) const {
  for (int64_t i = offset[r]; i < offset[r + 1]; ++i) out[column[i]] += weight * value[i];
}

double SparseRows::dot(int64_t a, int64_t b) const {
  double sum = 0;
  for (int64_t i = offset[a], j = offset[b]; i < offset[a + 1] && j < offset[b + 1];) {
    if (column[i] == column[j]) sum += static_cast<double>(value[i]) * value[j];
    const bool left = column[i] <= column[j], right = column[j] <= column[i];
    i += left;
    j += right;
  }
  return sum;
}

SparseRows SparseRows::transposed() const {
  SparseRows result;
  result.columns = rows();
  result.offset.assign(columns + 1, 0);
  result.column.resize(column.size());
  result.value.resize(value.size());
  for (const int32_t c : column) ++result.offset[c + 1];
  std::partial_sum(result.offset.begin(), result.offset.end(), result.offset.begin());
  std::vector<int64_t> next(result.offset.begin(), result.offset.end() - 1);
  for (int64_t r = 0; r < rows(); ++r) {
    for (int64_t i = offset[r]; i < offset[r + 1]; ++i) {
      const int64_t place = next[column[i]]++;
      result.column[place] = static_cast<int32_t>(r);
      result.value[place] = value[i];
    }
  }
  return result;
}

TfidfMatrix tfidf(const std::vector<std::string>& texts, const TfidfOptions& options) {
  Words words;
  std::vector<int32_t> word;
  std::vector<int64_t> begin = {0};
  std::unordered_map<Key, std::pair<int64_t, int64_t>> found;  // texts, occurrences
  for (const std::string& text : texts) {
    words.append(text, word);
    begin.push_back(std::ssize(word));
    for (const auto& [key, count] :
         features_of(word, begin.end()[-2], begin.back(), options.pairs)) {
      auto& [documents, total] = found[key];
      ++documents;
      total += count;
    }
  }

  TfidfMatrix matrix;
  std::unordered_map<Key, int32_t> column;
  std::vector<double> rarity;
  for (Kept& kept : kept_of(found, words, options)) {
    column.emplace(kept.key, static_cast<int32_t>(matrix.terms.size()));
    matrix.terms.push_back(std::move(kept.term));
    rarity.push_back(std::log((1.0 + static_cast<double>(texts.size())) /
                              (1.0 + static_cast<double>(kept.documents))) +
                     1);
  }
  matrix.columns = std::ssize(matrix.terms);

  std::vector<std::pair<int32_t, double>> row;
  for (size_t r = 0; r < texts.size(); ++r) {
    row.clear();
    double square = 0;
    for (const auto& [key, count] : features_of(word, begin[r], begin[r + 1], options.pairs)) {
      const auto place = column.find(key);
      if (place == column.end()) continue;
      const double times = static_cast<double>(count);
      const double weight =
          (options.sublinear ? 1 + std::log(times) : times) * rarity[place->second];
      row.emplace_back(place->second, weight);
    }
    std::sort(row.begin(), row.end());
    for (const auto& [c, weight] : row) square += weight * weight;
    for (const auto& [c, weight] : row) {
      matrix.column.push_back(c);
      matrix.value.push_back(static_cast<float>(weight / std::sqrt(square)));
    }
    matrix.offset.push_back(std::ssize(matrix.column));
  }
  return matrix;
}

}  // namespace lea
