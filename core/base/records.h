// Files to which JSON lines with a checksum are appended (events.jsonl, attempts.jsonl). A file has
// one writer at a time.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lea {

// Appends `record` as one line. Its last key "crc32" covers the text before it. Returns the length
// of the file afterwards. The file is not synced: a checkpoint stores the length, and a resumed run
// cuts the file there. Throws StoreError.
uint64_t append_record(const std::string& path, const nlohmann::json& record);

// The records in order, up to the first line with a wrong checksum (such as a line that a crash
// cut). The key "crc32" is removed. An absent file has no records, and neither has what is no plain
// file.
std::vector<nlohmann::json> read_records(const std::string& path);

// Does the same for a file that nobody writes any more. Throws DataError that names the line when
// there is other damage than a last line that a crash cut, which is text without an end.
std::vector<nlohmann::json> read_whole_records(const std::string& path);

// Does the same as read_records, but skips lines with a wrong checksum instead of ending at the
// first.
std::vector<nlohmann::json> read_sound_records(const std::string& path);

// The records that were appended after the byte `*offset`; moves `*offset` behind them. Leaves a
// line alone that is still being written.
std::vector<nlohmann::json> read_new_records(const std::string& path, uint64_t* offset);

// Removes the text after the last whole line. A process that is killed while it writes leaves part
// of a line, and the next record would become part of that line. Does nothing when the file is
// absent.
void cut_unfinished_line(const std::string& path);

// Cuts the file to `length` bytes; does nothing when it is shorter or absent.
void cut_records(const std::string& path, uint64_t length);

}  // namespace lea
