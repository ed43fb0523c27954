// Sums in an artefact's result.json by which a changed bit in that file, or in artefact.json, is
// found. The key and the sums of the files cover a part of them; these sums cover the rest, such as
// the figures of quality, the split and the machine. Results that are older than them have
// none, and then nothing is checked.
//
//   {"header_sha256", "checksum"}
//
//   header_sha256  of artefact.json, with the name of each path alone, as an archive has it
//   checksum       of result.json without this key
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace lea::run {

// Removes the folders of all paths, because they exist only on the machine that made a run or an
// artefact. No hash covers them.
void keep_names(nlohmann::json& document);

// Adds the sums to the result of an artefact with this artefact.json.
void seal(nlohmann::json& result, const nlohmann::json& header);

// Throws DataError when a sum is not that of the content. `result_file` and `header_file` name the
// files.
void check_seal(const nlohmann::json& result, const std::string& result_file,
                const nlohmann::json& header, const std::string& header_file);

}  // namespace lea::run
