// The worker's tasks that work on the folder of a run: training and scoring.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lea::worker {

struct TaskOptions {
  std::string lab, run;  // folders: the lab's, and the task's, which is a run or an artefact
  std::vector<std::string> plugin_dirs;
  // The process that started this one. When it has ended already, training stops at once, as if it
  // had been asked to. 0: unknown.
  int64_t parent = 0;
  // The descriptor of the run's claim, which this process inherited and holds until it ends
  // (core/run/claim.h). -1: none.
  int claim = -1;
  // Whether the test part is ranked. Empty: as the run's spec says (evaluate.test).
  std::optional<bool> test;
};

// Trains the run, or continues it from its newest checkpoint, and writes result.json. When the run
// has finished with its test part closed, and options.test is true, ranks the test part with the
// network that was kept, and writes test.json. Otherwise does nothing when result.json exists. What
// goes wrong while a test part is opened leaves the run as it was. Only one worker works on a run: a second one waits for the first.
// Returns the exit code:
//
//   0             finished
//   3, 4, 6, 70   failed; result.json has the reason, or the log while a test part was opened
//   4             without result.json: the disk is full or a file was refused, and the next attempt
//                 can continue
//   7             interrupted after a checkpoint
int run_training(const TaskOptions& options);

struct ScoreOptions {
  std::string what = "scores";  // scores: float32 [events, N]; topk: items 1..N, int32 [events, k]
  int64_t k = 20;               // for topk
  std::string out;              // a file of raw little-endian numbers
};

// Writes what the network of a finished run gives for each test event, in the order of the data
// set. Prints {"type": "scored", "events", "differing"}: `differing` counts the events that rank
// otherwise than in ranks.bin, which another plugin binary, LibTorch or machine can cause. Returns
// the exit code. Throws DataError when the data set or the split is not that of ranks.bin, and
// StoreError when the file cannot be written.
int run_scoring(const TaskOptions& options, const ScoreOptions& score);

}  // namespace lea::worker
