#include "core/data/header_advice.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/base/text.h"
#include "core/data/field_cutter.h"
#include "core/data/timestamp.h"

namespace lea::data {
namespace {

struct Separator {
  const char* text;
  const char* name;    // "comma"
  const char* option;  // as a shell takes it
};
constexpr Separator kSeparators[] = {{"\t", "tab", "tab"},         {"::", "double colon", "::"},
                                     {",", "comma", ","},          {";", "semicolon", "';'"},
                                     {"|", "vertical bar", "'|'"}, {" ", "space", "' '"}};

std::string name_of_separator(const std::string& text) {
  for (const Separator& known : kSeparators) {
    if (text == known.text) return known.name;
  }
  return "`" + printable(text) + "`";
}

using Fields = std::vector<std::string>;

Fields cut(const std::string& line, const std::string& separator) {
  FieldCutter cutter(separator);
  size_t where = 0;
  if (!cutter.cut(line, &where).empty()) return {line};
  return {cutter.fields().begin(), cutter.fields().end()};
}

// The separator that cuts the line into the most fields. A space counts only alone, because names
// and texts hold spaces.
const Separator* likely_separator(const std::string& line) {
  const Separator* best = nullptr;
  size_t most = 1;
  for (const Separator& known : kSeparators) {
    if (known.text[0] == ' ' && best != nullptr) continue;
    const size_t fields = cut(line, known.text).size();
    if (fields > most) best = &known;
    most = std::max(most, fields);
  }
  return best;
}

std::optional<double> number_in(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool looks_like_a_row(const Fields& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const std::string& field) {
    return number_in(field) || parse_iso8601(field);
  });
}

bool looks_like_recbole(const Fields& names) {
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name.ends_with(":token") || name.ends_with(":float") || name.ends_with("_seq");
  });
}

bool has_all(const Fields& names, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  });
}

std::string role_of_sequence(const Layout& layout) {
  return layout.format == "gru4rec" ? "session" : "user";
}

// The options for a table whose first line is this row. The time is a date, or else the last number
// that is large enough for one; the sequence and the item are the first others.
std::string options_for_row(const Fields& fields, const Layout& layout) {
  constexpr double kLate = 1e8;  // seconds since 1970; a rating or an id of an item is rarely more
  std::optional<size_t> time;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (number_in(fields[i]).value_or(0) >= kLate) time = i;
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (parse_iso8601(fields[i])) time = i;
  }
  std::vector<size_t> others;
  for (size_t i = 0; others.size() < 2; ++i) {
    if (i != time) others.push_back(i);
  }
  return "--no-header --columns " + role_of_sequence(layout) + "=" + std::to_string(others[0] + 1) +
         ",item=" + std::to_string(others[1] + 1) +
         ",time=" + std::to_string(time.value_or(others[1] + 1) + 1);
}

// Returns the options by which a first line of these fields would fit. There are none when it fits,
// or when nothing is known of it.
std::string options_for(const Fields& fields, const Layout& layout, bool header) {
  if (!header) return "";
  if (layout.format != "recbole" && looks_like_recbole(fields)) return "--format recbole";
  if (layout.format != "gru4rec" && has_all(fields, {"SessionId", "ItemId", "Time"}))
    return "--format gru4rec";
  if (looks_like_a_row(fields)) return options_for_row(fields, layout);
  std::vector<std::string> wanted = layout.sequence;
  wanted.insert(wanted.end(), {layout.item, layout.time});
  if (has_all(fields, wanted)) return "";
  return "--columns " + role_of_sequence(layout) + "=NAME,item=NAME,time=NAME";
}

// Returns WHAT=NAME for each column that is missing, as --columns takes them.
std::vector<std::string> lacking(const TableReader& table, const Layout& layout,
                                 const Fields& names) {
  std::vector<std::string> texts;
  const auto add = [&](const std::string& name, const std::string& role) {
    if (!find_column(names, name) && !find_column(table.header(), name))
      texts.push_back(role + "=NAME");
  };
  const bool two = layout.sequence.size() == 2;
  add(layout.sequence[0], two ? "user" : role_of_sequence(layout));
  if (two) add(layout.sequence[1], "session");
  add(layout.item, "item");
  add(layout.time, "time");
  if (!layout.behaviour.empty()) add(layout.behaviour, "behaviour");
  return texts;
}

