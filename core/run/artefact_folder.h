// The folders of artefacts: what a plugin makes once and runs share. lab/artefacts/KEY is the folder
// of a task, as that of a run is. It contains:
//
//   artefact.json    what it is and how it is made (ArtefactHeader); written when the folder is made
//   files/           what the plugin writes
//   attempts.jsonl, beat, worker.lock, log.txt   as in a run's folder (core/run/folder.h)
//   result.json      written once and last, with the sha256 of each file (core/run/result.h)
//
// artefact.json:
//
//   {"format": 1, "key", "plugin_kind", "plugin": {"id", "params"}, "artefact": {"kind", ...},
//    "after", "reads": {name: sha256}, "run": {...}, "threads", "device", "created"}
//
//   after  the key of the artefact that it is made from, or ""
//   reads  the sums of what it reads: with the plugin, the artefact and `after`, they give the key
//          (core/spec/needed_artefacts.h). Empty in the folders of older programs.
//   run    the resolved spec of a run that needs it: it names the data set, the split and the pool
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/run/folder.h"
#include "core/run/result.h"
#include "core/spec/needed_artefacts.h"

namespace lea::run {

inline constexpr const char* kArtefactFile = "artefact.json";
inline constexpr const char* kFilesFolder = "files";

struct ArtefactHeader {
  std::string key;
  spec::NeededArtefact needed;  // its `after` has no meaning here
  std::string after;            // a key
  spec::ReadSums reads;
  spec::RunSpec run;
  int64_t threads = 1;
  std::string device = "cpu";
  std::string created;  // UTC
};

// The artefact is of a format that only newer versions of LEA Lab read. It need not be damaged.
class NewerArtefact : public DataError {
 public:
  using DataError::DataError;
};

// Whether the text has the form of a key: 64 hexadecimal digits in lower case.
bool is_key(const std::string& text);

// lab/artefacts/KEY. It may not exist.
Folder artefact_folder(const std::string& lab, const std::string& key);

// Everything with the name of an artefact in lab/artefacts, sorted by key. Nothing is read: it may
// be damaged.
std::vector<Folder> list_artefacts(const std::string& lab);

// The only artefact with a key that begins with the prefix. Throws UsageError when none or several
// match.
Folder find_artefact(const std::string& lab, const std::string& prefix);

// The run or the artefact with this uuid or key, or with these first digits of it. A key must be
// given with at least nine digits, which tell it from a uuid. Throws UsageError.
Folder find_task(const std::string& lab, const std::string& prefix);

// Throws DataError that says which file, why and what to do: NewerArtefact for a format of a newer
// version; also when the content does not give the key that the folder is named after.
ArtefactHeader read_artefact(const Folder& artefact);

// The content of artefact.json, and back. `where` names it in messages. Throws as read_artefact does.
nlohmann::json to_json(const ArtefactHeader& header);
ArtefactHeader artefact_from(const nlohmann::json& document, const std::string& where);

// Throws DataError unless the header has the key that follows from its content (spec::artefact_key).
// `where` begins the message.
void check_key(const ArtefactHeader& header, const std::string& where);

// Makes lab/artefacts/KEY. After a crash the folder is either complete or absent. The caller must
// hold the claim of the key. A folder of a making that failed is removed first.
Folder make_artefact(const std::string& lab, ArtefactHeader header);

// Writes the header of a making that goes on: the same key, but maybe another
// number of threads, another device, or another place of a file or data set
// than when it was begun. The caller must hold the claim of the key. Throws
// DataError when the folder must not be gone on with (read_artefact).
void renew_artefact(const Folder& artefact, ArtefactHeader header);

// Removes the folder. After a crash it is either whole or absent.
void remove_artefact(const Folder& artefact);

// Removes the unfinished folders that make_artefact and remove_artefact left when their process was
// killed.
void remove_half_made_artefacts(const std::string& lab);

// The records of all files below FOLDER/files, by their path there.
std::map<std::string, FileRecord> record_files(const Folder& artefact);

// The result of an artefact that was made or could not be made. Empty when there is none. Throws
// DataError when it is damaged, with what to do.
std::optional<Result> artefact_result(const Folder& artefact);

// What the maker of a finished artefact warned of. Empty when that cannot be read.
std::vector<std::string> warnings_of(const Folder& artefact);

// Checks what nothing but `lealab artefacts verify` looks at: the sum that stands for all files, and
// the sums of artefact.json and result.json (core/run/artefact_seal.h). Throws DataError as
// check_artefact does. Nothing is checked of an artefact that is not finished.
void check_records(const Folder& artefact);

// The result of a finished artefact. Empty when it is not finished. Throws DataError when
// artefact.json is not that of this artefact (read_artefact), or when a file is missing, is one too
// many, or has another size than the result says; with `sums`, also when it has another checksum.
// Files whose names begin with a dot do not count. The message says which file, and what to do.
std::optional<Result> check_artefact(const Folder& artefact, bool sums);

}  // namespace lea::run
