#include "core/data/import_options.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/data/source_format.h"

namespace lea::data {
namespace {

using nlohmann::json;

// A spec can state these options, too.
constexpr const char* kOfSpecs[] = {"min_sequence", "min_item", "filter", "skip_bad_rows"};

void check_choice(const char* name, const std::string& value,
                  const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  const std::string meant = did_you_mean(value, choices);
  throw ConfigError(std::string(name) + " must be " + joined(choices, " or ") + ", but is `" +
                    printable(value) + "`" + (meant.empty() ? "." : meant));
}

bool is_place(const std::string& text) {
  return !text.empty() && text.size() <= 4 && text[0] != '0' &&
         text.find_first_not_of("0123456789") == text.npos;
}

void check_columns(const ImportOptions& options) {
  std::set<std::string> names;
  for (const auto& [role, name] : options.columns) {
    if (!names.insert(name).second)
      throw ConfigError("columns: `" + printable(name) + "` is named twice.");
    if (!options.form.header && !is_place(name)) {
      throw ConfigError("columns: without a header a column is named by its number from 1, but " +
                        role + " is `" + printable(name) + "`.");
    }
  }
  if (options.form.header) return;
  if (options.format == "recbole")
    throw ConfigError(
        "a RecBole file has a header, whose types are needed. Leave out --no-header.");
  const auto states = [&](const char* role) { return options.columns.contains(role); };
  if ((states("user") || states("session")) && states("item") && states("time")) return;
  throw ConfigError(
      "without a header, state the numbers of the columns from 1: --columns "
      "user=1,item=2,time=3 (session in place of user, or both).");
}

}  // namespace

void check_options(const ImportOptions& options) {
  layout_of(options);
  check_choice("filter", options.filter, {"once", "stable"});
  check_choice("duplicates", options.duplicates, {"keep", "first", "last"});
  check_choice("repeats", options.repeats, {"keep", "collapse"});
  if (options.min_sequence < 0 || options.min_item < 0 || options.skip_bad_rows < 0) {
    throw ConfigError("min_sequence, min_item and skip_bad_rows must not be negative.");
  }
  check_columns(options);
}

json options_record(const ImportOptions& options) {
  const ImportOptions defaults;
  json record = {{"min_sequence", options.min_sequence},
                 {"min_item", options.min_item},
                 {"filter", options.filter},
                 {"skip_bad_rows", options.skip_bad_rows}};
  const auto add = [&](const char* name, const auto& value, const auto& usual) {
    if (value != usual) record[name] = value;
  };
  add("columns", options.columns, defaults.columns);
  add("separator", options.form.separator, defaults.form.separator);
  add("header", options.form.header, defaults.form.header);
  add("items", std::filesystem::path(options.items).filename().string(), defaults.items);
  add("items_id", options.items_id, defaults.items_id);
  add("items_separator", options.items_separator, defaults.items_separator);
  add("duplicates", options.duplicates, defaults.duplicates);
  add("repeats", options.repeats, defaults.repeats);
  return record;
}

bool has_options_by_hand(const json& record) {
  for (const auto& [name, value] : record.items()) {
    if (std::find(std::begin(kOfSpecs), std::end(kOfSpecs), name) == std::end(kOfSpecs))
      return true;
  }
  return false;
}

std::map<std::string, std::string> columns_from(const std::vector<std::string>& texts) {
  const std::vector<std::string> roles(std::begin(kRoles), std::end(kRoles));
  std::map<std::string, std::string> columns;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const std::string role = text.substr(0, equals);
    if (equals == text.npos || equals + 1 == text.size() ||
        std::find(roles.begin(), roles.end(), role) == roles.end()) {
      throw UsageError("--columns: `" + printable(text) +
                       "` must be WHAT=COLUMN, where WHAT is one of " + joined(roles) +
                       did_you_mean(role, roles));
    }
    if (!columns.emplace(role, text.substr(equals + 1)).second)
      throw UsageError("--columns: " + role + " is stated twice.");
  }
  return columns;
}

std::string separator_from(const std::string& text, const std::string& option) {
  constexpr size_t kLongest = 4;
  if (text == "tab" || text == "\\t") return "\t";
  const bool fits = !text.empty() && text.size() <= kLongest &&
                    std::none_of(text.begin(), text.end(), [](unsigned char c) {
                      return c == '"' || c == '\n' || c == '\r' || c == '\0' || c >= 0x80 ||
                             (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                             (c >= 'A' && c <= 'Z');
                    });
  if (fits) return text;
  throw UsageError(option +
                   " must be `tab`, or 1 to 4 ASCII characters that are no letters, "
                   "digits or quotation marks, such as `,`, but is `" +
                   printable(text) + "`.");
}

}  // namespace lea::data
