// Packs finished runs into small files that fit into git.
//
//   DIR/UUID.tar.xz  one run
//   DIR/NAME.json    the plan of an experiment (core/run/experiment_plan.h)
//
// An archive holds these files in a folder UUID (core/run/folder.h). It holds no checkpoint. Equal
// runs give equal bytes. The last column says how import compares two packs of one uuid, or a pack
// and the lab's run of that uuid:
//
//   run.yaml         paths without their folders   must be equal as a spec
//   cell.json                                      must be equal as JSON
//   result.json                                    must be equal as JSON
//   test.json        of a test part that was       must be equal as JSON when both have it
//                    opened later
//   events.jsonl                                   must be equal
//   attempts.jsonl                                 may differ
//   ranks.bin        none while the test part is   must be equal unless one is closed
//                    closed
//   top.bin          none in older runs            must be equal unless one is closed
//   ranks-valid.bin  left out of a large pack      must be equal when both have it
//   log.txt          only the end of a long log    may differ
//
// Of two packs of one run, one of which was made before the test part was opened, the one with the
// test part counts. An open pack also brings the test part to a lab that has the run with a closed
// one.
//
// The archives themselves may differ, because their bytes depend on the program that packed the
// run.
#pragma once

#include <string>
#include <vector>

#include "core/run/folder.h"

namespace lea::lab {

inline constexpr size_t kPackBytes = 1000000;  // recommended size limit of a pack

struct Packed {
  std::string path;
  size_t bytes = 0;
  bool without_valid_ranks = false;  // left out because the pack exceeded kPackBytes
};

// Writes the pack of a run into `folder`. Throws DataError unless the run has finished and passes
// read_run (core/lab/run_record.h).
Packed pack_run(const run::Folder& run, const std::string& folder);

struct PackExport {
  std::vector<Packed> packs;
  // One sentence for each run that has not finished, and one for all planned runs without a run
  // folder.
  std::vector<std::string> left_out;
  // One message for each finished run that is damaged, for each folder that cannot be read, and so
  // may be a run of the experiment, and for its plan when that cannot be read.
  std::vector<std::string> damaged;
};

// Packs the finished runs that count for an experiment (counting_runs of core/lab/plan.h) and its
// plan. These include runs that another experiment made. The folder alone restores the experiment's
// table. What is damaged is left out. Throws UsageError for an unknown experiment, and DataError
// when no sound run has finished yet; then nothing is written.
PackExport export_experiment(const std::string& lab, const std::string& experiment,
                             const std::string& folder);

struct PackImport {
  size_t added = 0, present = 0;  // numbers of runs; a run that is packed twice counts once
  size_t opened = 0;  // of those present: the pack had the test part, and the lab had not
  std::vector<std::string> plans;  // names of experiments whose plan was added
};

// Restores packs and plans. A path is one of these:
//   UUID.tar.xz  a pack
//   NAME.json    a plan
//   DIR          a folder; all packs and plans in it
//   NAME.yaml    a spec; stands for the folder NAME beside it
// A file that is named twice is read once. The lab keeps its own plan of an experiment.
//
// All files are unpacked, verified and compared before the first run appears in the lab. Nothing is
// imported when a file is bad, when two packs of one run differ, or when a pack differs from the
// lab's run of that uuid. An archive may hold only plain files with the names above, at most 256
// MiB in all. Throws DataError that names file and reason. Does not change the index: call
// collect() afterwards.
PackImport import_packs(const std::string& lab, const std::vector<std::string>& paths);

}  // namespace lea::lab
