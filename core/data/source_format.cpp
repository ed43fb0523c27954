#include "core/data/source_format.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/presence.h"
#include "core/base/text.h"

namespace lea::data {
namespace {

namespace fs = std::filesystem;

// The end of a message: the nearest name if there is one, otherwise a full stop.
std::string hint(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string meant = did_you_mean(word, candidates);
  return meant.empty() ? "." : meant;
}

[[noreturn]] void no_file(const std::string& path, const std::string& wanted) {
  throw DataError(printable(path) + ": " + wanted);
}

// The *.inter[.gz] of a folder if it has exactly one; otherwise empty.
std::string only_inter(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".inter") || name.ends_with(".inter.gz"))
      found.push_back(entry.path().string());
  }
  require_listed(folder.string(), error);
  return found.size() == 1 ? found[0] : "";
}

Source find_recbole(const fs::path& source, bool folder) {
  std::string inter = source.string();
  if (folder) {
    const fs::path whole = fs::absolute(source).lexically_normal();
    const std::string name =
        (whole.filename().empty() ? whole.parent_path() : whole).filename().string();
    inter = with_or_without_gz((source / (name + ".inter")).string());
    if (inter.empty()) inter = only_inter(source);
    if (inter.empty())
      no_file(source.string(), "the folder has no " + printable(name) + ".inter[.gz].");
  }
  std::string stem = inter.ends_with(".gz") ? inter.substr(0, inter.size() - 3) : inter;
  if (!stem.ends_with(".inter"))
    no_file(inter, "a RecBole file is named NAME.inter or NAME.inter.gz.");
  stem.resize(stem.size() - 6);
  return {inter, with_or_without_gz(stem + ".item")};
}

std::optional<size_t> find_column(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

}  // namespace

Layout layout_of(const std::string& format) {
  if (format == "tsv") return {"user_id", "item_id", "timestamp", false, true, true};
  if (format == "recbole") return {"user_id", "item_id", "timestamp", true, false, true};
  if (format == "gru4rec") return {"SessionId", "ItemId", "Time", false, false, false};
  throw ConfigError("format must be tsv, recbole or gru4rec, but is `" + printable(format) + "`" +
                    hint(format, {"tsv", "recbole", "gru4rec"}));
}

Source find_source(const std::string& source, const std::string& format) {
  std::error_code ignored;
  if (!is_there(source)) no_file(source, "there is no such file or folder.");
  const bool folder = fs::is_directory(source, ignored);
  if (format == "recbole") return find_recbole(source, folder);
  if (!folder) return {source, ""};
  if (format == "gru4rec")
    no_file(source, "is a folder; name the file with SessionId, ItemId and Time.");
  const std::string interactions = with_or_without_gz(source + "/interactions.tsv");
  if (interactions.empty())
    no_file(source, "the folder has no interactions.tsv or interactions.tsv.gz.");
  return {interactions, with_or_without_gz(source + "/items.tsv")};
}

std::vector<std::string> names_of(const TableReader& table, bool typed) {
  std::vector<std::string> names = table.header();
  for (std::string& name : names) {
    const size_t colon = name.rfind(':');
    if (!typed) continue;
    if (colon == std::string::npos || colon == 0) {
      table.refuse_header("column `" + printable(name) +
                          "` has no type; RecBole's headers are name:type.");
    }
    const std::string type = name.substr(colon + 1);
    if (type != "token" && type != "token_seq" && type != "float" && type != "float_seq") {
      table.refuse_header("column `" + printable(name) +
                          "` must have the type token, token_seq, float or float_seq.");
    }
    name.resize(colon);
  }
  return names;
}

void check_type(const TableReader& table, size_t column, const char* type) {
  const std::string& whole = table.header()[column];
  if (!whole.ends_with(std::string(":") + type)) {
    table.refuse_header("column `" + printable(whole) + "` must have the type " + type + ".");
  }
}

size_t need_column(const TableReader& table, const std::vector<std::string>& names,
                   const std::string& name) {
  if (const auto found = find_column(names, name)) return *found;
  std::string all;
  for (const std::string& have : names) all += (all.empty() ? "" : ", ") + printable(have);
  table.refuse_header("the header lacks the column `" + name + "`" + hint(name, names) +
                      " It has: " + all.substr(0, 500) + ".");
}

Columns find_columns(const TableReader& table, const Layout& layout) {
  const std::vector<std::string> names = names_of(table, layout.typed);
  Columns columns{need_column(table, names, layout.sequence),
                  need_column(table, names, layout.item), need_column(table, names, layout.time),
                  std::nullopt};
  if (layout.behaviour) {
    columns.behaviour = find_column(names, "behaviour");
    if (!columns.behaviour) columns.behaviour = find_column(names, "behavior");
  }
  if (layout.typed) {
    check_type(table, columns.sequence, "token");
    check_type(table, columns.item, "token");
    check_type(table, columns.time, "float");
    if (columns.behaviour) check_type(table, *columns.behaviour, "token");
  }
  for (size_t c = 0; layout.strict && c < names.size(); ++c) {
    if (c == columns.sequence || c == columns.item || c == columns.time || columns.behaviour == c)
      continue;
    table.refuse_header(
        "unknown column `" + printable(names[c]) + "`" +
        hint(names[c], {"user_id", "item_id", "timestamp", "behaviour"}) +
        " The format tsv has user_id, item_id, timestamp and, where wanted, behaviour.");
  }
  return columns;
}

}  // namespace lea::data
