// TF-IDF vectors of texts, as scikit-learn's TfidfVectorizer makes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/context.h"
#include "core/api/types.h"

namespace lea {

class PrepareContext;

struct TfidfOptions {
  bool pairs = true;          // features are words and pairs of neighbouring words, or words alone
  int64_t min_documents = 2;  // leaves out features of fewer texts
  int64_t max_features = 60000;  // keeps the features that occur most often in all texts together
  bool sublinear = true;         // a feature that occurs n times in a text counts 1 + ln n, or n
};

// A sparse matrix. The entries of row r stand at offset[r] .. offset[r + 1] - 1, with columns
// ascending.
struct LEA_API SparseRows {
  std::vector<int64_t> offset = {0};  // [rows + 1]
  std::vector<int32_t> column;        // from 0
  std::vector<float> value;
  int64_t columns = 0;

  int64_t rows() const { return static_cast<int64_t>(offset.size()) - 1; }
  // Adds weight * row r to out[0 .. columns - 1].
  void add_row(int64_t r, double weight, double* out) const;
  // The product of two rows; of two rows of a TfidfMatrix their cosine.
  double dot(int64_t a, int64_t b) const;
  SparseRows transposed() const;
};

// A row for each text. A row has length 1, or is zero where a text has no feature. So products of
// rows are cosines. `terms` are the features by column, in the order of their bytes; the two words
// of a pair stand with a space between them.
struct TfidfMatrix : SparseRows {
  std::vector<std::string> terms;
};

// A word is a longest run of at least two letters, digits and underscores of the lower-case text,
// in any script. With n texts, of which d have the feature, its weight is multiplied by
// ln((1 + n) / (1 + d)) + 1, and then each row is divided by its length.
//
// These equal TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=60000, sublinear_tf=True)
// of scikit-learn, with three differences. Among features that occur equally often the first by
// `terms` are kept, where scikit-learn keeps any. Texts without any feature give zero rows, where
// scikit-learn refuses texts that all have none. What is a letter, and its lower case, are ICU's
// answers, which differ from Python's for characters that only one of the two knows.
LEA_API TfidfMatrix tfidf(const std::vector<std::string>& texts, const TfidfOptions& options = {});

// One text for each item, from the columns of the item texts: text j is of item j + 1. `recipe`
// lists columns between commas. `description:300` takes the first 300 characters, and `title*2` the
// column twice. `auto` is the column `title` twice, where there is one, and then 300 characters of
// each other column, without those that come from interactions (core/api/interaction_columns.h),
// which it logs. The parts stand with spaces between them; an item whose columns are all empty has
// an empty text. `where` names the parameter that holds the recipe, for errors and the log. Throws
// ConfigError when the data set has no item texts or lacks a column, and for a recipe that cannot
// be read.
LEA_API std::vector<std::string> item_documents(const Context& context, const std::string& recipe,
                                                const std::string& where);
LEA_API std::vector<std::string> item_documents(PrepareContext& context, const std::string& recipe,
                                                const std::string& where);

}  // namespace lea
