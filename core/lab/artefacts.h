// The artefacts of a lab: what there is, what it cost, and what nothing needs any more.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/run/artefact_folder.h"
#include "core/run/claim.h"
#include "core/spec/needed_artefacts.h"

namespace lea::lab {

struct ArtefactRow {
  run::Folder folder;
  std::optional<run::ArtefactHeader> header;  // empty when artefact.json is damaged, or is newer
  bool newer = false;  // a newer version of LEA Lab wrote artefact.json; `problem` says what to do
  run::State state = run::State::kQueued;
  std::optional<run::Result> result;
  int64_t bytes = 0;   // of its folder
  size_t users = 0;    // finished runs that used it
  size_t waiting = 0;  // unfinished runs, plans with such runs, and grids that need it
  std::set<std::string> experiments = {};  // of all of these
  std::string problem;                     // why it cannot be read

  bool in_use() const { return users + waiting > 0; }
};

// All artefacts of the lab, sorted by key. Damaged ones have a `problem`. Throws Error(kInterrupted)
// when `cancelled` becomes true, which is asked between two runs.
std::vector<ArtefactRow> artefact_rows(const std::string& lab,
                                       const std::function<bool()>& cancelled = {});

struct Pruned {
  std::vector<ArtefactRow> removed;
  std::vector<ArtefactRow> busy;   // not needed, but some process makes them now
  std::vector<ArtefactRow> newer;  // of a newer version of LEA Lab, which stay
  int64_t bytes = 0;               // of the removed ones
};
// Removes every artefact that no run, plan or grid at work names, and from which no needed one is
// made. With `dry`, only finds them. Damaged ones that nothing needs are removed, too, but none of
// a newer version. Throws DataError and removes nothing when a run, plan or grid cannot be read,
// because it may name any of them.
Pruned prune_artefacts(const std::string& lab, bool dry);

// The claim of an artefact, which whoever changes its folder must hold. Throws Error(kEnvironment)
// while another process makes the artefact.
run::Claim claim_artefact(const std::string& lab, const std::string& key);

// Removes one artefact. The runs that used it stay; a run that needs it again makes it again. Throws
// Error(kEnvironment) while a process makes it.
void remove_artefact(const std::string& lab, const run::Folder& artefact);

struct Verified {
  size_t seen = 0, checked = 0;       // all, and those that are finished
  std::vector<std::string> problems;  // one message for each that cannot be used
};
// Compares the files of the artefacts whose keys begin so with their checksums, artefact.json and
// result.json with their sums (run::check_records). Throws Error(kInterrupted) when `cancelled`
// becomes true, which is asked between two artefacts.
Verified verify_artefacts(const std::string& lab, const std::string& prefix,
                          const std::function<bool()>& cancelled = {});

nlohmann::json to_json(const ArtefactRow& row);
// What `lealab artefacts show` prints: also the folder, and the size and the sum of each file.
nlohmann::json details_of(const ArtefactRow& row);

}  // namespace lea::lab
