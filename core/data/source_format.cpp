#include "core/data/source_format.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/letter_case.h"
#include "core/base/presence.h"
#include "core/base/text.h"
#include "core/data/export.h"
#include "core/data/header_advice.h"

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

// The names of the regular files of a folder, sorted.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error, ignored;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(ignored)) names.push_back(entry.path().filename().string());
  }
  require_listed(folder.string(), error);
  std::sort(names.begin(), names.end());
  return names;
}

std::string without_gz(std::string name) {
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name;
}

// Returns NAME of NAME.inter[.gz], and "" for another name.
std::string stem_of_inter(const std::string& name) {
  const std::string plain = without_gz(name);
  return plain.ends_with(".inter") ? plain.substr(0, plain.size() - 6) : "";
}

// Returns the NAME.inter[.gz] of a folder in which all others are parts of it, such as
// NAME.train.inter. Returns "" if there is none.
std::string only_inter(const fs::path& folder) {
  std::vector<std::string> found;
  for (const std::string& name : names_in(folder)) {
    if (!stem_of_inter(name).empty()) found.push_back(name);
  }
  for (const std::string& whole : found) {
    const std::string stem = stem_of_inter(whole) + ".";
    const bool all = std::all_of(found.begin(), found.end(), [&](const std::string& name) {
      return name == whole || stem_of_inter(name).starts_with(stem);
    });
    if (all) return (folder / whole).string();
  }
  return "";
}

// Returns " It has: a.csv, b.tsv." with the advice, for a folder that lacks what is needed.
std::string what_is_there(const fs::path& folder, const std::string& advice) {
  constexpr size_t kShown = 10;
  std::vector<std::string> names = names_in(folder);
  if (names.empty()) return " It has no files.";
  const bool more = names.size() > kShown;
  if (more) names.resize(kShown);
  for (std::string& name : names) name = printable(name);
  return " It has: " + joined(names) + (more ? ", ... " : ". ") + advice;
}

Source find_recbole(const fs::path& source, bool folder) {
  std::string inter = source.string();
  if (folder) {
    const fs::path whole = fs::absolute(source).lexically_normal();
    const std::string name =
        (whole.filename().empty() ? whole.parent_path() : whole).filename().string();
    inter = with_or_without_gz((source / (name + ".inter")).string());
    if (inter.empty()) inter = only_inter(source);
    if (inter.empty()) {
      no_file(source.string(), "the folder has no " + printable(name) + ".inter[.gz]." +
                                   what_is_there(source, "Name the file of all interactions."));
    }
  }
  const std::string stem = stem_of_inter(inter);
  if (stem.empty()) no_file(inter, "a RecBole file is named NAME.inter or NAME.inter.gz.");
  return {inter, with_or_without_gz(stem + ".item"), {}};
}

Source find_tsv(const std::string& folder) {
  const std::string interactions = with_or_without_gz(folder + "/interactions.tsv");
  if (interactions.empty()) {
    const bool recbole = !only_inter(folder).empty();
    no_file(folder, "the folder has no interactions.tsv or interactions.tsv.gz." +
                        what_is_there(folder, recbole ? "Import it with `--format recbole`."
                                                      : "Name the file of the interactions."));
  }
  return {interactions, with_or_without_gz(folder + "/items.tsv"), {}};
}

// The files by which an export numbers its data. Exports of older programs lack the third, and are
// numbered by first appearance as they always were.
std::vector<std::string> find_maps(const std::string& folder) {
  std::vector<std::string> maps;
  for (const char* name : kMapFiles) {
    const std::string path = folder + "/" + name;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return {};
    maps.push_back(path);
  }
  return maps;
}

// A row of such a file holds an item and all items before it, so it is not one interaction.
void refuse_lists(const TableReader& table, const std::vector<std::string>& names,
                  const std::string& item) {
  const auto list = find_column(names, item + "_list");
  if (!list) return;
  table.refuse_header("column " + in_backticks(table.header()[*list]) +
                      " holds the items before each row, as in a RecBole benchmark file of "
                      "sequences. Such a file is not read, because its rows are no single "
                      "interactions. Import the .inter file from which it was made, with one "
                      "interaction a row.");
}

size_t need_column(const TableReader& table, const Layout& layout,
                   const std::vector<std::string>& names, const std::string& name,
                   const std::string& role) {
  if (const auto found = find_column(names, name)) return *found;
  // A user may write the name as it stands in the file, with RecBole's type.
  if (const auto found = find_column(table.header(), name)) return *found;
  refuse_lacking(table, layout, names, name, role);
}

}  // namespace

