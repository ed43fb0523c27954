// The TF-IDF rows of item texts as an artefact, for environments that know items by their words.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/preparer.h"
#include "core/api/tfidf.h"
#include "core/base/counted.h"
#include "core/base/error.h"
#include "core/spec/params.h"

namespace lea {

struct TextSettings {
  std::string texts = "auto";
  bool pairs = true, sublinear = true;
  int64_t min_documents = 2, max_features = 60000;
  void fields(Fields& f) {
    f.text("texts", texts,
           "columns of the item texts, such as `title*2, description:300` (the title twice, 300 "
           "characters); auto: the title twice, and 300 characters of each other column that does "
           "not come from interactions, as also_buy does");
    f.boolean("pairs", pairs, "count pairs of neighbouring words as well as words");
    f.integer("min_documents", min_documents, {1, 1e6},
              "leave out words and pairs that fewer items have");
    f.integer("max_features", max_features, {1, 1e7}, "keep this many, the most frequent ones");
    f.boolean("sublinear", sublinear, "a word that occurs n times counts 1 + ln n, else n");
  }
};

// A guess of the features of an item, for an estimate of the time before the rows exist.
inline constexpr double kFeaturesOfItem = 60;

// `plugin` names the parameter's plugin in messages.
inline std::vector<std::string> text_documents(const TextSettings& settings,
                                               PrepareContext& context, const std::string& plugin) {
  return item_documents(context, settings.texts, plugin + ": texts");
}

struct TextRows {
  SparseRows rows;           // row i is item i, row 0 is empty
  int64_t without_text = 0;  // items

  void record(PrepareContext& context) const {
    context.record("features", static_cast<double>(rows.columns));
    context.record("items_without_text", static_cast<double>(without_text));
  }
};

// The rows after an empty one, which is the padding's, so that row i is item i.
inline SparseRows with_padding(SparseRows rows) {
  rows.offset.insert(rows.offset.begin(), 0);
  return rows;
}

// Nothing when context.stop(0 or 1, 2) was true. Warns of items without text; `what` is what they have
// as a zero: a reward, or a vector. Throws DataError when no item has a word. reads: texts.
inline std::optional<TextRows> text_rows(const TextSettings& settings, PrepareContext& context,
                                         const std::string& plugin, const std::string& what) {
  if (context.stop(0, 2)) return std::nullopt;
  const std::vector<std::string> texts = text_documents(settings, context, plugin);
  const auto empty = std::count(texts.begin(), texts.end(), std::string());
  if (empty > 0) {
    context.log(LogLevel::kWarning,
                std::to_string(empty) + " of " + counted(std::ssize(texts), "item") +
                    (empty == 1 ? " has no text, so its " + what + " is 0"
                                : " have no text, so their " + what + "s are 0") +
                    ". Import the data set again with texts for them, or name more columns in "
                    "`texts`");
  }
  TextRows found{tfidf(texts, {settings.pairs, settings.min_documents, settings.max_features,
                               settings.sublinear}),
                 empty};
  if (found.rows.columns == 0) {
    throw DataError(plugin + ": no word stands in the texts of " +
                    counted(settings.min_documents, "item") + " or more, so every " + what +
                    " would be 0. Name columns with text in `texts`, or lower `min_documents`");
  }
  if (context.stop(1, 2)) return std::nullopt;
  found.rows = with_padding(std::move(found.rows));
  return found;
}

}  // namespace lea
