#include "core/data/item_texts.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/table_reader.h"

namespace lea::data {

std::vector<std::string> text_columns(const Dataset& data) {
  const std::string path = data.items_file();
  if (path.empty()) return {};
  BadRows bad(0);
  const TableReader table(path, bad);
  return {table.header().begin() + 1, table.header().end()};
}

std::vector<std::string> item_texts(const Dataset& data, const std::string& column) {
  const std::string path = data.items_file();
  if (path.empty()) {
    throw ConfigError("the data set has no item texts: put an items.tsv with the column " +
                      in_backticks(column) + " beside its interactions and import it again");
  }
  BadRows bad(0);
  TableReader table(path, bad);
  const std::vector<std::string>& header = table.header();
  const auto found = std::find(header.begin() + 1, header.end(), column);
  if (found == header.end()) {
    const std::vector<std::string> names(header.begin() + 1, header.end());
    throw ConfigError("the item texts have no column " + in_backticks(column) +
                      did_you_mean(column, names) + " (there are: " + joined(names) + ")");
  }
  std::vector<std::string> texts;
  texts.reserve(static_cast<size_t>(data.items()));
  while (table.next()) texts.emplace_back(table.fields()[found - header.begin()]);
  bad.finish();
  if (std::ssize(texts) != data.items()) {
    throw DataError(printable(path) + ": has " + counted(std::ssize(texts), "row") +
                    ", but the data set has " + counted(data.items(), "item") +
                    ". Import the data again.");
  }
  return texts;
}

}  // namespace lea::data