std::optional<size_t> find_column(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

Layout layout_of(const ImportOptions& options) {
  Layout layout;
  layout.format = options.format;
  if (options.format == "tsv" || options.format == "recbole") {
    layout.sequence = {"user_id"};
    layout.item = "item_id";
    layout.time = "timestamp";
    layout.may_have_behaviour = true;
    layout.typed = options.format == "recbole";
    layout.strict = options.format == "tsv" && options.columns.empty();
  } else if (options.format == "gru4rec") {
    layout.sequence = {"SessionId"};
    layout.item = "ItemId";
    layout.time = "Time";
  } else {
    throw ConfigError("format must be tsv, recbole or gru4rec, but is `" +
                      printable(options.format) + "`" +
                      hint(options.format, {"tsv", "recbole", "gru4rec"}));
  }
  std::vector<std::string> sequence;
  for (const auto& [role, name] : options.columns) {
    if (role == "item") layout.item = name;
    if (role == "time") layout.time = name;
    if (role == "behaviour") layout.behaviour = name;
  }
  for (const char* role : {"user", "session"}) {
    if (const auto stated = options.columns.find(role); stated != options.columns.end())
      sequence.push_back(stated->second);
  }
  if (!sequence.empty()) layout.sequence = sequence;
  return layout;
}

Source find_source(const std::string& path, const ImportOptions& options) {
  std::error_code ignored;
  if (!is_there(path)) no_file(path, "there is no such file or folder.");
  const bool folder = fs::is_directory(path, ignored);
  Source source = {path, "", {}};
  if (options.format == "recbole") {
    source = find_recbole(path, folder);
  } else if (folder && options.format == "gru4rec") {
    no_file(path, "is a folder; name the file with SessionId, ItemId and Time.");
  } else if (folder) {
    source = find_tsv(path);
  }
  if (folder) source.maps = find_maps(path);
  if (options.items.empty()) return source;
  source.items = options.items;
  if (!is_there(source.items)) no_file(source.items, "there is no such file (--items).");
  return source;
}

bool names_users(const std::string& name) {
  std::string letters;
  for (const char c : lower(name)) {
    if (c >= 'a' && c <= 'z') letters += c;
  }
  for (const char* known : {"user", "userid", "uid", "visitorid", "customerid", "reviewerid"}) {
    if (letters == known) return true;
  }
  return false;
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

Columns find_columns(const TableReader& table, const Layout& layout) {
  refuse_wrong_separator(table, layout);
  const std::vector<std::string> names = names_of(table, layout.typed);
  refuse_lists(table, names, layout.item);
  const auto need = [&](const std::string& name, const char* role) {
    return need_column(table, layout, names, name, role);
  };
  Columns columns;
  const char* const of_one = layout.format == "gru4rec" ? "session" : "user";
  for (size_t i = 0; i < layout.sequence.size(); ++i) {
    const char* const role = layout.sequence.size() == 1 ? of_one : i == 0 ? "user" : "session";
    columns.sequence.push_back(need(layout.sequence[i], role));
  }
  columns.item = need(layout.item, "item");
  columns.time = need(layout.time, "time");
  if (!layout.behaviour.empty()) {
    columns.behaviour = need(layout.behaviour, "behaviour");
  } else if (layout.may_have_behaviour) {
    columns.behaviour = find_column(names, "behaviour");
    if (!columns.behaviour) columns.behaviour = find_column(names, "behavior");
  }
  if (layout.typed) {
    for (const size_t column : columns.sequence) check_type(table, column, "token");
    check_type(table, columns.item, "token");
    check_type(table, columns.time, "float");
    if (columns.behaviour) check_type(table, *columns.behaviour, "token");
  }
  const bool sessions = columns.sequence.size() == 1 && !names_users(names[columns.sequence[0]]);
  for (size_t c = 0; c < names.size(); ++c) {
    const auto& sequence = columns.sequence;
    if (std::find(sequence.begin(), sequence.end(), c) != sequence.end() || c == columns.item ||
        c == columns.time || columns.behaviour == c) {
      continue;
    }
    if (layout.strict) {
      table.refuse_header(
          "unknown column `" + printable(names[c]) + "`" +
          hint(names[c], {"user_id", "item_id", "timestamp", "behaviour"}) +
          " The format tsv has user_id, item_id, timestamp and, where wanted, behaviour. To leave "
          "other columns out, import with `--columns user=user_id`.");
    }
    columns.unused.push_back(names[c]);
    if (sessions && !columns.user && names_users(names[c])) columns.user = c;
  }
  return columns;
}

}  // namespace lea::data