std::string shown(const Fields& names) {
  constexpr size_t kShownBytes = 500;
  std::vector<std::string> safe;
  for (const std::string& name : names) safe.push_back(printable(name));
  return joined(safe).substr(0, kShownBytes);
}

bool is_inter(const std::string& path) {
  return path.ends_with(".inter") || path.ends_with(".inter.gz");
}

}  // namespace

void refuse_wrong_separator(const TableReader& table, const Layout& layout) {
  if (table.header().size() > 1) return;
  const std::string line(table.first_line()[0]);
  const Separator* found = likely_separator(line);
  std::string message = "the first line has no " + name_of_separator(table.form().separator);
  if (found == nullptr) {
    table.refuse_header(message +
                        ", and none of the separators that are known (tab, comma, semicolon, "
                        "vertical bar, double colon, space). Is this a table?");
  }
  const Fields fields = cut(line, found->text);
  message += ", but " + counted(std::ssize(fields) - 1, found->name);
  const bool row = table.form().header && looks_like_a_row(fields);
  if (row) message += ", and looks like a row and not like names";
  const std::string more = options_for(fields, layout, table.form().header);
  message += std::string(". Import it with `--separator ") + found->option;
  message += more.empty() ? "`." : " " + more + "`.";
  if (row) message += " Columns are counted from 1.";
  if (more.find("NAME") != more.npos) message += " It has: " + shown(fields) + ".";
  table.refuse_header(message);
}

void refuse_lacking(const TableReader& table, const Layout& layout,
                    const std::vector<std::string>& names, const std::string& name,
                    const std::string& role) {
  if (!table.form().header) {
    table.refuse_header("there is no column `" + printable(name) + "` for the " + role +
                        ": the first row has " + counted(std::ssize(names), "field") + ".");
  }
  if (layout.format != "recbole" && looks_like_recbole(names)) {
    table.refuse_header("the header has RecBole's types (" + in_backticks(names[0]) +
                        "). Import it with `--format recbole`.");
  }
  std::string message = "the header lacks the column " + in_backticks(name);
  const std::string meant = did_you_mean(name, names);
  message += meant.empty() ? "." : meant;
  message += " It has: " + shown(names) + ".";
  if (looks_like_a_row(names)) {
    message += " It looks like a row and not like names: import it with `" +
               options_for_row(names, layout) + "`, where columns are counted from 1.";
  } else if (layout.format != "gru4rec" && has_all(names, {"SessionId", "ItemId", "Time"})) {
    message += " Import it with `--format gru4rec`.";
  } else if (layout.format != "recbole" && is_inter(table.path())) {
    message += " A .inter file is imported with `--format recbole`.";
  } else {
    const std::vector<std::string> all = lacking(table, layout, names);
    message += std::string(" State the ") + (all.size() == 1 ? "column" : "columns") +
               " with `--columns " + joined(all, ",") + "`.";
  }
  table.refuse_header(message);
}

void refuse_lacking_id(const TableReader& table, const std::vector<std::string>& names,
                       const std::string& name) {
  const std::string line(table.first_line()[0]);
  const Separator* found = names.size() == 1 ? likely_separator(line) : nullptr;
  if (found != nullptr) {
    table.refuse_header("the first line has no " + name_of_separator(table.form().separator) +
                        ", but " + counted(std::ssize(cut(line, found->text)) - 1, found->name) +
                        ". Import it with `--items-separator " + found->option + "`.");
  }
  const std::string meant = did_you_mean(name, names);
  table.refuse_header("the header lacks the column " + in_backticks(name) +
                      (meant.empty() ? "." : meant) + " It has: " + shown(names) +
                      ". State the column of the ids with `--items-id NAME`.");
}

}  // namespace lea::data
