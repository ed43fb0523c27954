// Finished runs as small files that fit into git: DIR/UUID.tar.xz, and DIR/NAME.json for the plan.
//
// An archive holds UUID/{run.yaml, cell.json, result.json, events.jsonl, attempts.jsonl, ranks.bin,
// ranks-valid.bin, log.txt}. It holds no checkpoint, and only the end of a long log. Equal runs
// give equal bytes.
//
// Two packs of one uuid, or a pack and a run of the lab, are identical when these are equal:
// run.yaml (as a spec, with the names of its paths but not their folders), cell.json, result.json,
// events.jsonl and ranks.bin, and ranks-valid.bin where both have it. The archive's bytes, log.txt
// and attempts.jsonl may differ: they depend on when and by which program the run was packed.
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
  // One sentence for each run that has not finished, and one for all planned runs without a folder.
  std::vector<std::string> left_out;
};

// Writes the runs that count for an experiment (as in its table), whichever experiment they were
// made for, and its plan. So the folder alone restores the table.
PackExport export_experiment(const std::string& lab, const std::string& experiment,
                             const std::string& folder);

struct PackImport {
  size_t added = 0, present = 0;   // runs; a run that is packed twice counts once
  std::vector<std::string> plans;  // names of experiments whose plan was added
};

// Restores packs and plans. A path is a pack, a plan, a folder (all packs and plans in it) or the
// spec NAME.yaml of the folder NAME beside it. A file that is named twice is read once.
//
// Everything is unpacked, bounded, verified and compared before the first run appears in the lab.
// One bad file, two packs of one run that are not identical, or a pack that is not identical to the
// lab's run of that uuid: then nothing is imported. An archive is distrusted: it may hold only the
// names above, plain files, at most 256 MiB. Throws DataError naming file and reason. The index is
// not touched: call collect() afterwards.
PackImport import_packs(const std::string& lab, const std::vector<std::string>& paths);

}  // namespace lea::lab
