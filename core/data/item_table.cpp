#include "core/data/item_table.h"

#include <algorithm>
#include <string_view>

#include "core/base/letter_case.h"
#include "core/base/text.h"
#include "core/data/header_advice.h"

namespace lea::data {
namespace {

constexpr const char* kId = "item_id";

std::string separator_of(const std::string& path, const ImportOptions& options) {
  if (!options.items_separator.empty()) return options.items_separator;
  std::string name = lower(path);
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  if (name.ends_with(".csv")) return ",";
  if (name.ends_with(".tsv") || name.ends_with(".item")) return "\t";
  return options.form.separator;
}

}  // namespace

ItemLayout item_layout_of(const Source& source, const ImportOptions& options) {
  ItemLayout layout;
  if (options.items.empty()) {
    layout.ids = {kId};
    layout.typed = options.format == "recbole";
    layout.id_first = options.format == "tsv";
    return layout;
  }
  layout.form.separator = separator_of(source.items, options);
  layout.typed = source.items.ends_with(".item") || source.items.ends_with(".item.gz");
  if (!options.items_id.empty()) {
    layout.ids = {options.items_id};
  } else {
    layout.ids = {kId, layout_of(options).item};
  }
  return layout;
}

ItemTable::ItemTable(const std::string& path, const ItemLayout& layout, BadRows& bad,
                     const Interactions& interactions) {
  TableReader table(path, bad, layout.form);
  const std::vector<std::string> names = names_of(table, layout.typed);
  std::optional<size_t> id;
  for (const std::string& name : layout.ids) {
    if (!id) id = find_column(names, name);
  }
  if (!id) refuse_lacking_id(table, names, layout.ids[0]);
  id_ = *id;
  id_name_ = names[id_];
  if (layout.typed) check_type(table, id_, "token");
  if (layout.id_first && id_ != 0) table.refuse_header("the first column must be item_id.");
  header_ = kId;
  for (size_t c = 0; c < names.size(); ++c) {
    if (c == id_) continue;
    if (names[c] == kId) {
      table.refuse_header("the column item_id would be a text beside the ids in " +
                          in_backticks(id_name_) + ". Rename it.");
    }
    header_ += "\t" + names[c];
  }
  empty_ = std::string(names.size() - 1, '\t');
  rows_.resize(interactions.kept_items());
  seen_.resize(rows_.size());
  while (table.next()) add(table, interactions);
}

void ItemTable::add(TableReader& table, const Interactions& interactions) {
  const auto& fields = table.fields();
  const uint32_t number = interactions.item_number(fields[id_]);
  if (number == IdTable::kNone) {
    ++unused_rows_;
    return;
  }
  if (seen_[number]) {
    table.refuse(id_, "item `" + printable(fields[id_].substr(0, 80)) + "` has a second row.");
    return;
  }
  seen_[number] = true;
  std::string& row = rows_[number];
  for (size_t c = 0; c < fields.size(); ++c) {
    if (c == id_) continue;
    row += '\t';
    const size_t begin = row.size();
    row += fields[c];
    std::replace_if(
        row.begin() + static_cast<int64_t>(begin), row.end(),
        [](char letter) { return letter == '\t' || letter == '\n' || letter == '\r'; }, ' ');
  }
}

void ItemTable::write(OutputFolder& folder, const Interactions& interactions) const {
  OutputFolder::File file(folder, "items.tsv");
  file.write(header_ + "\n");
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    file.write(interactions.item_id(i));
    file.write(seen_[i] ? rows_[i] : empty_);
    file.write("\n");
  }
  file.close();
}

int64_t ItemTable::items_without_row() const {
  return std::count(seen_.begin(), seen_.end(), false);
}

std::string ItemTable::warning(const std::string& path) const {
  if (items_without_row() < std::ssize(seen_)) return "";
  return printable(path) + ": none of its " + counted(unused_rows_, "row") +
         " belongs to an item of the interactions. Is " + in_backticks(id_name_) +
         " the column of their ids? State another one with --items-id.";
}

}  // namespace lea::data
