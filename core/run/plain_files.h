// The files of a run's folder on which its results rest, seen without reading them: run.yaml,
// cell.json, result.json, test.json, ranks.bin, ranks-valid.bin, top.bin, events.jsonl and
// attempts.jsonl.
#pragma once

#include <string>

#include "core/run/folder.h"

namespace lea::run {

// Throws DataError that names the first of these files that is a link, a folder, or anything else
// but a plain file, and StoreError for one that this user may not read. A file that is absent is
// neither.
void require_plain_files(const Folder& run);

// Text that changes when one of these files comes, goes, is written, or gets other rights. It stays
// the same in a copy of the folder that keeps the times of files.
std::string files_stamp(const Folder& run);

}  // namespace lea::run
