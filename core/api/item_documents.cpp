#include <algorithm>
#include <iterator>
#include <optional>

#include "core/api/interaction_columns.h"
#include "core/api/preparer.h"
#include "core/api/tfidf.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace lea {
namespace {

constexpr int64_t kShort = 300;  // characters of a column other than the title, with `auto`

struct Part {
  std::string column;
  int64_t times = 1;
  int64_t characters = -1;  // -1: all
};

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

// Takes a number after the last `mark` off the end of `text`. Empty when there is none.
std::optional<int64_t> take_number(std::string& text, char mark) {
  const size_t at = text.rfind(mark);
  if (at == std::string::npos || at + 1 == text.size() || text.size() - at > 10 ||
      text.find_first_not_of("0123456789", at + 1) != std::string::npos)
    return std::nullopt;
  const int64_t number = std::stoll(text.substr(at + 1));
  text.resize(at);
  return number;
}

std::vector<Part> parts_of(const std::string& recipe, const std::vector<std::string>& columns,
                           const std::string& where) {
  std::vector<Part> parts;
  if (recipe == "auto") {
    const bool titled = std::find(columns.begin(), columns.end(), "title") != columns.end();
    if (titled) parts.push_back({"title", 2});
    for (const std::string& column : columns) {
      if (column != "title" && !comes_from_interactions(column))
        parts.push_back({column, 1, kShort});
    }
    return parts;
  }
  for (size_t begin = 0; begin <= recipe.size();) {
    const size_t end = std::min(recipe.find(',', begin), recipe.size());
    Part part;
    part.column = trimmed(recipe.substr(begin, end - begin));
    // A column's own name may look like a number of times or characters.
    if (std::find(columns.begin(), columns.end(), part.column) == columns.end()) {
      part.times = take_number(part.column, '*').value_or(1);
      part.characters = take_number(part.column, ':').value_or(-1);
    }
    if (part.column.empty() || part.times < 1 || part.times > 100 || part.characters == 0) {
      throw ConfigError(where +
                        ": must be `auto`, or columns of the item texts between commas, such "
                        "as `title*2, description:300` (twice; 300 characters), but is " +
                        in_backticks(recipe));
    }
    parts.push_back(part);
    begin = end + 1;
  }
  return parts;
}

// The first so many characters of UTF-8.
std::string_view first_characters(std::string_view text, int64_t characters) {
  size_t end = 0;
  for (; end < text.size(); ++end) {
    const bool starts = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (starts && characters-- == 0) break;
  }
  return text.substr(0, end);
}

// Says which columns `auto` did not read. `Data` is what offers the item texts: a Context or a
// PrepareContext.
template <class Data>
void log_left_out(Data& context, const std::vector<std::string>& columns,
                  const std::string& where) {
  std::vector<std::string> left_out;
  std::copy_if(columns.begin(), columns.end(), std::back_inserter(left_out),
               [](const std::string& column) { return comes_from_interactions(column); });
  if (left_out.empty()) return;
  const bool all = left_out.size() == columns.size();
  context.log(all ? LogLevel::kWarning : LogLevel::kInfo,
              where + ": `auto` leaves out " + (all ? "all columns, " : "the columns ") +
                  joined(left_out) +
                  ", because they come from interactions, also those of the test part. A column "
                  "that is stated is read");
}

template <class Data>
std::vector<std::string> documents_of(Data& context, const std::string& recipe,
                                      const std::string& where) {
  const std::vector<std::string> columns = context.text_columns();
  if (columns.empty()) {
    throw ConfigError(where +
                      ": the data set has no item texts. Put an items.tsv beside its "
                      "interactions and import it again");
  }
  if (recipe == "auto") log_left_out(context, columns, where);
  std::vector<std::string> documents(context.items());
  for (const Part& part : parts_of(recipe, columns, where)) {
    if (std::find(columns.begin(), columns.end(), part.column) == columns.end()) {
      throw ConfigError(where + ": the item texts have no column " + in_backticks(part.column) +
                        did_you_mean(part.column, columns) + " (there are: " + joined(columns) +
                        ")");
    }
    const std::vector<std::string> texts = context.texts(part.column);
    for (size_t item = 0; item < texts.size(); ++item) {
      std::string_view text = texts[item];
      if (part.characters >= 0) text = first_characters(text, part.characters);
      if (text.empty()) continue;
      for (int64_t i = 0; i < part.times; ++i) {
        if (!documents[item].empty()) documents[item] += ' ';
        documents[item] += text;
      }
    }
  }
  return documents;
}

}  // namespace

std::vector<std::string> item_documents(const Context& context, const std::string& recipe,
                                        const std::string& where) {
  return documents_of(context, recipe, where);
}

std::vector<std::string> item_documents(PrepareContext& context, const std::string& recipe,
                                        const std::string& where) {
  return documents_of(context, recipe, where);
}

}  // namespace lea
