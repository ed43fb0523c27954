// The options of an import: what they may be, and how a data set records them.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/data/import.h"

namespace lea::data {

// Throws ConfigError for values that are not allowed or do not fit together.
void check_options(const ImportOptions& options);

// The options as dataset.json records them at source.options. Those that a spec cannot state are
// left out while they have their default, so that the records of older programs stay comparable.
nlohmann::json options_record(const ImportOptions& options);

// Whether a record holds an option that a spec cannot state.
bool has_options_by_hand(const nlohmann::json& record);

// Reads "user=UserId" and "time=Time" as {"user": "UserId", "time": "Time"}. Throws UsageError with
// the nearest name for a text of another form.
std::map<std::string, std::string> columns_from(const std::vector<std::string>& texts);

// The separator that `tab`, `\t` or the separator itself means. Throws UsageError for other text,
// which names the option.
std::string separator_from(const std::string& text, const std::string& option);

}  // namespace lea::data
