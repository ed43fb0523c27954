// Moves finished artefacts between labs, as one archive (.tar). It holds these files in a folder KEY
// for each artefact, those of the one that another is made from first:
//
//   artefact.json    paths without their folders
//   result.json
//   attempts.jsonl, log.txt, log.1.txt ...
//   files/...        what the plugin wrote
//
// Equal artefacts give equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/run/artefact_folder.h"

namespace lea::lab {

struct ArtefactExport {
  std::vector<run::ArtefactHeader> artefacts;  // in the order of the archive
  int64_t bytes = 0;                           // of the files that plugins wrote
};

// Writes the artefacts, and those that they are made from, to `file`. Each is there once. Throws
// DataError when one of them is not finished, is damaged, or was made from one that the lab lacks, and
// StoreError when the archive cannot be written; then nothing is written.
ArtefactExport export_artefacts(const std::string& lab, const std::vector<run::Folder>& artefacts,
                                const std::string& file);

struct ArtefactImport {
  std::vector<run::ArtefactHeader> added;
  std::vector<run::ArtefactHeader> present;  // the lab had them already, with equal files
};

// Adds the artefacts of an archive. A folder of the lab in which the making of such an artefact is
// unfinished or has failed is replaced.
//
// All files are unpacked and verified before the first artefact appears in the lab. Throws DataError,
// and imports nothing, when
//   - an entry is no plain file, or not one of those above
//   - an artefact is of a newer format, is not finished, or lacks a file
//   - a key does not follow from artefact.json, or a size or checksum is not that of result.json
//   - neither the archive nor the lab has what an artefact is made from
//   - the lab has an artefact of this key with other files, or a damaged one
// Throws Error(kEnvironment) while another process makes one of the artefacts, and StoreError when the
// lab cannot be written. What a killed import left is removed by the next one.
ArtefactImport import_artefacts(const std::string& lab, const std::string& file);

}  // namespace lea::lab
