// Finished runs as small files that fit into git: DIR/UUID.tar.xz, and DIR/NAME.json for the plan.
//
// An archive holds UUID/{run.yaml, cell.json, result.json, events.jsonl, attempts.jsonl, ranks.bin,
// ranks-valid.bin, log.txt}: no checkpoint, and of a long log only the end. Equal runs give equal
// bytes.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"

namespace lea::lab {

inline constexpr size_t kPackBytes = 1000000;  // what a pack should stay under

struct Packed {
  std::string path;
  size_t bytes = 0;
  bool without_valid_ranks = false;  // left out because the pack would have been too large
};

// Throws DataError unless the run has finished and verifies.
Packed pack_run(const run::Folder& run, const std::string& folder);

struct PackExport {
  std::vector<Packed> packs;
  std::vector<std::string> left_out;  // one sentence for each run that has not finished
};

// The runs that count for an experiment (as in its table), and its plan.
PackExport export_experiment(const std::string& lab, const std::string& experiment,
                             const std::string& folder);

struct PackImport {
  size_t added = 0, present = 0;
  std::vector<std::string> plans;  // names of experiments whose plan was added
};

// Restores packs and plans; a folder stands for all in it. Everything is unpacked, bounded and
// verified before the first run appears in the lab: a bad file means that nothing is imported. An
// archive is distrusted: only the names above, plain files, at most 256 MiB. Throws DataError
// naming file and reason. The index is not touched: collect() afterwards.
PackImport import_packs(const std::string& lab, const std::vector<std::string>& paths);

}  // namespace lea::lab
