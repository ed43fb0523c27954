// Append-only JSON lines with a checksum each (events.jsonl, attempts.jsonl). One writer a file.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea {

// Appends `record` as one line whose last key "crc32" covers the text before it. Returns the file's
// length after it. Not synced: a checkpoint notes the length, and a resumed run cuts the file
// there.
uint64_t append_record(const std::string& path, const nlohmann::json& record);

// The records that verify, in order, up to the first that does not (a line cut by a crash). The key
// "crc32" is taken out. An absent file has no records.
std::vector<nlohmann::json> read_records(const std::string& path);

// Removes what follows the last whole line: a process that is killed while it writes leaves part of a
// line, which would swallow the next record. Does nothing when the file is absent.
void cut_unfinished_line(const std::string& path);

// Cuts the file to `length` bytes; does nothing when it is shorter or absent.
void cut_records(const std::string& path, uint64_t length);

}  // namespace lea
